"""Geometry: which part of an original a result shows, and in which size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

from imgmiddleware.pixels.arrays import Size

#: Left, top, width, height; whole numbers wherever they can be.
Part = tuple[int | Fraction, int | Fraction, int | Fraction, int | Fraction]

#: Tells where a part of an axis (0 or 1) begins so that it keeps the subject that was found. It
#: takes the axis and the part's length, and returns the start; both are shares of the side.
Start = Callable[[int, float], float]

#: The place of something that may be shown closer, in the same shares: left, top, right, bottom.
Spot = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Geometry:
    """The geometry of a result, in pixels of the upright original and of the upright result.

    `crop` is the part of the original that is shown: left, top, width, height. Its sides may lie
    within a pixel. `size` is the size to which that part is resampled. `canvas` is the size of the
    result. It is larger than `size` where `fit=fill`, `fillmax` or `clamp` leaves room around the
    picture; the picture then stands in the middle.
    """

    crop: Part
    size: tuple[int, int]
    canvas: tuple[int, int]


def nearer(
    shown: Geometry, whole: Size, spots: Sequence[Spot], pad: Fraction, *, enlarge: bool
) -> Geometry:
    """A closer part of the shown part of a whole, in the same shape and size.

    It lies around the first spot that has room, else around the last. It is `pad` times as large as
    that spot. Without `enlarge` it comes no closer than there are pixels.
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
    """The whole pixel nearest to a wanted start, from 0 to `spare`, which may be a fraction."""
    at = floor(wanted + Fraction(1, 2))
    return 0 if at <= 0 else plain(spare) if at >= spare else at


def plain(exact: Fraction) -> int | Fraction:
    """An int where it is one."""
    return exact.numerator if exact.denominator == 1 else exact
