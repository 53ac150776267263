"""Blur and sharpen."""

from dataclasses import dataclass

import cv2
import numpy as np

from imgmiddleware.forms.numbers import whole
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import parameter
from imgmiddleware.pixels.arrays import (
    Color,
    Pixels,
    has_alpha,
    premultiplied,
    rounded,
    unpremultiplied,
)

#: The widest Gaussian that is computed as such; its cost grows with its width, and an URL may ask
#: for one of 200 pixels. A wider one is computed on a picture reduced by a whole factor.
_WIDEST = 6.0


@dataclass(frozen=True)
class Blur(PixelOperation):
    """A Gaussian whose standard deviation is a tenth of `blur`, in pixels of the result."""

    blur: int = parameter(whole(0, 2000), 0)

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        if not self.blur:
            return pixels
        if has_alpha(pixels):
            return unpremultiplied(_blurred(premultiplied(pixels), self.blur / 10), pixels.dtype)
        return _blurred(pixels, self.blur / 10)


@dataclass(frozen=True)
class Sharpen(PixelOperation):
    """An unsharp mask: what a Gaussian of one pixel takes away is added, `sharp` / 50 times."""

    sharp: int = parameter(whole(0, 100), 0)

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        if not self.sharp:
            return pixels
        amount = self.sharp / 50
        colors = pixels[..., :3] if has_alpha(pixels) else pixels
        soft = cv2.GaussianBlur(colors, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
        sharp = np.asarray(cv2.addWeighted(colors, 1 + amount, soft, -amount, 0))
        return np.dstack((sharp, pixels[..., 3])) if has_alpha(pixels) else sharp


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
