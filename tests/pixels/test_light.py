"""Resampling in linear light, against arithmetic by hand and a float computation."""

from __future__ import annotations

import numpy as np
import pytest

from asking import shown
from imgmiddleware.pixels.light import gamma_encoded, light
from pictures import float_lanczos, photo_like, pixels_of, psnr, saved


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_there_and_back(dtype: type) -> None:
    most = 1 if dtype == np.float32 else np.iinfo(dtype).max
    levels = np.linspace(0, most, 65536).astype(dtype).reshape(64, 256, 4)
    back = gamma_encoded(light(levels), dtype)
    assert back.dtype == dtype
    assert np.abs(back.astype(float) - levels).max() <= (1e-5 if dtype == np.float32 else 0)


def test_the_curve_is_srgbs() -> None:
    # IEC 61966-2-1: 0.5 is the light ((0.5 + 0.055) / 1.055) ** 2.4 = 0.21404.
    assert light(np.array([[0, 0.5, 1]], np.float32))[0].tolist() == pytest.approx(
        [0, 0.21404, 1], abs=1e-5
    )
    # 128 / 255 = 0.50196 is 0.21586 of 65535, and 1 / 255 is 1 / 255 / 12.92 = 0.00030353.
    assert light(np.array([[0, 1, 128, 255]], np.uint8))[0].tolist() == [0, 20, 14146, 65535]


def test_a_checkerboard_keeps_its_light() -> None:
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    # Half of the light is 1.055 * 0.5 ** (1 / 2.4) - 0.055 = 0.7354, of 255: 188; else it is 128.
    assert set(np.unique(shown(board, "w=16&linear=1&fm=png", "L"))) <= {187, 188}
    assert set(np.unique(shown(board, "w=16&fm=png", "L"))) <= {127, 128}


@pytest.mark.parametrize("original", ["array", "JPEG", "PNG"])
def test_a_photo_as_in_floats(original: str) -> None:
    photo = photo_like(480, 320)
    data = photo[..., ::-1].copy() if original == "array" else saved(photo, original, quality=100)
    if original == "JPEG":
        photo = pixels_of(data)
    lights = np.where(
        photo / 255 <= 0.04045, photo / 255 / 12.92, ((photo / 255 + 0.055) / 1.055) ** 2.4
    )
    small = float_lanczos(lights, (120, 80))
    expected = np.where(small <= 0.0031308, small * 12.92, 1.055 * small ** (1 / 2.4) - 0.055) * 255
    result = shown(data, "w=120&linear=1&fm=png")
    assert psnr(result, expected) > 42
    assert psnr(shown(data, "w=120&fm=png"), expected) < psnr(result, expected) - 3


def test_alpha_is_no_light() -> None:
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[::2, :, 3] = 255  # every other row: half of it is there
    pixels[..., :3] = 200
    result = shown(pixels, "w=16&linear=1&fm=png", "RGBA")
    assert set(np.unique(result[4:-4, 4:-4, 3])) <= {127, 128}
    assert set(np.unique(result[4:-4, 4:-4, :3])) == {200}


def test_ink_is_no_light() -> None:
    data = saved(photo_like(64, 48), "JPEG", "CMYK", quality=95)
    assert psnr(shown(data, "w=30&fm=png"), shown(data, "w=30&fm=png&linear=1")) > 40
