"""Redaction: boxes of a picture that must not be shown, black or in a few coarse squares.

The squares of a box tell little on purpose. Text of few letters, such as the plate of a car, has
been read back from finer ones, by trying which text gives the same squares. Here a box has 4 x 4
squares at most. None is smaller than 16 pixels a side, and each has one of 16 levels a channel: of
a line of gray text 16 bits are left. If even that is too much, take black.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from imgmiddleware.pixels.arrays import Box, Pixels, Size, full, has_alpha

#: Squares along the longer side of a box at most, their least side in pixels, levels of a channel.
MOST, LEAST, LEVELS = 4, 16, 16

#: Pixels that are averaged at a time.
_BAND = 2**14

#: Decoders of JPEG mix the colours of the last pixels of a block with those of the next.
_BESIDE = 2


@dataclass(frozen=True, slots=True)
class Redaction:
    """Boxes in pixels of a picture as stored; `style` is "fill" or "pixelate"."""

    boxes: tuple[Box, ...]
    style: str

    @property
    def text(self) -> str:
        """All of it, for keys."""
        return f"{self.style} {self.boxes}"

    def in_blocks(self, size: Size, block: int) -> Redaction:
        """The same boxes, widened to whole blocks of so many pixels a side, which were coded
        together as in JPEG, and by the pixels that a decoder mixes with them.
        """
        return replace(self, boxes=tuple(_widened(box, size, block) for box in self.boxes))

    def whole_of(self, box: Box) -> Box:
        """The box to read for this part: a square in the part depends on its whole box."""
        if self.style == "fill":
            return box
        grown = box
        for hidden in self.boxes:
            if _touch(grown, hidden):
                grown = _around(grown, hidden)
        return grown if grown == box else self.whole_of(grown)

    def applied(self, pixels: Pixels, at: tuple[int, int], *, inks: bool = False) -> Pixels:
        """A copy in which the boxes are hidden: of gray, BGR, BGRA, or CMYK for `inks`.

        The first of the pixels is that of column and row `at`. Clear pixels in a box become opaque:
        their shape would tell of the picture, too.
        """
        result = pixels.copy()
        for left, top, width, height in self.boxes:
            columns = slice(max(0, left - at[0]), max(0, left + width - at[0]))
            rows = slice(max(0, top - at[1]), max(0, top + height - at[1]))
            part = result[rows, columns]
            if not part.size:
                continue
            if self.style == "fill":
                part[...] = _black(result, inks=inks)
            else:
                _pixelate(part, alpha=has_alpha(result) and not inks)
        return result


def _black(pixels: Pixels, *, inks: bool) -> Pixels:
    """One black pixel, or one of the black ink; opaque."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    black = np.zeros(channels, pixels.dtype)
    if channels == 4:  # of inks and of colours the last one is full
        black[3] = full(pixels.dtype)
    return black


def _pixelate(part: Pixels, *, alpha: bool) -> None:
    """Each square gets its mean, in one of few levels."""
    height, width = part.shape[:2]
    side = max(width, height) / MOST
    for rows in _parts(height, side):
        for columns in _parts(width, side):
            square = part[rows, columns]
            square[...] = _coarse(_mean(square, alpha=alpha), part.dtype)
            if alpha:
                square[..., 3] = full(part.dtype)


def _parts(length: int, side: float) -> list[slice]:
    """A length in parts of about this side, none of them small."""
    count = max(1, min(round(length / side), length // LEAST))
    ends = [number * length // count for number in range(count + 1)]
    return [slice(*pair) for pair in pairwise(ends)]


def _mean(square: Pixels, *, alpha: bool) -> Pixels:
    """The mean in float64, made some rows at a time; colours are weighed by alpha, and clear
    squares are black.
    """
    rows = max(1, _BAND // square.shape[1])
    total, seen = np.zeros(square.shape[2:]), 0.0
    for top in range(0, len(square), rows):
        band = square[top : top + rows].astype(np.float64)
        samples = np.nan_to_num(band, posinf=full(square.dtype), neginf=0)
        weights = samples[..., 3:].copy() if alpha else np.ones(samples.shape[:2])
        total += (samples * weights if alpha else samples).sum(axis=(0, 1))
        seen += float(weights.sum())
    return np.asarray(total / max(seen, 1e-9))


def _coarse(mean: Pixels, dtype: np.dtype) -> Pixels:
    """The middle of the level that a mean lies in."""
    step = (full(dtype) + (dtype.kind != "f")) / LEVELS
    level = np.clip(np.floor(mean / step), 0, LEVELS - 1)
    return np.asarray(level * step + step / 2)


def _widened(box: Box, size: Size, block: int) -> Box:
    (left, width), (top, height) = (
        _whole_blocks(start, length, side, block)
        for start, length, side in zip(box[:2], box[2:], size, strict=True)
    )
    return left, top, width, height


def _whole_blocks(start: int, length: int, side: int, block: int) -> tuple[int, int]:
    first = max(0, start // block * block - _BESIDE)
    end = min(side, -(-(start + length) // block) * block + _BESIDE)
    return first, end - first


def _touch(one: Box, other: Box) -> bool:
    return all(
        start < begin + size and begin < start + length
        for start, length, begin, size in zip(one[:2], one[2:], other[:2], other[2:], strict=True)
    )


def _around(one: Box, other: Box) -> Box:
    left, top = min(one[0], other[0]), min(one[1], other[1])
    right, bottom = (max(one[i] + one[i + 2], other[i] + other[i + 2]) for i in (0, 1))
    return left, top, right - left, bottom - top
