"""Blur, sharpen, and take noise away."""

from dataclasses import dataclass
from decimal import Decimal

import cv2
import numpy as np

from imgmiddleware.forms.numbers import decimal, whole
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import parameter
from imgmiddleware.pixels.arrays import (
    Color,
    Pixels,
    full,
    has_alpha,
    premultiplied,
    rounded,
    unpremultiplied,
)
from imgmiddleware.pixels.curves import with_alpha_of

#: The widest Gaussian that is computed as such. Its cost grows with its width, and a URL may ask
#: for one of 200 pixels.
_WIDEST = 6.0


@dataclass(frozen=True)
class Blur(PixelOperation):
    """A Gaussian whose standard deviation is a tenth of `blur`, in pixels of the result."""

    blur: int = parameter(whole(0, 2000), 0)

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        return self.by(pixels, self.blur / 10) if self.blur else pixels

    @staticmethod
    def by(pixels: Pixels, sigma: float) -> Pixels:
        """The pixels blurred by a Gaussian of so many pixels; alpha weighs their colours."""
        if has_alpha(pixels):
            return unpremultiplied(_blurred(premultiplied(pixels), sigma), pixels.dtype)
        return _blurred(pixels, sigma)


@dataclass(frozen=True)
class Sharpen(PixelOperation):
    """An unsharp mask: `sharp` / 50 times the detail that a Gaussian of one pixel takes away."""

    sharp: int = parameter(whole(0, 100), 0)

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        if not self.sharp:
            return pixels
        amount = self.sharp / 50
        colors = pixels[..., :3] if has_alpha(pixels) else pixels
        soft = cv2.GaussianBlur(colors, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
        sharp = np.asarray(cv2.addWeighted(colors, 1 + amount, soft, -amount, 0))
        return np.dstack((sharp, pixels[..., 3])) if has_alpha(pixels) else sharp


@dataclass(frozen=True)
class UnsharpMask(PixelOperation):
    """Adds, or subtracts, `usm` percent of the detail that a Gaussian of `usmrad` pixels takes."""

    usm: int = parameter(whole(-100, 100), 0)
    usmrad: Decimal = parameter(decimal("0", "500"), Decimal("2.5"))

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        if not self.usm or not self.usmrad:
            return pixels
        amount, alpha = self.usm / 100, has_alpha(pixels)
        soft = Blur.by(pixels, float(self.usmrad))
        if alpha:
            soft = soft[..., :3]
        colors = pixels[..., :3] if alpha else pixels
        sharp = np.asarray(cv2.addWeighted(colors, 1 + amount, soft, -amount, 0))
        return with_alpha_of(sharp, pixels)


@dataclass(frozen=True)
class NoiseReduction(PixelOperation):
    """A bilateral filter of 5 x 5 pixels: it averages pixels that look alike, so that edges stay.

    `nr` is how far they may differ: a Gaussian with a deviation of `nr` levels of 255, over the
    three colours together. A second Gaussian weighs by distance, with a deviation of 2 pixels.
    """

    nr: int = parameter(whole(0, 100), 0)

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        if not self.nr:
            return pixels
        colors = pixels[..., :3] if has_alpha(pixels) else pixels
        step = full(pixels.dtype) / 255
        alike = self.nr * step / (1 if pixels.ndim == 3 else 3)
        given = np.ascontiguousarray(colors if pixels.dtype == np.uint8 else np.float32(colors))
        soft = cv2.bilateralFilter(given, 5, alike, 2, borderType=cv2.BORDER_REPLICATE)
        return with_alpha_of(rounded(np.asarray(soft), pixels.dtype), pixels)


def _blurred(pixels: Pixels, sigma: float) -> Pixels:
    height, width = pixels.shape[:2]
    factor = max(1, int(sigma / (_WIDEST / 2))) if sigma > _WIDEST else 1
    small = pixels
    if factor > 1:
        size = max(1, round(width / factor)), max(1, round(height / factor))
        small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    soft = cv2.GaussianBlur(small, (0, 0), sigma / factor, borderType=cv2.BORDER_REPLICATE)
    if factor > 1:
        soft = cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC)
    return rounded(np.asarray(soft), pixels.dtype)
