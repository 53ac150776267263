"""A landscape for the demo: a sun, or a moon, above ridges of hills, drawn by formulas."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

#: Columns painted at once: so few that they stay in the processor's cache.
_STRIP = 64

#: Colours are red, green, blue from 0 to 255.
Color = tuple[int, int, int]


@dataclass(frozen=True)
class Landscape:
    """A sun, or a moon, above ridges that are the darker the nearer they are."""

    zenith: Color
    horizon: Color
    sun: Color
    far: Color
    near: Color
    sun_at: float  # of the width
    seed: int
    stars: int = 0


DAY = Landscape(
    zenith=(96, 150, 205),
    horizon=(255, 214, 160),
    sun=(255, 244, 214),
    far=(150, 170, 190),
    near=(26, 52, 48),
    sun_at=0.68,
    seed=3,
)
NIGHT = Landscape(
    zenith=(9, 14, 38),
    horizon=(92, 62, 110),
    sun=(250, 240, 220),
    far=(70, 66, 110),
    near=(8, 10, 20),
    sun_at=0.53,
    seed=8,
    stars=1500,
)


def draw_landscape(width: int, height: int, land: Landscape) -> npt.NDArray[np.uint8]:
    random = np.random.default_rng(land.seed)
    picture = _sky(width, height, land, random)
    horizon, far, near = (samples(color) for color in (land.horizon, land.far, land.near))
    strips = range(0, width, _STRIP)
    x = np.linspace(0, 3 * width / height, width, dtype=np.float32)
    layers = 7
    for layer in range(layers):
        depth = layer / (layers - 1)
        ridge = height * (0.48 + 0.4 * depth + 0.05 * _noise(x * (1 + depth), random))
        color = far + (near - far) * depth**0.8
        mist = (horizon - color) * (0.45 * (1 - depth))
        for left in strips:
            _raise_ridge(picture[:, left : left + _STRIP], ridge[left : left + _STRIP], color, mist)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _raise_ridge(
    picture: npt.NDArray[np.float32],
    ridge: npt.NDArray[np.float32],
    color: npt.NDArray[np.float32],
    mist: npt.NDArray[np.float32],
) -> None:
    """Paint what lies below a ridge, with mist on its crest."""
    height = len(picture)
    top = int(ridge.min()) - 1
    below = np.arange(top, height, dtype=np.float32)[:, None, None] - ridge[:, None]
    thickness = np.clip(1 - below / np.float32(0.3 * height), 0, 1)
    hill = thickness * mist + color - picture[top:]
    hill *= np.clip(below + np.float32(0.5), 0, 1)
    picture[top:] += hill


def _noise(x: npt.NDArray[np.float32], random: np.random.Generator) -> npt.NDArray[np.float32]:
    """A sum of waves, each twice as fine and not quite half as high as the one before."""
    waves = [
        0.46**octave * np.sin(x * 2**octave * random.uniform(0.8, 1.2) + random.uniform(0, 6))
        for octave in range(10)
    ]
    return np.asarray(np.sum(waves, axis=0), np.float32)


def _sky(
    width: int, height: int, land: Landscape, random: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Drawn at an eighth of the size: but for the sun's edge and stars nothing in it is sharp."""
    zenith, horizon, sun = (samples(color) for color in (land.zenith, land.horizon, land.sun))
    y, x = np.mgrid[0 : height // 8, 0 : width // 8].astype(np.float32) * (8 / height)
    distance = np.hypot(x - land.sun_at * width / height, y - 0.3)[..., None]
    sky = zenith + (horizon - zenith) * np.clip(y[..., None] * 1.9, 0, 1) ** 1.3
    sky += (sun - sky) * 0.75 * np.exp(-distance * 5)
    large = np.asarray(cv2.resize(sky, (width, height)), np.float32)
    for _ in range(land.stars):
        star = (int(random.uniform(0, width)), int(random.uniform(0, height) ** 2 / height / 2))
        cv2.circle(large, star, int(random.integers(1, 4)), land.sun, -1, cv2.LINE_AA)
    center = (round(land.sun_at * width), round(0.3 * height))
    cv2.circle(large, center, height // 16, land.sun, -1, cv2.LINE_AA)
    return large


def samples(color: Color) -> npt.NDArray[np.float32]:
    return np.array(color, np.float32)
