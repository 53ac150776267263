"""Resize: how large the result is, and which part of the original it shows.

The parameters' names and meanings are those of imgix's public Rendering API, with one difference:
nothing is enlarged beyond its original unless `upscale=1` asks for it. What each `fit` then gives
is the table in the README, which a test checks against this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from imgmiddleware.operations.forms import Length, choice, decimal, flag, length
from imgmiddleware.transform import Operation, parameter


@dataclass(frozen=True, slots=True)
class Frame:
    """The geometry of a result, in pixels of the upright original and of the upright result.

    `crop` is the part that is shown: left, top, width, height in the original. `size` is what that
    part is resampled to; `canvas` is the size of the result, larger than `size` where `fit=fill`
    leaves room around the picture, which then stands in the middle.
    """

    crop: tuple[int, int, int, int]
    size: tuple[int, int]
    canvas: tuple[int, int]


@dataclass(frozen=True)
class Resize(Operation):
    w: Length | None = parameter(length(8192))
    h: Length | None = parameter(length(8192))
    fit: str = parameter(choice("clip", "max", "min", "crop", "scale", "fill"), "clip")
    dpr: Decimal = parameter(decimal("0.1", "5"), Decimal(1))
    upscale: bool = parameter(flag(), False)

    def frame(self, width: int, height: int) -> Frame:
        """The geometry for an upright original of `width` by `height` pixels."""
        whole = (0, 0, width, height)
        w, h = self._pixels(self.w, width), self._pixels(self.h, height)
        if w is None or h is None:
            # One side alone sets the scale, and every fit keeps the shape.
            size = self._scaled(width, height, _ratio(w, width) or _ratio(h, height) or Fraction(1))
            return Frame(whole, size, size)
        if self.fit == "scale":
            size = (w, h) if self.upscale else (min(w, width), min(h, height))
            return Frame(whole, size, size)
        if self.fit in ("crop", "min"):
            return self._covering(width, height, (w, h))
        size = self._scaled(width, height, min(Fraction(w, width), Fraction(h, height)))
        return Frame(whole, size, (w, h) if self.fit == "fill" else size)

    def _pixels(self, wanted: Length | None, side: int) -> int | None:
        if wanted is None:
            return None
        exact = wanted * self.dpr * (side if isinstance(wanted, Decimal) else 1)
        return max(1, int(exact.to_integral_value(ROUND_HALF_UP)))

    def _scaled(self, width: int, height: int, scale: Fraction) -> tuple[int, int]:
        """The original's size times `scale`; never enlarged unless asked, and never by `max`."""
        if scale > 1 and (not self.upscale or self.fit == "max"):
            scale = Fraction(1)
        return _rounded(width * scale), _rounded(height * scale)

    def _covering(self, width: int, height: int, box: tuple[int, int]) -> Frame:
        """The middle of the original in the box's shape, as large as the box where it suffices."""
        scale = max(Fraction(box[0], width), Fraction(box[1], height))
        crop_w = min(width, _rounded(box[0] / scale))
        crop_h = min(height, _rounded(box[1] / scale))
        crop = ((width - crop_w) // 2, (height - crop_h) // 2, crop_w, crop_h)
        enlarge = self.upscale and self.fit == "crop"
        size = box if scale <= 1 or enlarge else (crop_w, crop_h)
        return Frame(crop, size, size)


def _ratio(wanted: int | None, side: int) -> Fraction | None:
    return None if wanted is None else Fraction(wanted, side)


def _rounded(exact: Fraction) -> int:
    """To the nearest whole pixel, halves up, at least one."""
    return max(1, int(exact + Fraction(1, 2)))
