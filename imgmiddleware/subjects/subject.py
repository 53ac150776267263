"""Subject: the thing that was found in a picture, and the start of a part that keeps it."""

from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels

#: The number of places for a part that are tried: more than any screen has pixels to tell apart.
_STEPS = 512

#: A place with nearly the best score is as good as the best. A part that is wider than its subject
#: has many such places; the one in the middle of them is meant.
_ALIKE = 0.99


class Subject(Protocol):
    """The thing that was found. Numbers are fractions of the picture's width (axis 0) or height
    (1).
    """

    @property
    def found(self) -> bool:
        """Whether there is anything."""

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory, about."""

    def start(self, axis: int, share: float, first: float = 0, last: float = 1) -> float:
        """Where a part begins that is `share` of the side, from `first` to `last` at most."""


def best_start(
    score: Callable[[Pixels], Pixels], share: float, first: float = 0, last: float = 1
) -> float:
    """The middle of the places around the best place that are as good as it.

    `score` rates many starts at once: float64, of one dimension.

    >>> best_start(lambda starts: np.minimum(starts, 0.4), 0.2)
    0.6
    """
    starts = np.linspace(first, max(first, last - share), _STEPS + 1)
    scores = score(starts)
    good = scores >= scores.max() * _ALIKE
    best = int(scores.argmax())
    left, right = good[: best + 1][::-1], good[best:]
    before = len(left) if left.all() else int(left.argmin())
    after = len(right) if right.all() else int(right.argmin())
    return float(starts[best - before + 1] + starts[best + after - 1]) / 2


def shrunk(pixels: Pixels, side: int) -> Pixels:
    """A smaller copy whose longer side has so many pixels; the same if it has no more."""
    height, width = pixels.shape[:2]
    longer = max(height, width)
    if longer <= side:
        return pixels
    size = tuple(max(1, round(length * side / longer)) for length in (width, height))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def gray(pixels: Pixels) -> Pixels:
    """The luma of BT.601, uint8; `pixels` are uint8, gray or BGR."""
    return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
