"""IIIF Image API 3.0 and 2.1: the last segments of a path to a Transform.

`{id}/{region}/{size}/{rotation}/{quality}.{format}` asks for a picture, `{id}/info.json` for its
description. The segments are read from the right, as an ID may hold slashes itself.

One grammar serves both versions. The words that only 3.0 has are understood in both. Where the
specifications leave a choice to the server, the choice here is one that both allow.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from imgmiddleware.errors import ImageError
from imgmiddleware.forms.form import malformed, out_of_range
from imgmiddleware.grammar.grid import Grid, Limits
from imgmiddleware.grammar.placed import FORMATS, Named, Placed, Told
from imgmiddleware.pixels.arrays import Box, Size

#: A number of these specifications: digits, with or without a fraction; no sign and no exponent. A
#: script's quotient has seventeen digits, and zeros before them.
_NUMBER = r"(?:[0-9]{1,9}(?:\.[0-9]{1,24})?|\.[0-9]{1,24})"
_REGION = re.compile(
    rf"full|square|(?:[0-9]{{1,9}},){{3}}[0-9]{{1,9}}|pct:(?:{_NUMBER},){{3}}{_NUMBER}"
)
_SIZE = re.compile(
    rf"full|(?P<up>\^?)(?:max|pct:(?P<pct>{_NUMBER})"
    r"|(?P<w>[0-9]{1,9}),|,(?P<h>[0-9]{1,9})"
    r"|(?P<within>!?)(?P<both>[0-9]{1,9},[0-9]{1,9}))"
)
_ROTATION = re.compile(rf"(?P<mirrored>!?)(?P<degrees>{_NUMBER})")

QUALITIES = ("default", "color", "gray", "bitonal")

#: How many of the four segments must be of their form before a path is taken for one of IIIF's. A
#: folder in an ID can look like a rotation, as in `2024/12/24/31.jpg`, but not like all of them.
_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of a picture, each of its form."""

    region: str
    size: str
    rotation: str
    quality: str
    format: str

    def placed(self, whole: Size, limits: Limits, grid: Grid) -> Placed:
        """These segments on an upright original of this size in pixels.

        Raises `ImageError` (400) for a region outside of the original, for a size of no pixels, for
        a size larger than the region without `^`, and for a size over the limits.
        """
        box = _box(self.region, whole)
        found = _ROTATION.fullmatch(self.rotation)
        assert found is not None  # or this was no segment
        return Placed(
            whole=whole,
            box=box,
            size=_size(self.size, box, whole, limits, grid),
            mirrored=bool(found["mirrored"]),
            degrees=Decimal(found["degrees"]).quantize(Decimal("0.01")).normalize() % 360,
            quality="default" if self.quality == "color" else self.quality,
            format=self.format,
        )


def canonical(placed: Placed, grid: Grid, version: int = 3) -> str:
    """The one spelling of the segments of a picture (Image API 3.0 and 2.1, section 4.7)."""
    region = "full" if placed.box == (0, 0, *placed.whole) else ",".join(map(str, placed.box))
    turn = f"{'!' * placed.mirrored}{placed.degrees:f}"
    size = _canonical_size(placed, grid, version)
    return f"{region}/{size}/{turn}/{placed.quality}.{placed.format}"


def _canonical_size(placed: Placed, grid: Grid, version: int) -> str:
    """Version 2 has the width alone where that keeps the shape, and no word for a larger size."""
    width, height = placed.size
    if placed.size == placed.box[2:]:
        return "full" if version == 2 else "max"
    if placed.is_larger:
        return f"^{width},{height}"
    shaped = placed.size == _of_width(width, placed.box, placed.whole, grid)
    return f"{width}," if version == 2 and shaped else f"{width},{height}"


def named(path: str, version: int = 3) -> Named | None:
    """The meaning of a path below the prefix; None where it is only an ID.

    `version` is the API's: 2 has the size `full`, which 3 has dropped. Raises `ImageError` (400)
    where one of the segments is not of its form, and all others are.
    """
    id, _, last = path.rpartition("/")
    if last == Told.INFO.value and id:
        return Named(id, Told.INFO)
    id, *segments = path.rsplit("/", 4)
    if len(segments) < 4 or not id:
        return None
    region, size, rotation, last = segments
    wrong = list(_wrong(region, size, rotation, last, version))
    if len(wrong) > len(segments) - _ENOUGH:
        return None
    if wrong:
        raise wrong[0]
    quality, _, format = last.partition(".")
    return Named(id, Segments(region, size, rotation, quality, format))


