"""Halve: the one rule for how far a picture is averaged by twos, and the averaging itself.

The plan asks it how far rows may be reduced while they are read. The resampler asks it how far a
decoded picture may be. So both hold the same samples. A picture with an odd side is averaged as if
its last row or column stood there twice: n samples become ceil(n / 2), whose *extent* is n / 2, so
that the last sample counts half. No sample moves, however often a picture is halved.
"""

import math

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels, Size, has_alpha, premultiplied, unpremultiplied

#: Width and height of the picture that an array shows, in samples: with a fraction where the last
#: column or row is only partly of the picture.
Extent = tuple[float, float]

#: Samples along a side. Above this the resampler averages by a whole factor, to at least half of
#: it: four for each sample of the largest result. So the weights stay small.
LONGEST = 2**16

#: Pixels that become floats at a time.
_BAND = 2**17

#: A 64th of the picture is then left. Each time rounds, by an eighth of a step up on average, and
#: strips must hold that many rows more at once.
MOST = 3


def least_samples(shown: Extent, size: Size) -> Size:
    """The samples that `size` is filtered from: twice as many along each side that shrinks."""
    width, height = (
        2 * wanted if wanted < side else wanted for side, wanted in zip(shown, size, strict=True)
    )
    return width, height


def halvings(shown: Extent, size: Size) -> int:
    """How often a picture of this extent is halved on its way to `size`, both sides at once."""
    least = least_samples(shown, size)
    for times in range(MOST, 0, -1):
        if all(side >= few * 2**times for side, few in zip(shown, least, strict=True)):
            return times
    return 0


def widened(start: float, length: float, around: float, unit: int, samples: int) -> slice:
    """A part of so many samples and its surroundings, in whole units from the first sample on: so
    averages of units are those of the whole.
    """
    first = max(0, math.floor((start - around) / unit) * unit)
    return slice(first, min(samples, math.ceil((start + length + around) / unit) * unit))


def unchanged(start: float, length: float, results: int) -> bool:
    """Whether the results are samples as they are: nothing around them is read."""
    return length == results and start == math.floor(start)


def halve(pixels: Pixels) -> Pixels:
    """Each 2 x 2 samples as their rounded average: (ceil(height / 2), ceil(width / 2), ...).

    Any dtype; halves are rounded up. A whole factor takes OpenCV's fast path: an eighth of the time
    of a fractional one.
    """
    height, width = pixels.shape[:2]
    if width % 2 == 0 == height % 2:
        return _averaged(pixels)
    result = np.empty((-(-height // 2), -(-width // 2), *pixels.shape[2:]), pixels.dtype)
    even = pixels[: height // 2 * 2, : width // 2 * 2]
    if even.size:
        result[: height // 2, : width // 2] = _averaged(even)
    if width % 2:
        result[:, -1:] = _averaged(_evened(pixels[:, -1:]))
    if height % 2:
        result[-1:] = _averaged(_evened(pixels[-1:]))
    return result


def halve_clear(pixels: Pixels) -> Pixels:
    """The same for pixels that may be clear: the colours of BGRA are weighed by their alpha."""
    if not has_alpha(pixels):
        return halve(pixels)
    shape = -(-len(pixels) // 2), -(-pixels.shape[1] // 2), 4
    result = np.empty(shape, pixels.dtype)
    rows = max(2, _BAND // pixels.shape[1] // 2 * 2)
    for top in range(0, len(pixels), rows):
        small = halve(premultiplied(pixels[top : top + rows]))
        result[top // 2 : top // 2 + len(small)] = unpremultiplied(small, pixels.dtype)
    return result


def _averaged(pixels: Pixels) -> Pixels:
    """The averages of pixels with even sides. OpenCV would take Python's lock once more to make
    room for them.
    """
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    small = np.empty((height, width, *pixels.shape[2:]), pixels.dtype)
    made = cv2.resize(pixels, (width, height), dst=small, interpolation=cv2.INTER_AREA)
    return np.asarray(made).reshape(small.shape)


def _evened(pixels: Pixels) -> Pixels:
    """With the last row and column once more where there are an odd number of them."""
    height, width = pixels.shape[:2]
    return np.asarray(
        cv2.copyMakeBorder(pixels, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    ).reshape(height + height % 2, width + width % 2, *pixels.shape[2:])
