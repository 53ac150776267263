"""Flip and rotate the picture once it has its size."""

import math
from dataclasses import dataclass
from decimal import Decimal

import cv2
import numpy as np

from imgmiddleware.forms.numbers import angle
from imgmiddleware.forms.words import one_of
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import parameter
from imgmiddleware.pixels.arrays import (
    Color,
    Pixels,
    full,
    has_alpha,
    premultiplied,
    unpremultiplied,
    with_channels_for,
)

_FLIPS = {"h": 1, "v": 0, "hv": -1}
#: Other names for them.
_AXES = {"horizontal": "h", "vertical": "v", "both": "hv", "vh": "hv"}
_QUARTERS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True)
class Flip(PixelOperation):
    """Mirrored: `h` left to right, `v` top to bottom, `hv` both."""

    flip: str | None = parameter(one_of(_FLIPS, _AXES))

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        return pixels if self.flip is None else np.asarray(cv2.flip(pixels, _FLIPS[self.flip]))


@dataclass(frozen=True)
class Rotate(PixelOperation):
    """Turned clockwise by degrees, in a picture large enough for all of it.

    Multiples of 90 move pixels and change none; other angles are interpolated (CUBIC), and the
    corners show the background.
    """

    rot: Decimal = parameter(angle(), Decimal(0))

    def size(self, width: int, height: int) -> tuple[int, int]:
        if self.rot in (90, 270):
            return height, width
        if self.rot in (0, 180):
            return width, height
        sine, cosine = self._sine_and_cosine()
        across = abs(width * cosine) + abs(height * sine)
        down = abs(width * sine) + abs(height * cosine)
        return math.ceil(across - 1e-6), math.ceil(down - 1e-6)

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        if self.rot in _QUARTERS:
            return np.asarray(cv2.rotate(pixels, _QUARTERS[int(self.rot)]))
        if not self.rot:
            return pixels
        pixels, fill = with_channels_for(pixels, background)
        height, width = pixels.shape[:2]
        size = self.size(width, height)
        sine, cosine = self._sine_and_cosine()
        # About the middle, in OpenCV's coordinates, whose pixel centres are whole numbers.
        x, y, to_x, to_y = (side / 2 - 0.5 for side in (width, height, *size))
        matrix = np.array(
            [
                [cosine, -sine, to_x - cosine * x + sine * y],
                [sine, cosine, to_y - sine * x - cosine * y],
            ]
        )
        if not has_alpha(pixels):
            return _warped(pixels, matrix, size, fill)
        corner = [channel * fill[3] / full(pixels.dtype) for channel in fill[:3]]
        warped = _warped(premultiplied(pixels), matrix, size, (*corner, fill[3]))
        return unpremultiplied(warped, pixels.dtype)

    def _sine_and_cosine(self) -> tuple[float, float]:
        angle = math.radians(float(self.rot))
        return math.sin(angle), math.cos(angle)


def turned_once(steps: tuple[PixelOperation, ...]) -> tuple[PixelOperation, ...]:
    """The same steps, with one spelling for each of the eight results of a flip and a turn by
    quarters: `v` becomes `h` and half a turn, and `hv` half a turn alone.
    """
    if not steps:
        return steps
    flip = next((step.flip for step in steps if isinstance(step, Flip)), None)
    turn = next((step.rot for step in steps if isinstance(step, Rotate)), Decimal(0))
    if flip not in ("v", "hv") or turn % 90:
        return steps
    others = tuple(step for step in steps if not isinstance(step, Flip | Rotate))
    mirrored = (Flip("h"),) if flip == "v" else ()
    half = (turn + 180) % 360
    return (*mirrored, *((Rotate(half),) if half else ()), *others)


def _warped(
    pixels: Pixels, matrix: Pixels, size: tuple[int, int], fill: tuple[float, ...]
) -> Pixels:
    return np.asarray(
        cv2.warpAffine(
            pixels,
            matrix,
            size,
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=fill,
        )
    )
