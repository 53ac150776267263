"""Pad and background: the pixels around the picture, and the colour behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from imgmiddleware.forms.color import color
from imgmiddleware.forms.numbers import whole
from imgmiddleware.forms.words import choice
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import Operation, parameter
from imgmiddleware.pixels.arrays import (
    Color,
    Pixels,
    by_bands,
    has_alpha,
    laid_over,
    over,
    premultiplied,
    unpremultiplied,
    with_channels_for,
)

_WHITE: Color = (255, 255, 255, 255)

#: A picture as its own backdrop is shrunk to so many pixels first, and then blurred by so many.
_BLURRED, _SOFT = 40, 1.5


@dataclass(frozen=True)
class Pad(PixelOperation):
    """Pixels of background around the picture, outside of its size."""

    pad: int = parameter(whole(0, 1000), 0)

    def size(self, width: int, height: int) -> tuple[int, int]:
        return width + 2 * self.pad, height + 2 * self.pad

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        return surrounded(pixels, (self.pad,) * 4, background)


@dataclass(frozen=True)
class Beyond(Pad):
    """Pixels of background on two sides: the part of a grid's last tiles that lies beyond the
    picture.

    No query asks for it.
    """

    right: int = parameter(whole(0, 1000), 0)
    below: int = parameter(whole(0, 1000), 0)

    def size(self, width: int, height: int) -> tuple[int, int]:
        return width + self.right, height + self.below

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        return surrounded(pixels, (0, self.below, 0, self.right), background)


@dataclass(frozen=True)
class Fill(Operation):
    """The room around the picture with `fit=fill` and `fillmax`: the background, another colour, or
    the picture itself, blurred.
    """

    fill: str = parameter(choice("solid", "blur"), "solid")
    fill_color: Color | None = parameter(color(), name="fill-color")

    def around(self, fit: str) -> Around:
        """The filling of the room around the picture; it is not used where `fit` leaves no room."""
        if fit == "clamp":
            return Around("edges")
        if fit not in ("fill", "fillmax"):
            return Around()
        return Around("blur") if self.fill == "blur" else Around(color=self.fill_color)


@dataclass(frozen=True, slots=True)
class Around:
    """The canvas around a picture: the picture's edges repeated, the picture blurred, or a colour;
    None for the colour of the background.
    """

    kind: Literal["edges", "blur", "color"] = "color"
    color: Color | None = None

    def laid(self, pixels: Pixels, canvas: tuple[int, int], background: Color) -> Pixels:
        """The picture in the middle of a canvas (width, height)."""
        height, width = pixels.shape[:2]
        left, top = (canvas[0] - width) // 2, (canvas[1] - height) // 2
        borders = top, canvas[1] - height - top, left, canvas[0] - width - left
        if self.kind == "blur" and any(borders):
            return _over_itself(pixels, canvas, (left, top))
        wanted = None if self.kind == "edges" else self.color or background
        return surrounded(pixels, borders, wanted)


def _over_itself(pixels: Pixels, canvas: tuple[int, int], at: tuple[int, int]) -> Pixels:
    """The picture on itself, which is blurred and large enough to cover the canvas."""
    height, width = pixels.shape[:2]
    scale = max(canvas[0] / width, canvas[1] / height)
    across, down = (max(1, round(side / scale)) for side in canvas)
    x, y = max(0, width - across) // 2, max(0, height - down) // 2
    result = _blurred(pixels[y : y + down, x : x + across], canvas)
    place = result[at[1] : at[1] + height, at[0] : at[0] + width]
    place[...] = laid_over(pixels, place) if has_alpha(pixels) else pixels
    return result


def _blurred(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture in another size, blurred so much that few pixels do; hidden colours stay so."""
    height, width = pixels.shape[:2]
    by = max(1, max(width, height) / _BLURRED)
    few = max(1, round(width / by)), max(1, round(height / by))
    alpha = has_alpha(pixels)
    weighed = premultiplied(pixels) if alpha else pixels
    small = cv2.resize(weighed, few, interpolation=cv2.INTER_AREA)
    del weighed
    soft = cv2.GaussianBlur(small, (0, 0), _SOFT, borderType=cv2.BORDER_REPLICATE)
    large = np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_CUBIC))
    return unpremultiplied(large, pixels.dtype) if alpha else large


@dataclass(frozen=True)
class Backdrop(Operation):
    """The colour behind transparent pixels, and around a picture that does not fill its frame."""

    bg: Color | None = parameter(color())

    @property
    def color(self) -> Color:
        return self.bg or _WHITE

    @property
    def ground(self) -> Ground:
        return Ground(self.color, asked=self.bg is not None)


@dataclass(frozen=True, slots=True)
class Ground:
    """A colour that is laid behind and around pixels, and whether it was asked for."""

    color: Color
    asked: bool

    @property
    def fill(self) -> Color:
        """The colour that earlier steps put where there is no picture; clear where `behind` shall
        show.

        A translucent colour would be laid twice.
        """
        red, green, blue, alpha = self.color
        return red, green, blue, 255 if alpha == 255 else 0

    def behind(self, pixels: Pixels, *, keep_alpha: bool) -> Pixels:
        """The picture over its background.

        A format without alpha gets an opaque background. A format with alpha keeps transparent
        pixels, unless the query asks for a colour there.
        """
        if not has_alpha(pixels) or (keep_alpha and not self.asked):
            return pixels
        red, green, blue, alpha = self.color if keep_alpha else (*self.color[:3], 255)
        channels = 4 if alpha < 255 else 3
        step = np.iinfo(pixels.dtype).max // 255
        color = np.array((blue, green, red, alpha), pixels.dtype) * step
        shape = (*pixels.shape[:2], channels)
        return by_bands(lambda band: over(band, color)[..., :channels], pixels, shape)


def surrounded(
    pixels: Pixels, borders: tuple[int, int, int, int], background: Color | None
) -> Pixels:
    """With top, bottom, left and right borders of a colour; None repeats the picture's edge."""
    if not any(borders):
        return pixels
    if background is None:
        return np.asarray(cv2.copyMakeBorder(pixels, *borders, cv2.BORDER_REPLICATE))
    pixels, fill = with_channels_for(pixels, background)
    return np.asarray(cv2.copyMakeBorder(pixels, *borders, cv2.BORDER_CONSTANT, value=fill))
