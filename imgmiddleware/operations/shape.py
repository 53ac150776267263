"""Shape: what is cut off around a picture, and the line that is drawn there."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from imgmiddleware.forms.shapes import Line, line, radii
from imgmiddleware.forms.words import choice
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import parameter
from imgmiddleware.pixels.arrays import (
    Color,
    Pixels,
    full,
    has_alpha,
    laid_over,
    seen_through,
    with_alpha,
    with_channels_for,
)
from imgmiddleware.pixels.coverage import ellipse, rounded_box

_Corners = tuple[int, int, int, int]
_SQUARE: _Corners = (0, 0, 0, 0)


@dataclass(frozen=True)
class Mask(PixelOperation):
    """The picture inside of an ellipse, or a box whose corners are round by `corner-radius` pixels
    of the result; clear around it, or background in a format without alpha.
    """

    mask: str | None = parameter(choice("ellipse", "corners"))
    corner_radius: _Corners = parameter(radii(), _SQUARE, name="corner-radius")

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        size = pixels.shape[1], pixels.shape[0]
        if self.mask == "ellipse":
            return seen_through(pixels, ellipse(size))
        if self.mask is None or not any(self.corner_radius):
            return pixels
        return seen_through(pixels, rounded_box(size, self.corner_radius))


@dataclass(frozen=True)
class Border(PixelOperation):
    """A line along the edge, over the picture, which keeps its size; outside of `border-radius` it
    is clear.
    """

    border: Line | None = parameter(line())
    border_radius: _Corners = parameter(radii(), _SQUARE, name="border-radius")

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        if self.border is None:
            return pixels
        width, color = self.border
        if not any(self.border_radius) and color[3] == 255:
            return _framed(pixels, width, color)
        size, outer = (pixels.shape[1], pixels.shape[0]), self.border_radius
        inner = one, two, three, four = tuple(max(0, radius - width) for radius in outer)
        inside = rounded_box(size, (one, two, three, four), width)
        drawn = _drawn(pixels, color, 255 - inside, width + max(inner))
        return seen_through(drawn, rounded_box(size, outer)) if any(outer) else drawn


def _framed(pixels: Pixels, width: int, color: Color) -> Pixels:
    height, across = pixels.shape[:2]
    pixels, fill = with_channels_for(pixels, color)
    inner = pixels[width : height - width, width : across - width]
    if not inner.size:
        return np.full_like(pixels, fill if pixels.ndim == 3 else fill[0])
    borders = (width,) * 4
    return np.asarray(cv2.copyMakeBorder(inner, *borders, cv2.BORDER_CONSTANT, value=fill))


def _drawn(pixels: Pixels, color: Color, mask: Pixels, deep: int) -> Pixels:
    """A colour over the pixels, as much of it as the mask says: BGR, or BGRA of what has alpha.

    The mask says nothing of what is `deep` pixels inside or more.
    """
    step = int(full(pixels.dtype)) // 255
    red, green, blue, alpha = (channel * step for channel in color)
    result = with_alpha(pixels).copy()
    for strip in _strips(mask.shape, deep):
        below = result[strip]
        above = np.empty_like(below)
        above[..., :3] = blue, green, red
        above[..., 3] = np.rint(mask[strip] * (alpha / 255))
        below[...] = laid_over(above, below)
    return result if has_alpha(pixels) else np.ascontiguousarray(result[..., :3])


def _strips(shape: tuple[int, ...], deep: int) -> Iterator[tuple[slice, slice]]:
    """Along the four edges; no pixel is in two."""
    height, width = shape
    top, left = min(deep, height), min(deep, width)
    low, right = max(top, height - deep), max(left, width - deep)
    whole, middle = slice(0, width), slice(top, low)
    parts = (
        (slice(0, top), whole),
        (slice(low, height), whole),
        (middle, slice(0, left)),
        (middle, slice(right, width)),
    )
    return (part for part in parts if all(side.start < side.stop for side in part))
