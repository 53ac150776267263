"""The distance by eye, beside its definition written out, a window at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgmiddleware.pixels.distance import distance
from pictures import opened, photo_like, pixels_of, saved

PHOTO = photo_like(76, 132)[..., ::-1].copy()


def error(a: Any, b: Any) -> float:
    """1 - SSIM of one window, of samples from 0 to 255 (Wang et al., 2004, section III)."""
    a, b = a.astype(float).ravel(), b.astype(float).ravel()
    shared = float(np.mean((a - a.mean()) * (b - b.mean())))
    light = 1 - ((a.mean() - b.mean()) / 255) ** 2
    return max(0.0, 1 - light * (2 * shared + 58.5225) / (a.var() + b.var() + 58.5225))


def ycc(pixels: Any) -> Any:
    red_first = np.ascontiguousarray(pixels[..., ::-1])
    return np.asarray(Image.fromarray(red_first).convert("YCbCr")).astype(float)


def by_windows(one: Any, other: Any) -> float:
    """Of BGR whose sides are multiples of 4; luma and colours are Pillow's."""
    fine, planes = [], []
    for pixels in (one, other):
        blocks = ycc(pixels).reshape(len(pixels) // 4, 4, -1, 4, 3)
        fine.append(blocks[..., 0])
        means = np.rint(pixels.reshape(blocks.shape).mean((1, 3))).astype(np.uint8)
        planes.append(np.pad(ycc(means), ((2, 2), (2, 2), (0, 0)), "edge"))
    rows, _, columns, _ = fine[0].shape
    places = [(y, x) for y in range(rows) for x in range(columns)]
    worst = np.mean([error(fine[0][y, :, x], fine[1][y, :, x]) ** 4 for y, x in places])
    windows = [
        [error(*(p[y : y + 5, x : x + 5, c] for p in planes)) for y, x in places] for c in range(3)
    ]
    colors = sum(float(np.mean(np.power(errors, 4))) ** 0.25 for errors in windows[1:])
    return 14.4 * float(worst) ** 0.25 + 368.0 * float(np.mean(windows[0])) + 29.3 * colors


@pytest.mark.parametrize("quality", [30, 70, 95])
def test_it_is_what_is_written(quality: int) -> None:
    made = pixels_of(saved(PHOTO[..., ::-1], "JPEG", quality=quality))[..., ::-1]
    assert distance(PHOTO, made) == pytest.approx(by_windows(PHOTO, made), rel=0.02)


@pytest.mark.parametrize("shape", [(1, 1), (3, 70, 3), (131, 5, 4), (64, 66, 3), (65, 64)])
def test_any_size_and_channels(shape: tuple[int, ...]) -> None:
    pixels = np.resize(PHOTO, shape).copy()
    dark = pixels // 2
    if len(shape) == 3 and shape[2] == 4:
        pixels[..., 3] = dark[..., 3] = 255
        assert distance(pixels, dark) == pytest.approx(distance(pixels[..., :3], dark[..., :3]))
        assert distance(pixels, dark[..., :3].copy()) == distance(pixels, dark)
    assert distance(pixels, pixels) < 0.001
    assert distance(pixels, dark) > 0.05


def test_gray_that_became_colours_is_gray() -> None:
    gray, dim = PHOTO[..., 1].copy(), PHOTO[..., 1] // 2 * 2
    colored = np.dstack([dim] * 3)
    assert distance(gray, colored) == distance(gray, dim)


@pytest.mark.parametrize("shade", [0, 255])
def test_what_is_on_nothing_counts_whatever_its_colour(shade: int) -> None:
    """A black drawing on black, and a white one on white, would have no errors."""
    shown = np.full((64, 64, 4), shade, np.uint8)
    shown[..., 3] = PHOTO[:64, :64, 0]
    coarse = shown.copy()
    coarse[..., 3] = np.repeat(np.repeat(shown[::8, ::8, 3], 8, 0), 8, 1)
    assert distance(shown, coarse) > 4
    hidden = shown.copy()
    hidden[..., 3] = 0
    other = hidden.copy()
    other[..., :3] = 77  # what is clear has any colour
    assert distance(hidden, other) == 0


def test_a_lower_quality_is_no_nearer() -> None:
    files = [saved(PHOTO[..., ::-1], "WEBP", quality=quality) for quality in (95, 80, 50, 10)]
    found = [distance(PHOTO, np.asarray(opened(f).convert("RGB"))[..., ::-1]) for f in files]
    assert found == sorted(found)
    assert found[0] < 3 < found[-1]
