"""The demo's originals: one of each kind that browsers show badly or not at all, drawn by formulas.

All colours are blue, green, red from 0 to 255, as OpenCV's encoders take them.
"""

import io
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from imgmiddleware.cli.drawn.mosaic import mosaic

Pixels = npt.NDArray[Any]
Color = tuple[int, int, int]

#: Sun, horizon, zenith, the farthest hill, the nearest hill.
_DAY = ((214, 244, 255), (150, 205, 250), (200, 140, 80), (190, 165, 140), (30, 36, 16))
_NIGHT = ((225, 240, 250), (120, 70, 100), (40, 16, 10), (110, 66, 70), (20, 10, 8))

_RIDGES = 7

#: An EXIF segment whose one tag, Orientation, is 6: to be shown turned to the right.
_TO_THE_RIGHT = (
    b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
)


def draw_originals(directory: str) -> None:
    """Write the files, 120 MB in all. Raises `OSError` where there is no room for them."""
    with ThreadPoolExecutor() as threads:
        drawn = threads.map(lambda draw: draw(), _DRAWN.values())
        for name, data in zip(_DRAWN, drawn, strict=True):
            with open(os.path.join(directory, name), "wb") as file:
                file.write(data)


def _encoded(suffix: str, pixels: Pixels, *parameters: int) -> bytes:
    return cv2.imencode(suffix, pixels, parameters)[1].tobytes()


def _hills(width: int, height: int, colors: tuple[Color, ...]) -> Pixels:
    """A sun, or a moon, above ridges that are the darker the nearer they are."""
    return np.asarray(_palette(np.array(colors, np.float32))[_ridges(width, height)])


def _ridges(width: int, height: int) -> Pixels:
    """The place of each pixel in the palette."""
    x = np.arange(width, dtype=np.float32) / height - 0.6 * width / height
    y = np.arange(height, dtype=np.float32)[:, None] / height
    glow = np.minimum(30 + 900 * np.hypot(0.3 * x, y - 0.5), 511)
    picked: Pixels = glow.astype(np.uint16)
    picked[np.hypot(x, y - 0.3) < 0.06] = 0
    for ridge in range(_RIDGES):
        waves = [0.45**n * np.sin(2.1**n * (3 + ridge) * x + ridge * 5 + n) for n in range(9)]
        crest = 0.5 + 0.36 * ridge / (_RIDGES - 1) + 0.045 * np.sum(waves, axis=0)
        part = slice(int(crest.min() * height), None)
        below = (y[part] - crest) * 250
        shades = np.clip(below, 0, 63).astype(np.uint16) + np.uint16(512 + 64 * ridge)
        np.copyto(picked[part], shades, where=below > 0)
    return picked


def _palette(colors: Pixels) -> Pixels:
    """512 colours from the sun to the zenith, and 64 for each ridge, from its misty crest down."""
    sun, horizon, zenith, far, near = colors
    ramps = [_ramp((sun, horizon, zenith), 512)]
    for nearness in np.linspace(0, 1, _RIDGES):
        color = far + (near - far) * nearness**0.8
        ramps.append(_ramp((color + (horizon - color) * 0.5 * (1 - nearness), color), 64))
    return np.asarray(np.concatenate(ramps), np.uint8)


def _ramp(stops: tuple[Pixels, ...], count: int) -> Pixels:
    at = np.linspace(0, len(stops) - 1, count)
    return np.stack([np.interp(at, range(len(stops)), c) for c in np.transpose(stops)], axis=1)


def _silk() -> Pixels:
    """Folds of colour without any step: 16 bits a sample, which 8 bits would show as bands."""
    y, x = np.mgrid[0:1600, 0:2400].astype(np.float32) / 320
    for turn in (1.0, 1.7, 2.3):
        x, y = x + np.sin(y * turn + 0.4), y + np.cos(x * turn - 1.1)
    fold = 1.6 * x + 2.2 * np.sin(x + 0.6 * y)
    return np.dstack(
        [(0.52 + 0.46 * np.cos(fold + phase)) * 65_535 for phase in (2.4, 1.1, 0)]
    ).astype(np.uint16)


