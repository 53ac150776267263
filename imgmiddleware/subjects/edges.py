"""Edges: the part with the most of them, which is the sharp part, rich in detail."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.subjects.subject import best_start, gray, shrunk

#: The longer side of the picture in which edges are looked for: an edge there can be seen.
_SIDE = 320

#: Steps of fewer levels than this are noise, such as JPEG's.
_LEAST = 8


@dataclass(frozen=True, slots=True)
class Edges:
    """How much of all edges is left of each column, and above each row: each begins with 0."""

    sums: tuple[Pixels, Pixels]  # float64, of one dimension

    @classmethod
    def find(cls, pixels: Pixels) -> Edges:
        """The edges of a picture: uint8, gray or BGR. They are Sobel's, |dx| + |dy|."""
        small = gray(shrunk(pixels, _SIDE))
        across, down = (
            cv2.Sobel(small, cv2.CV_16S, dx, 1 - dx, borderType=cv2.BORDER_REPLICATE)
            for dx in (1, 0)
        )
        steps = np.abs(np.asarray(across, np.int32)) + np.abs(np.asarray(down, np.int32))
        steps[steps < 4 * _LEAST] = 0  # Sobel's filter makes 4 of a step by one level
        return cls((_sums(steps, 0), _sums(steps, 1)))

    @property
    def found(self) -> bool:
        return bool(self.sums[0][-1] > 0)

    @property
    def nbytes(self) -> int:
        return sum(sums.nbytes for sums in self.sums)

    def start(self, axis: int, share: float, first: float = 0, last: float = 1) -> float:
        sums = self.sums[axis]
        places = np.linspace(0, 1, len(sums))

        def within(starts: Pixels) -> Pixels:
            ends = np.interp(starts + share, places, sums)
            return np.asarray(ends - np.interp(starts, places, sums))

        return best_start(within, share, first, last)


def _sums(steps: Pixels, axis: int) -> Pixels:
    return np.concatenate(([0.0], np.cumsum(steps.sum(axis=axis, dtype=np.float64))))
