"""Palettes: exact in PNG, near in GIF; read back by Pillow and OpenCV."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from imgmiddleware.formats.encode import encode
from imgmiddleware.pixels.palette import exact, nearest
from pictures import photo_like, psnr, read_by_opencv


def drawing(count: int, channels: int, side: int = 64) -> Any:
    """A picture of exactly `count` colours, in patches."""
    random = np.random.default_rng(count)
    levels = random.permutation(256)[:count] if channels == 1 else random.integers(
        0, 256, (count, channels)
    )  # fmt: skip
    if channels == 4:
        levels[:, 3] = np.maximum(levels[:, 3], 1)
    where = np.arange(side * side).reshape(side, side) * count // (side * side)
    return np.ascontiguousarray(levels[where].astype(np.uint8))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    ("count", "bits"), [(2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (256, 8)]
)
def test_a_drawing_has_a_palette_and_loses_nothing(channels: int, count: int, bits: int) -> None:
    pixels = drawing(count, channels)
    data = encode(pixels, "png", 75)
    if data[25] == 3:  # IHDR's colour type: a palette
        assert data[24] == bits
    else:
        assert channels == 1 or count == 256  # as small without
    with Image.open(io.BytesIO(data)) as image:
        back = np.asarray(image.convert("RGBA"))
    rgba = np.dstack([pixels] * 3 + [np.full_like(pixels, 255)]) if channels == 1 else (
        np.dstack((pixels[..., 2::-1], pixels[..., 3:] if channels == 4 else np.full(pixels.shape[:2], 255)))
    )  # fmt: skip
    assert np.array_equal(back, rgba)


def test_a_photo_has_none() -> None:
    assert encode(photo_like(80, 60), "png", 75)[25] == 2
    assert exact(photo_like(80, 60)) is None


def test_257_colors_are_one_too_many() -> None:
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels.reshape(-1, 3)[:256, 0] = np.arange(256)
    assert exact(pixels) is not None
    pixels.reshape(-1, 3)[1599] = (9, 9, 9)  # where no sample need look
    assert exact(pixels) is None


def test_what_is_hidden_is_no_color() -> None:
    hidden = np.dstack((photo_like(40, 40), np.zeros((40, 40), np.uint8)))
    hidden[10:20, 10:20] = (1, 2, 3, 255)
    indexed = exact(hidden)
    assert indexed is not None
    assert len(indexed.colors) == 2
    back = read_by_opencv(encode(hidden, "png", 75))
    assert np.array_equal(back[..., 3], hidden[..., 3])
    assert np.array_equal(back[12, 12], hidden[12, 12])


def test_never_larger() -> None:
    # 256 colours in a picture of 256 pixels: the palette alone is larger than the pixels.
    pixels = drawing(256, 3, side=16)
    plain = cv2.imencode(".png", pixels)[1]
    assert len(encode(pixels, "png", 75)) <= len(plain)


def test_sixteen_bits_are_left_alone() -> None:
    pixels = drawing(4, 3).astype(np.uint16) * 257
    assert read_by_opencv(encode(pixels, "png", 75)).dtype == np.uint16


@pytest.mark.parametrize("channels", [1, 3])
def test_gif_of_few_colors_is_exact(channels: int) -> None:
    pixels = drawing(200, channels)
    with Image.open(io.BytesIO(encode(pixels, "gif", 75))) as image:
        back = np.asarray(image.convert("RGB"))[..., ::-1]
    assert np.array_equal(back, np.dstack([pixels] * 3) if channels == 1 else pixels)


def test_gif_of_a_photo_is_near() -> None:
    photo = photo_like(200, 150)
    with Image.open(io.BytesIO(encode(photo, "gif", 75))) as image:
        assert image.format == "GIF"
        # Its three channels know nothing of one another: no palette is worse off.
        assert psnr(np.asarray(image.convert("RGB"))[..., ::-1], photo) > 27


def test_gif_has_what_is_clear_and_what_is_not() -> None:
    pixels = np.dstack((photo_like(60, 40), np.zeros((40, 60), np.uint8)))
    pixels[:, 20:40, 3] = 200
    pixels[:, 20:40, :3] = (0, 0, 255)  # red, partly clear: over white (255 * 55 / 255 = 55)
    pixels[:, 40:, 3] = 255
    with Image.open(io.BytesIO(encode(pixels, "gif", 75))) as image:
        back = np.asarray(image.convert("RGBA"))
    assert set(np.unique(back[:, :20, 3])) == {0}
    assert set(np.unique(back[:, 20:, 3])) == {255}
    assert np.abs(back[:, 25, :3].astype(int) - (255, 55, 55)).max() <= 8
    assert psnr(back[:, 40:, 2::-1], pixels[:, 40:, :3]) > 30


def test_at_most_256_with_the_clear_one() -> None:
    pixels = np.dstack((photo_like(80, 60), np.full((60, 80), 255, np.uint8)))
    pixels[:5, ..., 3] = 0
    assert len(nearest(pixels).colors) <= 256
