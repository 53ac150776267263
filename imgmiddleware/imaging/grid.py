"""The last tiles of a picture that is cut into tiles at a whole ratio, as viewers do."""

from imgmiddleware.pixels.arrays import Box, Size


def completed(crop: Box, size: Size, whole: Size) -> Box:
    """A part of the upright picture, as far as the results of such a tile reach.

    Both sides of a tile that the right or lower edge cuts off are rounded up: at a ratio of 2 the
    last 489 columns become 245. The last of these shows half of what is beside the edge. So all
    tiles have the same ratio, and come from the same samples; else the last ones would have been
    averaged less often, or been read from a larger overview. Other parts stay as they are.

    >>> completed((512, 0, 489, 512), (245, 256), (1001, 751))
    (512, 0, 490, 512)
    """
    by = max(-(-side // results) for side, results in zip(crop[2:], size, strict=True))
    if crop[2:] == whole or by == 1:
        return crop
    for first, side, results, end in zip(crop[:2], crop[2:], size, whole, strict=True):
        cut_off = first + side == end and (results - 1) * by < side < results * by
        if not (cut_off or side == results * by):
            return crop
    return *crop[:2], size[0] * by, size[1] * by
