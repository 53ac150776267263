"""`colorquant`, and the few colours of an original that had few: against Pillow's own palettes."""

from __future__ import annotations

import tracemalloc
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from asking import ask, made, refused, shown
from imgmiddleware.pixels.palette import color_codes
from imgmiddleware.pixels.quantize import quantized, quantized_alike
from pictures import moving, opened, photo_like, psnr, saved

Array = np.ndarray[Any, Any]


def drawing(mode: str = "RGB") -> Image.Image:
    """Discs of many colours with sharp edges, which averages at the edges have to join."""
    random = np.random.default_rng(7)
    image = Image.new("RGBA", (400, 300), (255, 255, 255, 0 if mode == "RGBA" else 255))
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y, r, *color = (
            int(n) for n in random.integers((0, 0, 8, 0, 0, 0), (400, 300, 60, 256, 256, 256))
        )
        draw.ellipse([x - r, y - r, x + r, y + r], fill=(*color, 255))
    return image.convert(mode)


def colors(body: bytes) -> int:
    image = opened(body).convert("RGBA")
    return len(np.unique(np.asarray(image).reshape(-1, 4), axis=0))


DRAWING = saved(drawing(), "PNG")
PALETTE = drawing().quantize(64, dither=Image.Dither.NONE)


@pytest.mark.parametrize("most", [2, 3, 16, 100, 256])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("format", ["png", "gif"])
def test_a_result_has_no_more(format: str, mode: str, most: int) -> None:
    body = made(saved(drawing(mode), "PNG"), f"w=200&fm={format}&colorquant={most}")
    assert max(2, most // 2) <= colors(body) <= most
    assert opened(body).mode == ("L" if mode == "L" and format == "png" and most > 16 else "P")


@pytest.mark.parametrize("most", [16, 64, 256])
def test_they_are_nearer_than_pillows(most: int) -> None:
    whole = shown(DRAWING, "w=200&fm=png")
    found = shown(DRAWING, f"w=200&fm=png&colorquant={most}")
    median = Image.fromarray(whole).quantize(most, kmeans=1)
    assert psnr(found, whole) > psnr(np.asarray(median.convert("RGB")), whole) + 1


@pytest.mark.parametrize("seed", range(20))
def test_any_colours(seed: int) -> None:
    """Near one another, apart, clear or not, of few pixels and of many."""
    random = np.random.default_rng(seed)
    shape = (*random.integers(1, 40, 2), 4)
    spread = (1, 2, 3, 40, 256)[seed % 5]
    pixels = (random.integers(0, spread, shape) + random.integers(0, 257 - spread)).astype(np.uint8)
    most = int(random.integers(2, 30))
    found = quantized(pixels, most)
    assert found.shape == pixels.shape
    assert len(np.unique(color_codes(found))) <= most
    seen, wanted = (p[..., :3] * (p[..., 3:] / 255) for p in (found, pixels))  # on black
    assert abs(seen - wanted).max() < spread + 1


@pytest.mark.parametrize(("run", "most"), [(1, 160), (8, 40)], ids=["noise", "drawing"])
def test_its_memory(run: int, most: int) -> None:
    """Bytes a pixel; what looks the same is compared in bands, or eight float64 each are more."""
    few = np.random.default_rng(1).integers(0, 256, (1024, 1024 // run, 4), dtype=np.uint8)
    pixels = np.repeat(few, run, axis=1)
    tracemalloc.start()
    try:
        (quantized if run == 1 else quantized_alike)(pixels, 256)
        assert tracemalloc.get_traced_memory()[1] < most * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_alpha_has_its_steps_in_png_and_none_in_gif() -> None:
    original = saved(drawing("RGBA"), "PNG")
    whole = np.asarray(opened(made(original, "w=150&fm=png")))
    few = np.asarray(opened(made(original, "w=150&fm=png&colorquant=128")).convert("RGBA"))
    assert psnr(few[..., 3], whole[..., 3]) > 35
    assert len(np.unique(few[..., 3])) > 4
    moved = np.asarray(opened(made(original, "w=150&fm=gif&colorquant=128")).convert("RGBA"))
    assert {*np.unique(moved[..., 3])} == {0, 255}
    assert np.array_equal(moved[..., 3] > 0, whole[..., 3] >= 128)


def test_each_frame_of_an_animation() -> None:
    body = made(
        moving([drawing(), drawing().rotate(90)], "GIF", "RGB", duration=100),
        "anim=1&fm=gif&colorquant=9",
    )
    with opened(body) as image:
        assert image.n_frames == 2
        for number in range(2):
            image.seek(number)
            assert len(np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)) <= 9


@pytest.mark.parametrize("format", ["PNG", "GIF", "BMP", "TIFF"])
def test_an_original_of_few_stays_small(format: str) -> None:
    """It is nearer than 43 dB to what the same pixels give when they are stored in full colours."""
    original = saved(PALETTE, format)
    body, full = (
        made(data, "w=340&fm=png") for data in (original, saved(PALETTE.convert("RGB"), "PNG"))
    )
    assert (opened(body).mode, opened(full).mode) == ("P", "RGB")
    assert len(body) < 0.5 * len(full)
    assert psnr(np.asarray(opened(body).convert("RGB")), np.asarray(opened(full))) > 43


def test_what_would_look_otherwise_has_all_its_colours() -> None:
    photo = Image.fromarray(photo_like(300, 200)).quantize(256)  # with dither
    assert opened(made(saved(photo, "PNG"), "w=200&fm=png")).mode == "RGB"


def test_of_sixteen_bits_there_are_all() -> None:
    deep = cv2.imencode(".png", np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000)[1].tobytes()
    bodies = [made(deep, f"fm=png&depth=16{more}") for more in ("", "&colorquant=4")]
    assert bodies[0] == bodies[1]
    found = cv2.imdecode(np.frombuffer(bodies[0], np.uint8), cv2.IMREAD_UNCHANGED)
    assert len(np.unique(found)) == 64


def test_one_picture_has_one_key() -> None:
    def etag(query: str) -> str | None:
        return ask(DRAWING, query).header("ETag")

    for format in ("jpg", "webp", "bmp"):  # which gain nothing by it
        assert etag(f"fm={format}") == etag(f"fm={format}&colorquant=4")
    assert len({etag(f"fm=png{more}") for more in ("", "&colorquant=4", "&colorquant=5")}) == 3


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("1", "out-of-range"),
        ("257", "out-of-range"),
        ("x", "malformed-parameter"),
        ("2.5", "malformed-parameter"),
    ],
)
def test_what_it_may_be(wrong: str, code: str) -> None:
    assert refused(DRAWING, f"fm=png&colorquant={wrong}") == (400, code)
