"""Pad and background: what stands around the picture, and behind it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from imgmiddleware.forms.color import color
from imgmiddleware.forms.numbers import whole
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import Operation, parameter
from imgmiddleware.pixels.arrays import Color, Pixels, by_bands, has_alpha, over, with_channels_for

_WHITE: Color = (255, 255, 255, 255)


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
    """Pixels of background on two sides: what the last tiles of a grid have beyond the picture.

    No query asks for it.
    """

    right: int = parameter(whole(0, 1000), 0)
    below: int = parameter(whole(0, 1000), 0)

    def size(self, width: int, height: int) -> tuple[int, int]:
        return width + self.right, height + self.below

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        return surrounded(pixels, (0, self.below, 0, self.right), background)


@dataclass(frozen=True)
class Backdrop(Operation):
    """The colour behind what is transparent, and around what does not fill its frame."""

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
        """What steps before put where there is no picture: nothing, if `behind` is to show through.

        A translucent colour would be laid twice.
        """
        red, green, blue, alpha = self.color
        return red, green, blue, 255 if alpha == 255 else 0

    def behind(self, pixels: Pixels, *, keep_alpha: bool) -> Pixels:
        """The picture over its background.

        A format without alpha gets an opaque one; one with alpha keeps what is transparent, unless
        a colour is asked for there.
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
