"""Colours by the arithmetic of specifications, in float64, and files that state them.

Nothing here knows the package under test. H.273, BT.2100, and SMPTE ST 2094-50's tone mapping for
reference white, as a browser shows it.
"""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np

from files import chunk
from pictures import by_opencv
from rasters import png

Array = np.ndarray[Any, Any]

#: Red, green, blue and white by H.273's number.
XY = {
    1: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), (0.3127, 0.3290)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), (0.3127, 0.3290)),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.3127, 0.3290)),
}
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def to_xyz(number: int) -> Array:
    """To XYZ under D65."""

    def white(x: float, y: float) -> Array:
        return np.array([x / y, 1, (1 - x - y) / y])

    columns = np.array([(x, y, 1 - x - y) for x, y in XY[number][:3]]).T
    matrix = columns * np.linalg.solve(columns, white(*XY[number][3]))
    ratio = (BRADFORD @ white(*XY[1][3])) / (BRADFORD @ white(*XY[number][3]))
    return np.linalg.inv(BRADFORD) @ np.diag(ratio) @ BRADFORD @ matrix


def from_srgb(value: Any) -> Array:
    value = np.asarray(value, float)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def to_srgb(light: Any, number: int = 1) -> Array:
    """Light of some primaries as sRGB, 0 to 255."""
    linear = np.clip(np.linalg.solve(to_xyz(1), to_xyz(number)) @ light, 0, 1)
    return 255 * np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


M1, M2, C1, C2, C3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875


def pq(nits: float) -> float:
    """The code of an amount of light in cd/m²."""
    y = (nits / 10000) ** M1
    return float(((C1 + C2 * y) / (1 + C3 * y)) ** M2)


def nits_of_pq(code: Array) -> Array:
    power = code ** (1 / M2)
    return 10000 * (np.maximum(power - C1, 0) / (C2 - C3 * power)) ** (1 / M1)


def nits_of_hlg(code: Array, number: int) -> Array:
    """On a screen of 1000 cd/m², whose gamma is 1.2."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    scene = np.where(code <= 0.5, code * code / 3, (np.exp((code - c) / a) + b) / 12)
    return 1000 * scene * max(to_xyz(number)[1] @ scene, 0) ** 0.2


def tone_mapped(nits: Array, number: int, peak: float) -> Array:
    """sRGB, 0 to 255, of light in cd/m² of some primaries; the curve is followed step by step."""
    light = np.linalg.solve(to_xyz(9), to_xyz(number)) @ nits / 203
    most, p = light.max(), max(peak / 203, 1)
    w = 1 - 0.5 * min(np.log2(p) / np.log2(1000 / 203), 1)
    gain = w
    if most >= p:
        gain = 1 / most
    elif most > 1:
        (x0, y0), (x1, y1), (x2, y2) = (1, w), (0.35 + 0.65 / w, 0.35 * w + 0.65), (p, 1)
        low, high = 0.0, 1.0
        for _ in range(60):
            t = (low + high) / 2
            x = (1 - t) ** 2 * x0 + 2 * t * (1 - t) * x1 + t * t * x2
            low, high = (t, high) if x < most else (low, t)
        gain = ((1 - t) ** 2 * y0 + 2 * t * (1 - t) * y1 + t * t * y2) / most
    return to_srgb(light * gain, 9)


# --- Files ----------------------------------------------------------------------------------------


def cicp(primaries: int, transfer: int, matrix: int = 0, full: int = 1) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, matrix, full]))


def clli(content: float) -> bytes:
    """PNG's light levels, in ten-thousandths of a cd/m²."""
    return chunk(b"cLLI", struct.pack(">LL", round(content * 10_000), 0))


def mdcv(most: float) -> bytes:
    """PNG's mastering display."""
    return chunk(b"mDCV", struct.pack(">8HLL", *[0] * 8, round(most * 10_000), 50))


def gama(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">L", value))


def chrm(number: int) -> bytes:
    red, green, blue, white = XY[number]
    values = (round(value * 100_000) for pair in (white, red, green, blue) for value in pair)
    return chunk(b"cHRM", struct.pack(">8L", *values))


def colored_png(pixels: Any, *chunks: bytes) -> bytes:
    """Of RGB, RGBA or gray samples, of 8 or 16 bits."""
    pixels = np.asarray(pixels)
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    return png(pixels, {1: 0, 3: 2, 4: 6}[channels], more=b"".join(chunks))


def colored_avif(pixels: Any, primaries: int, transfer: int, bits: int = 10) -> bytes:
    """An AVIF of RGB samples, without loss, as OpenCV writes it, with these values in its nclx."""
    pixels = np.asarray(pixels)
    settings = (cv2.IMWRITE_AVIF_DEPTH, bits, cv2.IMWRITE_AVIF_QUALITY, 100)
    data = bytearray(by_opencv(".avif", pixels, *settings))
    struct.pack_into(">HH", data, data.index(b"nclx") + 4, primaries, transfer)
    return bytes(data)


def flat(color: Any, dtype: Any = np.uint16, size: int = 8) -> Array:
    color = np.asarray(color, dtype)
    return np.broadcast_to(color, (size, size, *color.shape)).copy()
