"""JPEG to pixels, by simplejpeg and by what takes its place, against Pillow's libjpeg."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

import native
from asking import ask, refused
from files import half_jpeg_with_end
from imgmiddleware.formats.jpeg import FORMAT
from imgmiddleware.imaging.engine import engine
from originals import cut, probe
from pictures import close, float_lanczos, noise, photo_like, psnr, read_by_opencv, saved

PHOTO = Image.fromarray(photo_like(201, 135))


@pytest.fixture(params=["simplejpeg", "OpenCV and Pillow"])
def part(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The one that tells of damage, and those that are there anyway."""
    native.choose(monkeypatch, "simplejpeg", request.param == "simplejpeg")
    return str(request.param)


def reference(data: bytes, by: int) -> Any:
    """By Pillow, whose ink is paper: it turns all CMYK over, as it is where Adobe says so."""
    with Image.open(io.BytesIO(data)) as image:
        image.draft(None, (image.width // by, image.height // by))
        pixels = np.asarray(image)
        return pixels[..., ::-1] if image.mode == "RGB" else pixels


@pytest.mark.usefixtures("part")
@pytest.mark.parametrize("by", [1, 2, 4, 8])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_pixels_at_each_scale(mode: str, by: int, options: dict[str, Any]) -> None:
    data = saved(PHOTO, "JPEG", mode, quality=90, **(options if mode == "RGB" else {}))
    least = (-(-201 // by), -(-135 // by))
    pixels, _ = FORMAT.decode(data, probe(data), least)
    assert pixels.dtype == np.uint8
    assert pixels.shape[1::-1] == least
    assert close(pixels, reference(data, by), 2)


@pytest.mark.usefixtures("part")
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("size", [(3, 100), (100, 3), (7, 9), (1, 1)])
def test_sides_of_less_than_the_scale(mode: str, size: tuple[int, int]) -> None:
    flat = Image.new("RGB", size, (60, 120, 200))  # a block at an edge is filled up by its writer
    data = saved(flat, "JPEG", mode, quality=98)
    for by in (1, 2, 4, 8):
        least = (-(-size[0] // by), -(-size[1] // by))
        pixels, _ = FORMAT.decode(data, probe(data), least)
        assert pixels.shape[1::-1] == least
        assert close(pixels, np.broadcast_to(reference(data, 1)[0, 0], pixels.shape), 3)


@pytest.mark.usefixtures("part")
def test_no_smaller_than_it_is_asked_for() -> None:
    data = saved(PHOTO, "JPEG")
    for least in ((0, 0), (26, 17), (26, 18), (102, 1), (200, 134)):
        pixels, _ = FORMAT.decode(data, probe(data), least)
        height, width = pixels.shape[:2]
        assert width >= least[0]
        assert height >= least[1]


@pytest.mark.usefixtures("part")
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_what_is_cut_short_is_found(mode: str, progressive: bool) -> None:
    data = saved(noise(96, 72, mode), "JPEG", progressive=progressive)
    assert ask(data, "w=40").status == 200
    for short in (*cut(data)[5:], data[:-3], data[:-40]):
        assert refused(short, "w=40") == (422, "damaged-original"), len(short)


def test_half_a_picture_with_an_end_is_told_by_simplejpeg_alone(part: str) -> None:
    data = half_jpeg_with_end()
    assert read_by_opencv(data) is not None
    assert ask(data).status == (422 if part == "simplejpeg" else 200)


def test_the_part_is_in_the_key(part: str) -> None:
    engine.cache_clear()
    try:
        assert (" simplejpeg/" in engine()) == (part == "simplejpeg")
    finally:
        engine.cache_clear()


WITHOUT = """
import sys
sys.modules["simplejpeg"] = None
from imgmiddleware import ImageRequest, ImageService
service = ImageService(sys.argv[1])
sys.stdout.buffer.write(service.handle(ImageRequest("GET", "/image/a.jpg", "w=100&fm=png")).read())
"""


def test_a_platform_that_has_no_simplejpeg(tmp_path: Any) -> None:
    """In a process that cannot import it, from the first line on."""
    (tmp_path / "a.jpg").write_bytes(saved(PHOTO, "JPEG", quality=95, subsampling=0))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT, tmp_path], capture_output=True
    )
    assert done.stderr == b""
    with Image.open(io.BytesIO(done.stdout)) as picture:
        assert picture.size == (100, 67)
        ideal = float_lanczos(np.asarray(PHOTO), picture.size)
        assert psnr(picture, ideal) > 35  # 95 of 100 leaves about 40
