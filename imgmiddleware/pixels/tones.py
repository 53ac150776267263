"""Tones: how dark and how bright a picture gets, and the curve that spreads them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels, full, has_alpha

#: One of so many samples may lie below the darkest tone, and one above the brightest: dust, and the
#: glint of an eye.
_CUT = 200
#: Tones this near to an end of the range count as that end, in levels of 255.
_NEAR = 5
#: And the farthest tone that counts as an end: a picture full of fog keeps some of it, and contrast
#: grows to 5/3 at most.
_FARTHEST = 51


@dataclass(frozen=True, slots=True)
class Tones:
    """The levels of 255 that become black and white; 0 and 255 in a picture that uses them all."""

    darkest: int = 0
    brightest: int = 255

    @classmethod
    def find(cls, pixels: Pixels) -> Tones:
        """The tones of a picture: uint8, gray, BGR or BGRA, with its samples weighed by alpha.

        Red, green and blue are counted together: strong colours are cut as little as white.

        >>> Tones.find(np.arange(30, 241, dtype=np.uint8)[None])
        Tones(darkest=31, brightest=239)
        """
        below = np.cumsum(_counts(pixels))
        total = below[-1]
        if not total:  # nothing is seen
            return cls()
        darkest = int(np.argmax(below * _CUT > total))
        brightest = int(np.argmax((total - below) * _CUT <= total))
        return cls(_end(darkest), 255 - _end(255 - brightest))

    @property
    def found(self) -> bool:
        """Whether there is anything to be spread."""
        return self != Tones()

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory, about."""
        return 100


@lru_cache(maxsize=32)
def spread(darkest: int, brightest: int, dtype: np.dtype) -> Pixels:
    """The sample of each sample of this dtype, 8 or 16 bits: straight between the ends."""
    most = full(dtype)
    levels = np.arange(most + 1) * (255 / most)
    part = np.clip((levels - darkest) / (brightest - darkest), 0, 1)
    return np.asarray(np.rint(part * most), dtype)


def _end(level: int) -> int:
    """How far black is moved for a picture with this darkest tone."""
    return 0 if level <= _NEAR else min(level, _FARTHEST)


def _counts(pixels: Pixels) -> Pixels:
    """How many samples there are of each level: float64, of 256."""
    if not has_alpha(pixels):
        samples = np.ascontiguousarray(pixels).reshape(-1, 1)
        counts = cv2.calcHist([samples], [0], None, [256], [0, 256])
        return np.asarray(counts, np.float64).ravel()
    alpha, counts = pixels[..., 3].reshape(-1), np.zeros(256)
    for channel in range(3):  # each is made of whole numbers, which take eight times its memory
        counts += np.bincount(pixels[..., channel].reshape(-1), alpha, 256)
    return counts
