"""Geometry: which part of an original a result shows, and in which size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

from imgmiddleware.pixels.arrays import Size

#: Left, top, width, height; whole numbers wherever they can be.
Part = tuple[int | Fraction, int | Fraction, int | Fraction, int | Fraction]

#: Where a part of an axis (0 or 1) begins that is a share of its side, so that it keeps what was
#: found: a share of the side too.
Start = Callable[[int, float], float]

#: Where something is that may be shown closer, in the same shares: left, top, right, bottom.
Spot = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Geometry:
    """The geometry of a result, in pixels of the upright original and of the upright result.

    `crop` is the part that is shown: left, top, width, height in the original, which may end within
    a pixel. `size` is what that part is resampled to; `canvas` is the size of the result, larger
    than `size` where `fit=fill`, `fillmax` or `clamp` leaves room around the picture, which then
    stands in the middle.
    """

    crop: Part
    size: tuple[int, int]
    canvas: tuple[int, int]


def nearer(
    shown: Geometry, whole: Size, spots: Sequence[Spot], pad: Fraction, *, enlarge: bool
) -> Geometry:
    """A part of what is shown of a whole around the first spot that has room, else the last, `pad`
    times as large as that: in the same shape and size, no closer than there are pixels unless it
    may be enlarged.
    """
    sides = shown.crop[2:]
    zoom, spot = _closest(whole, sides, spots)
    zoom /= pad
    if not enlarge:
        zoom = min(zoom, *map(Fraction, sides, shown.size))
    zoom = max(Fraction(1), min(zoom, *map(Fraction, sides)))
    width, height = (side / zoom for side in sides)
    left, top = (
        nearest(Fraction(spot[axis] + spot[axis + 2]) / 2 * side - kept / 2, side - kept)
        for axis, (side, kept) in enumerate(zip(whole, (width, height), strict=True))
    )
    return replace(shown, crop=(left, top, plain(width), plain(height)))


def _closest(
    whole: Size, sides: Sequence[int | Fraction], spots: Sequence[Spot]
) -> tuple[Fraction, Spot]:
    """A spot, and how often its sides go into these at least."""
    for spot in spots:
        lengths = (Fraction(spot[axis + 2] - spot[axis]) * whole[axis] for axis in (0, 1))
        zoom = min(Fraction(side) / length for side, length in zip(sides, lengths, strict=True))
        if zoom >= 1:
            break
    return zoom, spot


def placed(spare: Fraction, first: bool, last: bool) -> int | Fraction:
    """Where a part begins that leaves `spare` pixels: at the first, at the last, or between.

    Between it begins with a whole pixel, unless less than one is left: then it ends with the last.
    """
    if first:
        return 0
    return plain(spare) if last or spare < 1 else spare // 2


def nearest(wanted: Fraction, spare: Fraction) -> int | Fraction:
    """The whole pixel at which a part begins that leaves `spare` pixels, or where the last does."""
    at = floor(wanted + Fraction(1, 2))
    return 0 if at <= 0 else plain(spare) if at >= spare else at


def plain(exact: Fraction) -> int | Fraction:
    """An int where it is one."""
    return exact.numerator if exact.denominator == 1 else exact
