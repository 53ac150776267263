"""The last tiles of a picture that is cut into tiles at a whole ratio, as viewers do."""

from fractions import Fraction

from imgmiddleware.operations.geometry import Part
from imgmiddleware.pixels.arrays import Size


def completed(crop: Part, size: Size, whole: Size) -> Part:
    """A part of the upright picture, as far as the results of such a tile reach.

    Both sides of a tile that the right or lower edge cuts off are rounded up: at a ratio of 2 the
    last 489 columns become 245. Half of the last of these shows the outside of the edge. So all
    tiles have the same ratio, and come from the same samples; else the last ones would have been
    averaged less often, or been read from a larger overview. Other parts stay as they are, as do
    those that end within a pixel.

    >>> completed((512, 0, 489, 512), (245, 256), (1001, 751))
    (512, 0, 490, 512)
    """
    (left, top, width, height), (across, down) = crop, size
    if not width.denominator == height.denominator == 1:
        return crop
    by = max(-(-width // across), -(-height // down))
    if (width == across * by and height == down * by) or (width, height) == whole:
        return crop
    if _reaches(left, width, across, by, whole[0]) and _reaches(top, height, down, by, whole[1]):
        return left, top, across * by, down * by
    return crop


def _reaches(first: int | Fraction, side: int | Fraction, results: int, by: int, end: int) -> bool:
    """Whether results of this ratio show a side of a part, and beyond it nothing of the picture."""
    cut_off = first + side == end and (results - 1) * by < side < results * by
    return cut_off or side == results * by
