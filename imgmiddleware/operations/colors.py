"""Colors: stronger, weaker, turned, or two in the place of all."""

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import ClassVar

import numpy as np

from imgmiddleware.forms.color import color, pair
from imgmiddleware.forms.numbers import angle, whole
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import parameter
from imgmiddleware.pixels.arrays import Color, Pixels
from imgmiddleware.pixels.curves import mixed, ramp, tinted, vibrant

#: Red, green and blue as parts of gray, as the Filter Effects Module has them (level 1, section 9).
_GRAY = np.array([[0.213, 0.715, 0.072]] * 3)
_TURNED = np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]])
_SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


@dataclass(frozen=True)
class Colors(PixelOperation):
    """`vib` makes dull colours stronger than strong ones. Then come `sat`, `hue` and `sepia`. They
    are CSS's `saturate()`, `hue-rotate()` and `sepia()`, together one matrix.
    """

    in_srgb: ClassVar[bool] = True

    vib: int = parameter(whole(-100, 100), 0)
    sat: int = parameter(whole(-100, 100), 0)
    hue: Decimal = parameter(angle(), Decimal(0))
    sepia: int = parameter(whole(0, 100), 0)

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        gray = pixels.ndim == 2
        if self.vib and not gray:
            pixels = vibrant(pixels, self.vib / 100)
        if self.sepia or ((self.sat or self.hue) and not gray):
            pixels = mixed(pixels, self.matrix)
        return pixels

    @property
    def matrix(self) -> Pixels:
        """The matrix that makes the new red, green and blue: one row for each, float64."""
        same, turn, sepia = np.eye(3), math.radians(float(self.hue)), self.sepia / 100
        steps = (
            _GRAY + (same - _GRAY) * (1 + self.sat / 100),
            _GRAY + (same - _GRAY) * math.cos(turn) + _TURNED * math.sin(turn),
            same + (_SEPIA - same) * sepia,
        )
        return reduce(lambda made, step: step @ made, steps)


@dataclass(frozen=True)
class Tint(PixelOperation):
    """`duotone` is two colours. Black becomes the first, white the second, and grays the colours
    between them. `duotone-alpha` percent of the result are laid over the picture. `monochrome` is
    the shades of one colour; its alpha is the strength.
    """

    in_srgb: ClassVar[bool] = True

    duotone: tuple[Color, Color] | None = parameter(pair())
    duotone_alpha: int = parameter(whole(0, 100), 100, name="duotone-alpha")
    monochrome: Color | None = parameter(color())

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        if self.duotone and self.duotone_alpha:
            dark, light = map(_blue_first, self.duotone)
            table = ramp(dark, light, pixels.dtype)
            pixels = tinted(pixels, table, self.duotone_alpha / 100)
        if self.monochrome and self.monochrome[3]:
            table = ramp(np.zeros(3), _blue_first(self.monochrome), pixels.dtype)
            pixels = tinted(pixels, table, self.monochrome[3] / 255)
        return pixels


def _blue_first(wanted: Color) -> Pixels:
    """From 0 to 1, without alpha."""
    red, green, blue, _ = wanted
    return np.array((blue, green, red)) / 255
