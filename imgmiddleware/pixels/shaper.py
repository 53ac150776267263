"""A shaper: a curve for each channel that makes light of samples, and a matrix to sRGB's light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from imgmiddleware.pixels.arrays import Pixels, by_bands, has_alpha
from imgmiddleware.pixels.chromaticities import PRIMARIES, Matrix, to_d50
from imgmiddleware.pixels.light import from_light

Floats = npt.NDArray[np.floating[Any]]

#: From light relative to D50, as profiles have it, to that of sRGB.
_TO_SRGB = np.linalg.inv(to_d50(PRIMARIES[1]))


@dataclass(frozen=True, slots=True)
class Parametric:
    """(a x + b) ** gamma + e from d on, c x + f below it (ICC.1:2022, section 10.18)."""

    gamma: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0

    @classmethod
    def of_kind(cls, kind: int, numbers: Sequence[float]) -> Parametric:
        """A curve from the numbers of a kind from 0 to 4, in their order."""
        if kind in (1, 2):  # they begin where a x + b is 0, and below it are constant
            gamma, a, b, *rest = numbers
            return cls(gamma, a, b, 0.0, -b / a if a else 0.0, *rest, *rest)
        return cls(*numbers)

    @property
    def five(self) -> tuple[float, ...]:
        """The numbers of kind 3."""
        return self.gamma, self.a, self.b, self.c, self.d

    def __call__(self, x: Floats) -> Floats:
        with np.errstate(all="ignore"):  # numbers of a broken profile
            power = np.maximum(self.a * x + self.b, 0) ** self.gamma + self.e
        return np.where(x >= self.d, power, self.c * x + self.f)


@dataclass(frozen=True, slots=True)
class Sampled:
    """A curve through equally distant points, where 65535 is 1."""

    points: tuple[int, ...]

    def __call__(self, x: Floats) -> Floats:
        return np.interp(x * (len(self.points) - 1), range(len(self.points)), self.points) / 65535


Curve = Parametric | Sampled

#: Light of a sample, white being 1: no curve that shows a picture comes near.
_MOST = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Shaper:
    """From samples to sRGB. Channels are in the order of `Pixels`, blue first."""

    tables: tuple[Floats, ...]  # of each channel: the light of its 65536 samples
    matrix: Matrix  # from this light to that of sRGB

    @classmethod
    def of(cls, curves: Sequence[Curve], matrix: Matrix) -> Shaper:
        """A shaper of three curves, red, green, blue, and a matrix to XYZ relative to D50."""
        levels = np.arange(65536) / 65535
        # A broken profile may say anything, also NaN.
        values = (np.nan_to_num(curve(levels)).clip(-_MOST, _MOST) for curve in reversed(curves))
        tables = tuple(light.astype(np.float32) for light in values)
        return cls(tables, blue_first(_TO_SRGB @ matrix))

    def to_srgb(self, pixels: Pixels) -> Pixels:
        """uint16 BGR or BGRA, as sRGB; light that sRGB has not is clipped."""
        return by_bands(self._changed, pixels, pixels.shape)

    def _changed(self, band: Pixels) -> Pixels:
        light = np.empty((*band.shape[:2], 3), np.float32)
        for channel, table in enumerate(self.tables):
            light[..., channel] = table[band[..., channel]]
        return encoded(cv2.transform(light, self.matrix), band)


def blue_first(matrix: Matrix) -> Matrix:
    """A matrix of red, green and blue for channels in the order of `Pixels`."""
    return np.ascontiguousarray(matrix[::-1, ::-1])


def encoded(light: Any, band: Pixels) -> Pixels:
    """Linear sRGB, float32, in sRGB's curve as uint16; with the alpha of `band` if it has one."""
    colors = from_light(np.clip(light, 0, 1))
    colors *= np.float32(65535)
    samples = np.asarray(np.rint(colors), np.uint16)
    return np.dstack((samples, band[..., 3])) if has_alpha(band) else samples
