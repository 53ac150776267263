"""High dynamic range: PQ and HLG, and how their light looks on a screen of sRGB.

The tone mapping is the one for reference white of SMPTE ST 2094-50. Browsers take it where a file
names no other. Light up to a page's white keeps its contrast; brighter light is bent into the rest.
Checked against Chromium's screen (tests/browser/test_colors.py).

Light is relative to the white of a page, 203 cd/m² (ITU-R BT.2408).
"""

from __future__ import annotations

import functools
import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from imgmiddleware.pixels.arrays import Color, Pixels, by_bands
from imgmiddleware.pixels.chromaticities import PRIMARIES, Matrix, between, to_xyz
from imgmiddleware.pixels.codepoints import HLG, PQ, CodePoints
from imgmiddleware.pixels.light import light
from imgmiddleware.pixels.shaper import blue_first, encoded

Floats = npt.NDArray[np.floating[Any]]

#: cd/m²: a page's white, the peak of HLG's screen and of a picture that states none, PQ's end.
_WHITE, _PEAK, _MOST = 203.0, 1000.0, 10_000.0
#: HLG's system gamma at that peak (BT.2100, table 5).
_SYSTEM_GAMMA = 1.2
_BT2020 = PRIMARIES[9]
#: BT.2020's luminance, blue first.
_LUMINANCE = to_xyz(_BT2020)[1:2, ::-1].copy()
_TO_SRGB = blue_first(between(_BT2020, PRIMARIES[1]))

# BT.2100, table 4.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
# And table 5.
_A = 0.17883277
_B, _C = 1 - 4 * _A, 0.5 - _A * math.log(4 * _A)


def tone_mapped(pixels: Pixels, points: CodePoints) -> Pixels:
    """uint8 or uint16 gray, BGR or BGRA of these code points, as uint16 sRGB."""
    if pixels.dtype == np.uint8:
        pixels = pixels.astype(np.uint16) * np.uint16(257)
    if pixels.ndim == 2:
        return _of_grays(points)[pixels]
    return by_bands(lambda band: _mapped(band, points), pixels, pixels.shape)


@functools.lru_cache(maxsize=4)
def _of_grays(points: CodePoints) -> Pixels:
    """The shown gray of each gray: white is white in every space, so grays stay gray."""
    ramp = np.arange(65536, dtype=np.uint16)
    return np.asarray(_mapped(np.dstack((ramp, ramp, ramp)), points)[0, :, 1])


def _mapped(band: Pixels, points: CodePoints) -> Pixels:
    wide: Any = (_pq_table() if points.transfer == PQ else _hlg_table())[band[..., :3]]
    wide = cv2.transform(wide, _to_bt2020(points.primaries))
    if points.transfer == HLG:
        wide *= _system_gain(cv2.transform(wide, _LUMINANCE))
    wide *= _gain(_most(wide), points.peak or _PEAK)[..., None]
    return encoded(cv2.transform(wide, _TO_SRGB), band)


@functools.cache
def _to_bt2020(primaries: int) -> Matrix:
    return blue_first(between(PRIMARIES[primaries], _BT2020))


def _most(colors: Floats) -> Floats:
    """The brightest channel of each; `max` takes ten times as long."""
    return np.maximum(np.maximum(colors[..., 0], colors[..., 1]), colors[..., 2])


def _system_gain(luminance: Any) -> Floats:
    """The factor of HLG's screen for a scene's light of this luminance (BT.2100, table 5)."""
    gain = np.maximum(luminance, 0) ** np.float32(_SYSTEM_GAMMA - 1)
    gain *= np.float32(_PEAK / _WHITE)
    return np.asarray(gain.reshape(*gain.shape[:2], 1))


def _gain(most: Floats, peak: float) -> Floats:
    """The factor for a colour whose brightest channel is `most`.

    A Bézier curve leads from the shown white to the peak, which is shown as 1.
    """
    peak = max(peak / _WHITE, 1.0)
    white = 1 - 0.5 * min(math.log(peak) / math.log(_PEAK / _WHITE), 1)
    x, y = 0.35 + 0.65 / white, 0.35 * white + 0.65
    over = np.clip(most, 1, peak) - 1
    # Where the curve's x is `most`: the root of (1 - 2 x + peak) t² + 2 (x - 1) t = over.
    root = np.sqrt((x - 1) ** 2 + (1 - 2 * x + peak) * over)
    t = over / np.maximum(x - 1 + root, np.float32(1e-9))
    bent = white + t * (2 * (y - white) + t * (1 - 2 * y + white))
    bent[most >= peak] = 1
    return np.asarray(bent / np.maximum(most, 1))


@functools.cache
def _pq_table() -> Floats:
    power = (np.arange(65536) / 65535) ** (1 / _M2)
    light = np.maximum(power - _C1, 0) / (_C2 - _C3 * power)
    return np.asarray(light ** (1 / _M1) * (_MOST / _WHITE), np.float32)


@functools.cache
def _hlg_table() -> Floats:
    """Light of the scene, from 0 to 1."""
    code = np.arange(65536) / 65535
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - _C) / _A) + _B) / 12).astype(
        np.float32
    )


def coded(color: Color, points: CodePoints) -> Color:
    """A colour of sRGB in these code points, to stand beside a picture of theirs."""
    srgb = light(np.array([[color[2::-1]]], np.uint8))[0, 0, ::-1] / 65535
    wanted = between(PRIMARIES[1], PRIMARIES[points.primaries]) @ srgb
    if points.transfer == HLG:
        luminance = float(to_xyz(PRIMARIES[1])[1] @ srgb) * _WHITE / _PEAK
        wanted *= _WHITE / _PEAK * max(luminance, 1e-9) ** (1 / _SYSTEM_GAMMA - 1)
    table = _pq_table() if points.transfer == PQ else _hlg_table()
    red, green, blue = (round(int(np.searchsorted(table, part)) / 257) for part in wanted)
    return min(red, 255), min(green, 255), min(blue, 255), color[3]
