"""Orientation: which way up a picture is stored, and how it is turned without resampling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from fractions import Fraction
from typing import Self, TypeVar

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels, Size

#: A side of a box: pixels, or fractions of them.
_Side = TypeVar("_Side", int, int | Fraction)


class Orientation(IntEnum):
    """How a stored picture is turned to be upright, by the numbers of EXIF's tag of that name.

    (CIPA DC-008, section 4.6.5.) Degrees are clockwise. Each is a transposition, or none, and then
    a mirror in one, both or no direction. `_PARTS` has these, and everything else follows from
    them.
    """

    UPRIGHT = 1
    MIRRORED = 2
    TURNED_180 = 3
    FLIPPED = 4
    TRANSPOSED = 5
    TURNED_90 = 6
    TRANSVERSE = 7
    TURNED_270 = 8

    @property
    def swaps_sides(self) -> bool:
        """Whether rows become columns, and the width the height."""
        return _PARTS[self][0]

    @property
    def inverse(self) -> Self:
        """The orientation that undoes this one."""
        swaps, mirrors, flips = _PARTS[self]
        return self._of(swaps, *((flips, mirrors) if swaps else (mirrors, flips)))

    def then(self, other: Orientation) -> Self:
        """The orientation that does this one and then the `other`."""
        swaps, mirrors, flips = _PARTS[self]
        again, mirrors_again, flips_again = _PARTS[other]
        if again:  # a transposition changes the directions of the mirrors before it
            mirrors, flips = flips, mirrors
        return self._of(swaps != again, mirrors != mirrors_again, flips != flips_again)

    def apply(self, pixels: Pixels) -> Pixels:
        """The stored `pixels` upright: (height, width) or with channels, of any dtype."""
        turn = _TURNS.get(self)
        return pixels if turn is None else np.asarray(turn(pixels))

    def size(self, width: int, height: int) -> Size:
        """Width and height of an upright picture that is stored as `width` by `height` pixels."""
        return (height, width) if self.swaps_sides else (width, height)

    def stored_box(
        self, box: tuple[_Side, _Side, _Side, _Side], stored: Size
    ) -> tuple[_Side, _Side, _Side, _Side]:
        """A box of the upright picture, in the coordinates of the stored one of this size."""
        left, top, width, height = box
        swaps, mirrors, flips = _PARTS[self.inverse]
        if swaps:
            left, top, width, height = top, left, height, width
        if mirrors:
            left = stored[0] - left - width
        if flips:
            top = stored[1] - top - height
        return left, top, width, height

    @classmethod
    def _of(cls, swaps: bool, mirrors: bool, flips: bool) -> Self:
        parts = swaps, mirrors, flips
        return next(one for one in cls if _PARTS[one] == parts)


#: Whether rows and columns are swapped, then whether columns are reversed, and whether rows are.
_PARTS = {
    Orientation.UPRIGHT: (False, False, False),
    Orientation.MIRRORED: (False, True, False),
    Orientation.TURNED_180: (False, True, True),
    Orientation.FLIPPED: (False, False, True),
    Orientation.TRANSPOSED: (True, False, False),
    Orientation.TURNED_90: (True, True, False),
    Orientation.TRANSVERSE: (True, True, True),
    Orientation.TURNED_270: (True, False, True),
}

_TURNS: Mapping[Orientation, Callable[[Pixels], object]] = {
    Orientation.MIRRORED: lambda pixels: cv2.flip(pixels, 1),
    Orientation.TURNED_180: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
    Orientation.FLIPPED: lambda pixels: cv2.flip(pixels, 0),
    Orientation.TRANSPOSED: cv2.transpose,
    Orientation.TURNED_90: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    Orientation.TRANSVERSE: lambda pixels: cv2.rotate(cv2.transpose(pixels), cv2.ROTATE_180),
    Orientation.TURNED_270: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
