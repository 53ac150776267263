"""Trim: a border of one colour is cut away, before the picture gets its size."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from imgmiddleware.forms.color import color
from imgmiddleware.forms.words import word_or
from imgmiddleware.operations.transform import Operation, parameter
from imgmiddleware.pixels.arrays import Color, Pixels, full, has_alpha

#: How far a sample of the border may be from its colour, of 255: JPEG's noise beside an edge.
_TOLERANCE = 10


@dataclass(frozen=True)
class Trim(Operation):
    """`auto` takes the colour of the upper left corner. Where that corner is clear, clear pixels
    are the border.
    """

    trim: Color | Literal["auto"] | None = parameter(word_or("auto", color(), also="color"))

    def is_border(self, pixels: Pixels, corner: Pixels) -> Pixels:
        """uint8, (height, width): 255 where a pixel has the border's colour.

        `pixels` are uint8, uint16 or float32, gray, BGR or BGRA; `corner` is one of them.
        """
        assert self.trim is not None
        most = full(pixels.dtype)
        if self.trim == "auto":
            wanted = np.atleast_1d(corner).astype(float)
        else:
            wanted = _samples(self.trim, pixels) * (most / 255)
        slack = most * _TOLERANCE / 255
        if has_alpha(pixels) and wanted[3] <= slack:  # the colour of a clear pixel means nothing
            pixels, wanted = np.ascontiguousarray(pixels[..., 3]), wanted[3:]
        return np.asarray(cv2.inRange(pixels, wanted - slack, wanted + slack))


def _samples(wanted: Color, pixels: Pixels) -> Pixels:
    """The colour in the channels of the pixels, 0 to 255; as gray by ITU-R BT.601's weights."""
    red, green, blue, alpha = wanted
    if pixels.ndim == 2:
        return np.array([0.299 * red + 0.587 * green + 0.114 * blue])
    return np.array([blue, green, red, alpha][: pixels.shape[2]], float)


def content(border: Pixels) -> tuple[int, int, int, int] | None:
    """Left, top, width, height of the part inside the border; None where all is border."""
    rows = np.flatnonzero(border.min(axis=1) < 255)
    columns = np.flatnonzero(border.min(axis=0) < 255)
    if not len(rows):
        return None
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top
