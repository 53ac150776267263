"""Entropy: the part whose grays are the most mixed, by Shannon's measure of their histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.subjects.subject import best_start, gray, shrunk

#: The longer side of the picture whose grays are counted, and how many grays are told apart.
_SIDE, _GRAYS = 160, 32


@dataclass(frozen=True, slots=True)
class Entropy:
    """How often each gray is left of each column, and above each row: each begins with none."""

    counts: tuple[Pixels, Pixels]  # uint16, (columns or rows + 1, grays)

    @classmethod
    def find(cls, pixels: Pixels) -> Entropy:
        """The entropy of a picture: uint8, gray or BGR."""
        grays = gray(shrunk(pixels, _SIDE)) // (256 // _GRAYS)
        return cls((_counts(grays.T), _counts(grays)))

    @property
    def found(self) -> bool:
        """Whether there is more than one gray."""
        return bool(np.count_nonzero(self.counts[0][-1]) > 1)

    @property
    def nbytes(self) -> int:
        return sum(counts.nbytes for counts in self.counts)

    def start(self, axis: int, share: float, first: float = 0, last: float = 1) -> float:
        counts = self.counts[axis].astype(np.float64)

        def bits(starts: Pixels) -> Pixels:
            return _bits(_at(counts, starts + share) - _at(counts, starts))

        return best_start(bits, share, first, last)


def _counts(lines: Pixels) -> Pixels:
    """The counts in the lines before each line; `lines` are grays, (lines, pixels of a line)."""
    each = np.stack([np.bincount(line, minlength=_GRAYS) for line in lines])
    return np.vstack((np.zeros((1, _GRAYS), np.uint16), each.cumsum(axis=0, dtype=np.uint16)))


def _at(counts: Pixels, places: Pixels) -> Pixels:
    """The counts left of places between two lines too: float64, (places, grays)."""
    exact = np.clip(places, 0, 1) * (len(counts) - 1)
    line = np.minimum(exact.astype(np.intp), len(counts) - 2)
    part = (exact - line)[:, None]
    return np.asarray(counts[line] * (1 - part) + counts[line + 1] * part)


def _bits(counts: Pixels) -> Pixels:
    """Shannon's entropy of each row of counts: the sum of -p log2 p."""
    shares = np.maximum(counts, 0) / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    logarithms = np.log2(np.where(shares > 0, shares, 1))
    return np.asarray(-(shares * logarithms).sum(axis=1))
