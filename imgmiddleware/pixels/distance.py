"""The distance between a picture and a lossy file of it, as people see it.

It is a sum of three terms of SSIM (Wang et al., 2004) in the YCbCr of JPEG. Their weights were
fitted to SSIMULACRA2 (`python -m benchmarks.bench_by_eye --fit`, whose table is in docs/results.md)
and have its scale: a score is about 100 - 10 distance^0.6276. Most of the visible difference shows
in averages of 4 x 4 pixels: only one term takes all pixels.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels, has_alpha, with_alpha

#: The weight of all pixels, in blocks of 4 x 4: the worst of luma, by the mean of fourth powers.
_FINE = 14.4
#: The weights of averages, in windows of 5 x 5: the mean of luma, and the worst of each colour.
_COARSE, _COLOR = 368.0, 29.3

_BY, _WINDOW = 4, (5, 5)
#: SSIM's second constant, (0.03 * 255)^2, and the square of the largest difference.
_CONTRAST, _LARGEST = 58.5225, 255.0**2
#: Rows that are compared at a time: their floats stay in the processor's cache.
_BAND = 16 * _BY


def distance(original: Pixels, made: Pixels) -> float:
    """0 of equal pictures, but for rounding; at 3 hardly anybody tells them apart, at 6 many do.

    Both are uint8, (height, width) gray, BGR or BGRA, of one size. Gray may have become colours,
    and an opaque alpha may be gone. Where there is alpha, both alphas are compared as pictures, and
    both colours on black: so the distance is that before any background.

    >>> gray = np.full((9, 9), 128, np.uint8)
    >>> distance(gray, gray)
    0.0
    >>> round(distance(gray, gray + np.uint8(9)), 2)
    0.48
    """
    original, made = _alike(original, made)
    if not has_alpha(original):
        return _distance(original, made)
    shapes = (np.ascontiguousarray(pixels[..., 3]) for pixels in (original, made))
    return max(_distance(_on_black(original), _on_black(made)), _distance(*shapes))


def _alike(original: Pixels, made: Pixels) -> tuple[Pixels, Pixels]:
    """With the same channels."""
    if has_alpha(original) or has_alpha(made):
        return with_alpha(original), with_alpha(made)
    if original.ndim == 2 and made.ndim == 3:
        return original, _gray(made)
    if original.ndim == 3 and made.ndim == 2:
        return original, np.asarray(cv2.cvtColor(made, cv2.COLOR_GRAY2BGR))
    return original, made


def _on_black(pixels: Pixels) -> Pixels:
    alpha = cv2.cvtColor(np.ascontiguousarray(pixels[..., 3]), cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.multiply(np.ascontiguousarray(pixels[..., :3]), alpha, scale=1 / 255))


def _distance(one: Pixels, other: Pixels) -> float:
    fourths, blocks = 0.0, 0
    averages: list[tuple[Pixels, Pixels]] = []
    for rows in zip(_bands(one), _bands(other), strict=True):
        errors = _errors(_averaged, *map(_gray, rows))
        fourths += float(np.sum(errors**4, dtype=np.float64))
        blocks += errors.size
        averages.append((_averaged(rows[0]), _averaged(rows[1])))
    fine = _FINE * math.sqrt(math.sqrt(fourths / blocks))
    ours, theirs = (_planes(np.concatenate(parts)) for parts in zip(*averages, strict=True))
    luma, *colors = (_errors(_blurred, *pair) for pair in zip(ours, theirs, strict=True))
    return fine + _COARSE * _mean(luma) + _COLOR * sum(map(_worst, colors))


def _planes(pixels: Pixels) -> Sequence[Pixels]:
    """Luma, and both differences of colour, if there are colours."""
    if pixels.ndim == 2:
        return [pixels]
    return [np.asarray(p) for p in cv2.split(cv2.cvtColor(pixels, cv2.COLOR_BGR2YCrCb))]


def _errors(mean: Callable[[Pixels], Pixels], one: Pixels, other: Pixels) -> Pixels:
    """1 - SSIM around each pixel, of uint8 in one channel, by how its neighbours are averaged.

    A difference of light counts by itself, not as a part of that light: samples are as seen.
    """
    a, b = one.astype(np.float32), other.astype(np.float32)
    x, y = mean(a), mean(b)
    both = mean(a * a + b * b) - x * x - y * y
    shared = mean(a * b) - x * y
    light = 1 - (x - y) ** 2 / _LARGEST
    return np.asarray(np.maximum(1 - light * (2 * shared + _CONTRAST) / (both + _CONTRAST), 0))


def _bands(pixels: Pixels) -> Iterator[Pixels]:
    """Some rows at a time; the last ones and columns again, until both can be divided."""
    for top in range(0, len(pixels), _BAND):
        rows = pixels[top : top + _BAND]
        more = -len(rows) % _BY, -rows.shape[1] % _BY
        if any(more):
            edges = 0, more[0], 0, more[1]
            rows = np.asarray(cv2.copyMakeBorder(rows, *edges, cv2.BORDER_REPLICATE))
        yield rows


def _gray(pixels: Pixels) -> Pixels:
    return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))


def _averaged(pixels: Pixels) -> Pixels:
    size = pixels.shape[1] // _BY, pixels.shape[0] // _BY
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _blurred(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.boxFilter(pixels, -1, _WINDOW, borderType=cv2.BORDER_REPLICATE))


def _mean(errors: Pixels) -> float:
    return float(errors.mean(dtype=np.float64))


def _worst(errors: Pixels) -> float:
    return math.sqrt(math.sqrt(_mean(errors**4)))
