"""Redact: parts of the original that must not be shown, before everything else."""

import math
from dataclasses import dataclass
from decimal import Decimal

from imgmiddleware.errors import ImageError
from imgmiddleware.forms.numbers import rectangles
from imgmiddleware.forms.words import choice
from imgmiddleware.operations.transform import Operation, parameter
from imgmiddleware.pixels.arrays import Box

#: A person draws no list of more boxes; each box is looked at for every picture.
_MOST = 64

_Side = str | int | Decimal


@dataclass(frozen=True)
class Redact(Operation):
    """Boxes of the original, upright by its own tag, which no other parameter moves."""

    redact: tuple[tuple[_Side, ...], ...] | None = parameter(rectangles(_MOST))
    redact_style: str = parameter(choice("fill", "pixelate"), "fill", name="redact-style")

    def boxes(self, width: int, height: int) -> tuple[Box, ...]:
        """The boxes in an upright original of so many pixels: every pixel that a box touches.

        Raises `ImageError` (400) for a box that lies outside. It was drawn on another picture, and
        would hide nothing of this one.
        """
        return tuple(_box(box, width, height) for box in self.redact or ())


def _box(given: tuple[_Side, ...], width: int, height: int) -> Box:
    x, y, w, h = given
    left, right = _ends(x, w, width)
    top, bottom = _ends(y, h, height)
    if left >= width or top >= height:
        raise ImageError(
            "out-of-range",
            f"a box of redact lies outside of {width}x{height} pixels",
            parameter="redact",
        )
    return left, top, right - left, bottom - top


def _ends(start: _Side, length: _Side, side: int) -> tuple[int, int]:
    """The first pixel and the one after the last, not beyond the last of a side."""
    size = Decimal(side) if isinstance(length, str) else _pixels(length, side)
    first = _placed(start, side - size) if isinstance(start, str) else _pixels(start, side)
    return math.floor(first), min(side, math.ceil(first + size))


def _placed(word: str, spare: Decimal) -> Decimal:
    if word in ("left", "top"):
        return Decimal(0)
    return max(Decimal(0), spare / 2 if word in ("center", "middle") else spare)


def _pixels(given: int | Decimal, side: int) -> Decimal:
    return Decimal(given) if isinstance(given, int) else given * side
