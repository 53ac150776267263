"""Tone: how dark and how bright a picture is, by curves that all its colours share."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import ClassVar

import numpy as np

from imgmiddleware.forms.numbers import decimal, whole
from imgmiddleware.forms.words import flag
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import parameter
from imgmiddleware.pixels.arrays import Color, Pixels, full
from imgmiddleware.pixels.curves import through
from imgmiddleware.pixels.light import from_light, to_light

#: The strength of `high` and `shad` at their ends. Tones change by up to 0.3 of the whole range,
#: and keep their order: the slope of x - 2 x^2 (1 - x) is nowhere less than a third.
_STRONGEST = 2


@dataclass(frozen=True)
class Tone(PixelOperation):
    """Curves of samples from 0 to 1. Each takes the result of the one before; together they are one
    table.

    `exp` / 50 stops of light; `gam`: the power 2^(-`gam` / 50); `bri` percent of white are added;
    `con` percent more distance from the middle gray. `high` darkens bright tones, most at 2/3, and
    `shad` brightens dark tones, most at 1/3; both leave black and white alone. `invert` comes last.
    """

    in_srgb: ClassVar[bool] = True

    exp: int = parameter(whole(-100, 100), 0)
    gam: int = parameter(whole(-100, 100), 0)
    bri: int = parameter(whole(-100, 100), 0)
    con: int = parameter(whole(-100, 100), 0)
    high: int = parameter(whole(-100, 0), 0)
    shad: Decimal = parameter(decimal("0", "100"), Decimal(0))
    invert: bool = parameter(flag(), False)

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        return through(pixels, _table(self, pixels.dtype))

    def curve(self, x: Pixels) -> Pixels:
        """The curve's value for each sample (float64, 0 to 1)."""
        if self.exp:
            x = from_light(np.minimum(to_light(x) * 2 ** (self.exp / 50), 1))
        x = x**2 ** (-self.gam / 50)
        x = np.clip(x + self.bri / 100, 0, 1)
        x = np.clip(0.5 + (x - 0.5) * (1 + self.con / 100), 0, 1)
        x = x + _STRONGEST * self.high / 100 * x**2 * (1 - x)
        x = x + _STRONGEST * float(self.shad) / 100 * x * (1 - x) ** 2
        return 1 - x if self.invert else x


@lru_cache(maxsize=32)
def _table(tone: Tone, dtype: np.dtype) -> Pixels:
    """The sample of each sample of this dtype, 8 or 16 bits."""
    most = full(dtype)
    return np.asarray(np.rint(tone.curve(np.arange(most + 1) / most) * most), dtype)
