"""Orient: turn stored pixels upright, exactly (no resampling), by EXIF's Orientation."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels

_TURNS: Mapping[int, Callable[[Pixels], object]] = {
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.rotate(cv2.transpose(pixels), cv2.ROTATE_180),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def orient(pixels: Pixels, orientation: int) -> Pixels:
    """`pixels` upright; `orientation` is 1 to 8 as EXIF (CIPA DC-008, Orientation) numbers them."""
    if orientation not in _TURNS:
        return pixels
    return np.asarray(_TURNS[orientation](pixels))


@functools.cache
def remaining(done: int, wanted: int) -> int:
    """The orientation that is left to apply where a decoder has applied `done` already."""
    corners = np.arange(6, dtype=np.uint8).reshape(2, 3)  # all different, and not square
    target, turned = orient(corners, wanted), orient(corners, done)
    return next(o for o in range(1, 9) if np.array_equal(orient(turned, o), target))