def _wrong(region: str, size: str, rotation: str, last: str, version: int) -> Iterator[ImageError]:
    """An error for each segment that is not of its form."""
    if not _REGION.fullmatch(region):
        yield malformed("region", region, "full, square, x,y,w,h or pct:x,y,w,h")
    if size == "full" and version != 2:
        yield malformed("size", size, "max, as version 3 calls it")
    elif not _SIZE.fullmatch(size):
        words = "max, w, or ,h or w,h or !w,h or pct:n, or one of these behind ^"
        yield malformed("size", size, words)
    turned = _ROTATION.fullmatch(rotation)
    if not turned or Decimal(turned["degrees"]) > 360:
        yield malformed("rotation", rotation, "degrees from 0 to 360, or these behind !")
    quality, _, format = last.partition(".")
    if quality not in QUALITIES:
        yield malformed("quality", quality, f"one of {', '.join(QUALITIES)}")
    elif format not in FORMATS:
        yield malformed("format", format, f"one of {', '.join(FORMATS)}")


def _box(region: str, whole: Size) -> Box:
    """Left, top, width, height in pixels; the part over the edge is cut off.

    Raises `ImageError` (400) for a region of no pixels, and for a region outside.
    """
    width, height = whole
    if region == "full":
        return 0, 0, width, height
    if region == "square":
        side = min(whole)
        return (width - side) // 2, (height - side) // 2, side, side
    left, top, across, down = _asked(region, whole)
    if not (across and down and left < width and top < height):
        raise out_of_range("region", region, f"a part of {width}x{height} pixels")
    return left, top, min(across, width - left), min(down, height - top)


def _asked(region: str, whole: Size) -> Box:
    """The region as written, in pixels; percents to the nearest pixel, and at least one for a side
    that is not 0.
    """
    numbers = region.removeprefix("pct:").split(",")
    if not region.startswith("pct:"):
        left, top, across, down = map(int, numbers)
        return left, top, across, down
    x, y, w, h = (
        Fraction(part) * side / 100 for part, side in zip(numbers, whole * 2, strict=True)
    )
    return _rounded(x), _rounded(y), _side(w), _side(h)


def _size(text: str, box: Box, whole: Size, limits: Limits, grid: Grid) -> Size:
    """The size of the result, which distorts only where both sides are given."""
    found, part = _SIZE.fullmatch(text), box[2:]
    assert found is not None  # or this was no segment
    size = _wanted(found, box, whole, grid)
    if size is None or found["within"]:
        size = _fitting(size, part, limits, larger=bool(found["up"]))
    if not all(size):
        raise out_of_range("size", text, "one of at least a pixel")
    # More than 100 % may be no more pixels, and is an error all the same.
    over = size[0] > part[0] or size[1] > part[1] or Fraction(found["pct"] or 0) > 100
    if over and not found["up"]:
        words = f"within the {part[0]}x{part[1]} pixels of the region; ^{text} enlarges it"
        raise out_of_range("size", text, words)
    if not limits.allow(size):
        words = f"within {limits.width}x{limits.height} pixels, and {limits.area} of them in all"
        raise out_of_range("size", text, words)
    return size


def _wanted(found: re.Match[str], box: Box, whole: Size, grid: Grid) -> Size | None:
    """The size as written; None where the picture is to be as large as allowed."""
    _, _, across, down = box
    if found["both"]:
        width, height = map(int, found["both"].split(","))
        return width, height
    if found["pct"]:
        scale = Fraction(found["pct"]) / 100
        return _side(across * scale), _side(down * scale)
    if found["w"]:
        return _of_width(int(found["w"]), box, whole, grid)
    if found["h"]:
        height = int(found["h"])
        tile = grid.size(box, whole, None, height)
        return tile or (_side(Fraction(height * across, down)), height)
    return None


def _of_width(width: int, box: Box, whole: Size, grid: Grid) -> Size:
    tile = grid.size(box, whole, width, None)
    return tile or (width, _side(Fraction(width * box[3], box[2])))


def _fitting(frame: Size | None, part: Size, limits: Limits, *, larger: bool) -> Size:
    """The largest of the region's shape that fits into a frame, and is within the limits."""
    if frame is None or not all(frame):
        return frame or (limits.largest(part) if larger or not limits.allow(part) else part)
    scale = min(Fraction(frame[0], part[0]), Fraction(frame[1], part[1]))
    scale = scale if larger else min(scale, Fraction(1))
    size = _side(part[0] * scale), _side(part[1] * scale)
    return size if limits.allow(size) else limits.largest(part)


def _side(exact: Fraction) -> int:
    """A side in whole pixels: 0 stays 0, and less than a pixel is one."""
    return max(1, _rounded(exact)) if exact else 0


def _rounded(exact: Fraction) -> int:
    return int(exact + Fraction(1, 2))
