"""Shape: the masks that cut a picture's edges off, and the line that is drawn there."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from imgmiddleware.forms.color import color
from imgmiddleware.forms.shapes import Line, line, radii
from imgmiddleware.forms.words import choice
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import parameter
from imgmiddleware.pixels.arrays import (
    Color,
    Pixels,
    by_bands,
    full,
    has_alpha,
    laid_over,
    rounded,
    seen_through,
    with_alpha,
    with_channels_for,
)
from imgmiddleware.pixels.coverage import ellipse, rounded_box

_Corners = tuple[int, int, int, int]
_SQUARE: _Corners = (0, 0, 0, 0)


@dataclass(frozen=True)
class Mask(PixelOperation):
    """The picture inside of an ellipse, or of a box with round corners.

    `corner-radius` is in pixels of the result. Around the shape is `mask-bg`. Without `mask-bg`
    that part is clear, or background in a format without alpha.
    """

    mask: str | None = parameter(choice("ellipse", "corners"))
    mask_bg: Color | None = parameter(color(), name="mask-bg")
    corner_radius: _Corners = parameter(radii(), _SQUARE, name="corner-radius")

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        size = pixels.shape[1], pixels.shape[0]
        if self.mask is None or not (self.mask == "ellipse" or any(self.corner_radius)):
            return pixels
        inside = ellipse(size) if self.mask == "ellipse" else rounded_box(size, self.corner_radius)
        shade = self.mask_bg
        if shade and shade[3] == 255 and not has_alpha(pixels):
            return _painted(pixels, shade, inside)
        seen = seen_through(pixels, inside)
        return _beside(seen, shade, 255 - inside) if shade else seen


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
        width, shade = self.border
        if not any(self.border_radius) and shade[3] == 255:
            return _framed(pixels, width, shade)
        size, outer = (pixels.shape[1], pixels.shape[0]), self.border_radius
        inner = one, two, three, four = tuple(max(0, radius - width) for radius in outer)
        inside = rounded_box(size, (one, two, three, four), width)
        drawn = _drawn(pixels, shade, 255 - inside, width + max(inner))
        return seen_through(drawn, rounded_box(size, outer)) if any(outer) else drawn


def _painted(pixels: Pixels, color: Color, inside: Pixels) -> Pixels:
    """The pixels with a colour around the inside, both opaque: takes a sixth of the time."""
    pixels, fill = with_channels_for(pixels, color)
    most = int(full(pixels.dtype))
    share = inside.astype(pixels.dtype) * pixels.dtype.type(most // 255)
    if pixels.ndim == 3:
        share = np.asarray(cv2.merge([share] * pixels.shape[2]))
    paint = np.full_like(pixels, fill if pixels.ndim == 3 else fill[0])
    ours = cv2.multiply(pixels, share, scale=1 / most)
    return np.asarray(cv2.add(ours, cv2.multiply(paint, most - share, scale=1 / most)))


def _beside(pixels: Pixels, color: Color, outside: Pixels) -> Pixels:
    """BGRA with a colour beside it: `outside` of 255 says which share of each pixel is the
    colour's.

    The colour is not laid below: then the edge would be partly clear, as both are there.
    """
    most, (red, green, blue, alpha) = full(pixels.dtype), color
    paint = np.array((blue, green, red), np.float32) * (most / 255)

    def shared(band: Pixels) -> Pixels:
        ours = band[..., 3:4].astype(np.float32)
        theirs = band[..., 4:].astype(np.float32) * (alpha / 255)
        total = ours + theirs
        colors = (band[..., :3] * ours + paint * theirs) / np.maximum(total, 1e-9)
        return rounded(np.concatenate((colors, total), axis=2), pixels.dtype)

    share = outside.astype(pixels.dtype) * pixels.dtype.type(most // 255)
    return by_bands(shared, np.dstack((pixels, share)), pixels.shape)


def _framed(pixels: Pixels, width: int, color: Color) -> Pixels:
    height, across = pixels.shape[:2]
    pixels, fill = with_channels_for(pixels, color)
    inner = pixels[width : height - width, width : across - width]
    if not inner.size:
        return np.full_like(pixels, fill if pixels.ndim == 3 else fill[0])
    borders = (width,) * 4
    return np.asarray(cv2.copyMakeBorder(inner, *borders, cv2.BORDER_CONSTANT, value=fill))


def _drawn(pixels: Pixels, color: Color, mask: Pixels, deep: int) -> Pixels:
    """A colour over the pixels, as strong as the mask says: BGR, or BGRA for pixels with alpha.

    The mask draws nothing `deep` pixels inside or more.
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
