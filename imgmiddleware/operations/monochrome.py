"""Monochrome: the picture in grays, or in black and white."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from imgmiddleware.forms.words import choice
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import parameter
from imgmiddleware.pixels.arrays import Color, Pixels, full


@dataclass(frozen=True)
class Monochrome(PixelOperation):
    """`gray` is the luma of ITU-R BT.601, as in JPEG; `bitonal` is white from half of it on."""

    in_srgb: ClassVar[bool] = True

    mono: str | None = parameter(choice("gray", "bitonal"))

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        if self.mono is None:
            return pixels
        gray = (
            pixels
            if pixels.ndim == 2
            else np.asarray(cv2.cvtColor(pixels[..., :3], cv2.COLOR_BGR2GRAY))
        )
        if self.mono == "bitonal":
            most = full(pixels.dtype)
            gray = np.where(gray > most // 2, most, 0).astype(pixels.dtype)
        if pixels.ndim == 2 or pixels.shape[2] == 3:
            return gray
        return np.dstack((gray, gray, gray, pixels[..., 3]))
