"""Mosaic: the picture in squares of one colour each."""

from dataclasses import dataclass

import numpy as np

from imgmiddleware.forms.numbers import whole
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import parameter
from imgmiddleware.pixels.arrays import (
    Color,
    Pixels,
    by_bands,
    has_alpha,
    premultiplied,
    rounded,
    unpremultiplied,
)


@dataclass(frozen=True)
class Mosaic(PixelOperation):
    """Squares of `px` pixels of the result from its upper left corner on, each its mean.

    Use `redact` to hide something: other sizes of the picture have other squares.
    """

    px: int = parameter(whole(0, 100), 0)

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        if self.px < 2:
            return pixels
        return by_bands(self._squares, pixels, pixels.shape, unit=self.px)

    def _squares(self, pixels: Pixels) -> Pixels:
        alpha = has_alpha(pixels)
        means = _means(premultiplied(pixels) if alpha else pixels, self.px)
        colors = unpremultiplied(means, pixels.dtype) if alpha else rounded(means, pixels.dtype)
        height, width = pixels.shape[:2]
        return colors.repeat(self.px, axis=0)[:height].repeat(self.px, axis=1)[:, :width]


def _means(pixels: Pixels, side: int) -> Pixels:
    """The mean of each square, and of the squares that the edge cuts off: float32."""
    height, width = pixels.shape[:2]
    rows, columns = np.arange(0, height, side), np.arange(0, width, side)
    sums = np.add.reduceat(pixels, rows, axis=0, dtype=np.float64)
    sums = np.add.reduceat(sums, columns, axis=1)
    counts = np.outer(np.diff(rows, append=height), np.diff(columns, append=width))
    counts = counts.reshape(counts.shape + (1,) * (pixels.ndim - 2))
    return np.asarray(sums / counts, np.float32)
