"""Coverage: how much of each pixel lies inside of a shape, so that its edge is smooth.

Every row is cut into some lines. Along each line the shape is a span with exact ends.
"""

from collections.abc import Callable

import numpy as np

from imgmiddleware.pixels.arrays import Pixels, Size

#: Lines of a row.
_LINES = 16
#: Pixels that are summed at a time.
_BAND = 2**20

#: Corners from the upper left one clockwise, in pixels.
Radii = tuple[float, float, float, float]

#: The left and the right end of the shape at heights (float64, from the upper edge).
Spans = Callable[[Pixels], tuple[Pixels, Pixels]]


def ellipse(size: Size) -> Pixels:
    """The ellipse that touches all sides of a picture (width, height): uint8, 255 inside."""
    width, height = size

    def spans(y: Pixels) -> tuple[Pixels, Pixels]:
        half = width / 2 * np.sqrt(np.maximum(0, 1 - (2 * y / height - 1) ** 2))
        return width / 2 - half, width / 2 + half

    return _covered(size, spans)


def rounded_box(size: Size, radii: Radii, inset: int = 0) -> Pixels:
    """A box so many pixels inside of a picture, with round corners: uint8, 255 inside.

    Radii that do not fit along a side are all made smaller, as CSS's `border-radius` does.
    """
    width, height = (side - 2 * inset for side in size)
    if min(width, height) <= 0:
        return np.zeros(size[::-1], np.uint8)
    one, two, three, four = radii
    across, down = (one + two, four + three), (one + four, two + three)
    longest = (*((length, width) for length in across), *((length, height) for length in down))
    by = min([1, *(side / length for length, side in longest if length > side)])
    one, two, three, four = (radius * by for radius in radii)

    def spans(y: Pixels) -> tuple[Pixels, Pixels]:
        y = y - inset
        left = _arc(y, one) + _arc(height - y, four)
        right = width - _arc(y, two) - _arc(height - y, three)
        outside = (y < 0) | (y > height)
        return np.where(outside, 0, left + inset), np.where(outside, 0, right + inset)

    return _covered(size, spans)


def _arc(y: Pixels, radius: float) -> Pixels:
    """How far the edge stands back that far from the end of a side."""
    rest = np.clip(radius - y, 0, radius)
    return np.asarray(radius - np.sqrt(radius**2 - rest**2))


def _covered(size: Size, spans: Spans) -> Pixels:
    width, height = size
    result = np.empty((height, width), np.uint8)
    step = max(1, _BAND // width)
    for top in range(0, height, step):
        rows = min(step, height - top)
        y = top + (np.arange(rows * _LINES) + 0.5) / _LINES
        sums = _begun(spans(y)[0], rows, width) - _begun(spans(y)[1], rows, width)
        result[top : top + rows] = np.rint(np.cumsum(sums, axis=1)[:, :width] * (255 / _LINES))
    return result


def _begun(ends: Pixels, rows: int, width: int) -> Pixels:
    """How much more of each pixel than of the pixel before it lies behind these ends."""
    ends = np.clip(ends, 0, width)
    first = ends.astype(np.int64)
    part = ends - first
    places = np.repeat(np.arange(rows), _LINES) * (width + 2) + first
    length = rows * (width + 2)
    sums = np.bincount(places, 1 - part, length) + np.bincount(places + 1, part, length)
    return np.asarray(sums).reshape(rows, width + 2)
