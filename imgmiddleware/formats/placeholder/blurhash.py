"""BlurHash (Wolt, 2018): mean colour and the lowest waves of a picture, in base 83.

All waves are scaled by the strongest one, taken by its absolute value, as the algorithm's
description and most libraries do. The library of npm takes the largest.
"""

import numpy as np

from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.placeholder.channels import NOISE, Floats, rgba, waves
from imgmiddleware.pixels.arrays import Pixels

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"

#: Waves along the longer side, and the shorter: 28 characters.
_LONG, _SHORT = 4, 3


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    """The hash, of four by three waves. It has no quality and no metadata."""
    height, width = pixels.shape[:2]
    counts = (_LONG, _SHORT) if width >= height else (_SHORT, _LONG)
    return blurhash(pixels, *counts).encode()


def blurhash(pixels: Pixels, across: int, down: int) -> str:
    """The hash of uint8, (height, width) gray, or with 3 (BGR) channels, with so many waves, 1 to 9
    each.

    >>> blurhash(np.zeros((4, 4), np.uint8), 2, 1)
    '100000fQ'
    """
    light = _linear(rgba(pixels)[..., :3] / 255)
    height, width = light.shape[:2]
    x, y = waves(across, width, middle=False), waves(down, height, middle=False)
    found = np.einsum("jy,yxc,ix->jic", y, light, x) / (width * height)
    mean, others = found[0, 0], 2 * found.reshape(-1, 3)[1:]
    others[abs(others) < NOISE] = 0
    strongest = abs(others).max() if len(others) else 0
    level = int(np.clip(np.floor(strongest * 166 - 0.5), 0, 82))
    parts = [_base83(across - 1 + (down - 1) * 9, 1), _base83(level, 1), _base83(_color(mean), 4)]
    return "".join(parts + [_base83(_wave(wave, (level + 1) / 166), 2) for wave in others])


def _wave(wave: Floats, strongest: float) -> int:
    """Three amounts in 19 steps each, by their root."""
    share = wave / strongest
    steps = np.floor(np.sign(share) * np.sqrt(abs(share)) * 9 + 9.5)
    r, g, b = np.clip(steps, 0, 18).astype(int)
    return int((r * 19 + g) * 19 + b)


def _color(light: Floats) -> int:
    light = np.clip(light, 0, 1)
    curved = 1.055 * light ** (1 / 2.4) - 0.055
    shown = np.where(light <= 0.0031308, light * 12.92, curved)
    r, g, b = (shown * 255 + 0.5).astype(int)
    return int(r << 16 | g << 8 | b)


def _linear(share: Floats) -> Floats:
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _base83(number: int, length: int) -> str:
    return "".join(_DIGITS[number // 83**place % 83] for place in reversed(range(length)))
