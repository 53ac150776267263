"""Pyramids as libvips writes them, against what libvips reads of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import parts
from asking import get
from imgmiddleware import ImageService
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.sources.file import open_path
from pictures import photo_like, pixels_of, psnr

pyvips = parts.module("pyvips")

WIDTH, HEIGHT = 700, 520
PHOTO = photo_like(WIDTH, HEIGHT)

WAYS: dict[str, dict[str, Any]] = {
    "jpeg": {"compression": "jpeg", "Q": 85},
    "jpeg, 4:4:4": {"compression": "jpeg", "Q": 95},
    "jpeg, below": {"compression": "jpeg", "Q": 85, "subifd": True},
    "webp": {"compression": "webp", "Q": 90},
    "webp, lossless": {"compression": "webp", "lossless": True},
    "zstd": {"compression": "zstd", "predictor": "horizontal"},
    "lzw": {"compression": "lzw", "predictor": "horizontal"},
    "deflate": {"compression": "deflate"},
    "deflate, 16 bits": {"compression": "deflate", "predictor": "horizontal"},
}


def picture(deep: bool) -> Any:
    pixels = PHOTO.astype(np.uint16) * 257 if deep else PHOTO
    kind, space = ("ushort", "rgb16") if deep else ("uchar", "srgb")
    image = pyvips.Image.new_from_memory(pixels.tobytes(), WIDTH, HEIGHT, 3, kind)
    return image.copy(interpretation=space)


def samples(image: Any) -> Any:
    image = image.colourspace("srgb").cast("uchar")
    return np.ndarray((image.height, image.width, 3), np.uint8, image.write_to_memory())


@pytest.mark.parametrize("way", WAYS)
def test_tiles_and_smaller_pictures(way: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    image = picture("16" in way)
    image.tiffsave(str(path), tile=True, tile_width=128, tile_height=128, pyramid=True,
                   bigtiff="jpeg" in way, **WAYS[way])  # fmt: skip
    with open_path(path) as original:
        facts = read_facts(original, FORMATS)
    assert facts.band_bytes or facts.depth == 16  # small ones of which are decoded whole
    assert [copy.reduced for copy in facts.overviews][:2] == [2, 4]
    service = ImageService(tmp_path)
    stored = pyvips.Image.new_from_file(str(path))
    for left, top, width, height in ((128, 128, 128, 128), (600, 500, 100, 20), (7, 9, 300, 200)):
        answer = get(service, f"rect={left},{top},{width},{height}&fm=png", "a.tif")
        expected = samples(stored.crop(left, top, width, height))
        assert np.abs(pixels_of(answer.read()).astype(int) - expected).max() <= 2
    answer = get(service, "w=150&fm=png", "a.tif")
    assert psnr(pixels_of(answer.read()), samples(image.thumbnail_image(150))) > 27