def _discs() -> Pixels:
    """Three soft translucent discs, on nothing."""
    y, x = np.mgrid[0:1200, 0:1600].astype(np.float32) / 1200
    tints = {
        (0.46, 0.58): (72, 82, 240),
        (0.86, 0.58): (230, 148, 52),
        (0.66, 0.32): (50, 190, 250),
    }
    discs = np.stack([np.clip((0.3 - np.hypot(x - a, y - b)) * 16, 0, 0.8) for a, b in tints], -1)
    color = discs @ np.array(list(tints.values())) / np.maximum(discs.sum(-1, keepdims=True), 1e-6)
    return np.dstack((color, 255 - 255 * np.prod(1 - discs, -1))).astype(np.uint8)


def _turned() -> bytes:
    """Rings that get finer outwards, an arrow up and a colour in each corner, stored lying down."""
    y, x = np.mgrid[0:2400, 0:3200].astype(np.float32)
    squared = (x - 1600) ** 2 + (y - 1400) ** 2
    rings = np.where(squared < 800**2, 127.5 + 120 * np.cos(squared * np.float32(3.3e-4)), 244)
    chart = cv2.merge([rings.astype(np.uint8)] * 3)
    cv2.arrowedLine(chart, (1600, 500), (1600, 100), (44, 62, 200), 80, tipLength=0.6)
    for name, corner, color in (
        ("top left", (0, 0), (60, 70, 210)),
        ("top right", (2560, 0), (90, 130, 40)),
        ("bottom left", (0, 2100), (180, 95, 45)),
        ("bottom right", (2560, 2100), (30, 150, 205)),
    ):
        left, top = corner
        cv2.rectangle(chart, corner, (left + 640, top + 300), color, cv2.FILLED)
        white = (255, 255, 255)
        cv2.putText(chart, name, (left + 50, top + 175), 0, 2.8, white, 8, cv2.LINE_AA)
    data = _encoded(".jpg", np.rot90(chart))
    return data[:2] + _TO_THE_RIGHT + data[2:]


def _sunrise() -> bytes:
    """An animation that ends where it began: every pixel of it changes all the time."""
    day, night, ridges = np.array(_DAY), np.array(_NIGHT), _ridges(640, 400)
    light = (1 - np.cos(np.linspace(0, 2 * np.pi, 20, endpoint=False))) / 2
    frames = [_palette(night + (day - night) * share)[ridges] for share in light]
    animation = cv2.Animation()
    animation.frames, animation.durations = frames, [90] * len(frames)
    return cv2.imencodeanimation(".png", animation, (cv2.IMWRITE_PNG_COMPRESSION, 1))[1].tobytes()


def _temperatures() -> bytes:
    """Degrees from -10 to 60 around a few sources of heat, as NumPy saves an array of float32."""
    y, x = np.mgrid[0:1200, 0:1600].astype(np.float32) / 1200
    degrees = 6 * np.sin(5 * x + 2 * np.sin(4 * y)) + 8 * y - 4
    for left, top, spread, heat in (
        (0.35, 0.4, 0.12, 48),
        (0.95, 0.65, 0.2, 34),
        (1.08, 0.25, 0.05, 52),
    ):
        degrees += heat * np.exp(-((x - left) ** 2 + (y - top) ** 2) / (2 * spread**2))
    file = io.BytesIO()
    np.save(file, degrees)
    return file.getvalue()


_DRAWN: Mapping[str, Callable[[], bytes]] = {
    "hills.bmp": lambda: _encoded(".bmp", _hills(4200, 2600, _DAY)),
    "panorama.jpg": lambda: _encoded(".jpg", _hills(7200, 1800, _NIGHT)),
    "turned by EXIF.jpg": _turned,
    "silk 16 bit.tiff": lambda: _encoded(".tiff", _silk(), cv2.IMWRITE_TIFF_COMPRESSION, 1),
    "translucent.png": lambda: _encoded(".png", _discs(), cv2.IMWRITE_PNG_COMPRESSION, 1),
    "sunrise.png": _sunrise,
    "temperatures.npy": _temperatures,
    "gigapixel.tiff": lambda: mosaic(lambda width, height: _hills(width, height, _DAY)),
}
