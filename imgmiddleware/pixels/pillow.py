"""Pillow's images as arrays: which array each mode is, known before the image is loaded."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from PIL import ExifTags, Image

from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.color import lab_to_srgb
from imgmiddleware.pixels.orientation import Orientation

Picture = Image.Image

#: Modes with samples that need no change: their dtype and channels. I;16B and others are I;16.
_MODES: Mapping[str, tuple[str, int]] = {
    "1": ("?", 1),
    "L": ("u1", 1),
    "LA": ("u1", 2),
    "RGB": ("u1", 3),
    "RGBA": ("u1", 4),
    "CMYK": ("u1", 4),
    "I;16": ("u2", 1),
    "I": ("i4", 1),
    "F": ("f4", 1),
}

#: The errors that Pillow's plugins raise while they load a damaged file.
BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, struct.error)


@dataclass(frozen=True, slots=True)
class PillowImage:
    """An image that need not be loaded yet. Its colours are red first."""

    image: Image.Image
    of_pillow: ClassVar[bool] = True

    @property
    def shape(self) -> tuple[int, ...]:
        """(height, width), or with 2 to 4 channels."""
        width, height = self.image.size
        channels = _MODES[self._mode][1]
        return (height, width) if channels == 1 else (height, width, channels)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the array."""
        return np.dtype(_MODES[self._mode][0])

    @property
    def inks(self) -> bool:
        """Whether its samples are CMYK."""
        return self._mode == "CMYK"

    @property
    def profile(self) -> bytes | None:
        """The ICC profile of the array's samples."""
        profile = None if self.image.mode == "LAB" else self.image.info.get("icc_profile")
        return profile if isinstance(profile, bytes) else None

    @property
    def orientation(self) -> Orientation:
        """How it must be turned to be upright, as its EXIF has it."""
        if self.image.format == "TIFF":  # which Pillow turns itself
            return Orientation.UPRIGHT
        try:
            number = self.image.getexif().get(ExifTags.Base.Orientation)
        except BROKEN:
            return Orientation.UPRIGHT
        return Orientation(number) if number in list(Orientation) else Orientation.UPRIGHT

    def array(self) -> Pixels:
        """The samples. Raises one of `BROKEN` where the image cannot be loaded."""
        return np.asarray(self._converted(), self.dtype)

    @property
    def _mode(self) -> str:
        """The mode that its own is converted to."""
        mode = self.image.mode
        if mode.startswith("I;16"):
            return "I;16"
        if mode in ("LA", "La"):
            return "LA"
        if self.image.has_transparency_data:
            return "RGBA"
        return mode if mode in _MODES else "RGB"

    def _converted(self) -> Image.Image:
        if self.image.mode == "LAB":
            return lab_to_srgb(self.image)
        same = self._mode in (self.image.mode, "I;16")
        return self.image if same else self.image.convert(self._mode)
