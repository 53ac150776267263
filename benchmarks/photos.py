"""A photo to measure with: one of Debian's `mate-backgrounds`, or one that is made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

#: 5640 x 3172 pixels, very detailed; Debian's package mate-backgrounds.
DETAILED = Path("/usr/share/backgrounds/mate/abstract/Elephants_5640x3172.jpg")


def photo(width: int, height: int) -> tuple[str, Any]:
    """A name and the pixels: uint8, (height, width, 3), blue first."""
    if DETAILED.exists():
        name, pixels = DETAILED.name, cv2.imread(str(DETAILED))
    else:
        name, pixels = "generated", _generated(5640, 3172)
    return name, cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)


def _generated(width: int, height: int) -> Any:
    """Octaves of smoothed noise, whose spectrum falls with the frequency as a photograph's does."""
    random = np.random.default_rng(1)
    total = np.zeros((height, width, 3), np.float32)
    for octave in range(2, 11):
        coarse = random.random((2**octave * 9 // 16 + 1, 2**octave, 3), np.float32) - 0.5
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) / 1.4**octave
    return cv2.normalize(total, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
