"""The common part of placeholders: pixels as numbers, and how much of each wave is in them."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgmiddleware.pixels.arrays import Pixels

Floats = NDArray[np.float64]

#: Below this a sum over thousands of products is the rounding error of zero.
NOISE = 1e-12


def rgba(pixels: Pixels) -> NDArray[Any]:
    """Gray, BGR or BGRA as (height, width, 4) of uint8, red first."""
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    alpha = pixels[..., 3:] if pixels.shape[2] == 4 else np.full_like(pixels[..., :1], 255)
    return np.concatenate((pixels[..., 2::-1], alpha), axis=2)


def waves(count: int, side: int, *, middle: bool) -> Floats:
    """(count, side): the cosines of 0, 1, 2 ... half turns over a side, at each pixel's middle, or
    where it begins.
    """
    at = np.arange(side) + (0.5 if middle else 0.0)
    made: Floats = np.cos(math.pi / side * np.arange(count)[:, None] * at)
    return made


def half_up(value: float) -> int:
    """The nearest whole number, halves up, as JavaScript rounds."""
    return math.floor(value + 0.5)
