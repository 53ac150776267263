"""Canvas, crop and the rarely trodden paths of decoding."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from asking import ask, shown
from files import tiff
from imgmiddleware.formats import native
from native import choose
from pictures import BLUE, GREEN, RED, close, opened, pixels_of, quadrants, saved

DATA = saved(quadrants(), "PNG")


def test_fill_puts_the_picture_in_the_middle_of_white() -> None:
    # 64 x 48 in a box of 80 x 60 is not enlarged: 8 columns and 6 rows are left on each side.
    pixels = shown(DATA, "w=80&h=60&fit=fill&fm=png")
    assert pixels.shape == (60, 80, 3)
    assert np.array_equal(pixels[6:54, 8:72], quadrants())
    border = pixels.copy()
    border[6:54, 8:72] = 255
    assert border.min() == 255


def test_fill_keeps_a_gray_picture_gray_and_alpha_alpha() -> None:
    gray = ask(np.zeros((10, 20), np.uint8), "w=30&h=30&fit=fill&fm=png").body
    assert pixels_of(gray, "L")[0, 0] == 255
    jpeg = ask(np.zeros((10, 20), np.uint8), "w=30&h=30&fit=fill&fm=jpg").body
    assert opened(jpeg).mode == "L"
    clear = ask(np.zeros((10, 20, 4), np.uint8), "w=30&h=30&fit=fill&fm=png").body
    rgba = opened(clear).convert("RGBA")
    assert rgba.getpixel((0, 0)) == (255, 255, 255, 255)
    assert rgba.getpixel((15, 15))[3] == 0


def test_a_crop_is_the_middle() -> None:
    pixels = shown(DATA, "w=48&h=48&fit=crop&fm=png")
    assert np.array_equal(pixels, quadrants()[:, 8:56])
    wide = shown(DATA, "w=64&h=16&fit=crop&fm=png")
    assert np.array_equal(wide, quadrants()[16:32])


def test_scale_stretches() -> None:
    pixels = shown(DATA, "w=32&h=48&fit=scale&fm=png")
    assert pixels.shape == (48, 32, 3)
    assert close([pixels[4, 4], pixels[4, 28], pixels[44, 28]], [RED, GREEN, BLUE])


@pytest.mark.parametrize("bits", [2, 4])
def test_thin_gray_that_opencv_refuses(bits: int) -> None:
    """Four levels, or sixteen, packed into bytes; white is one (Photometric 1)."""
    levels = 1 << bits
    values = np.arange(levels).repeat(16 // levels)[:16]
    packed = bytearray()
    for i in range(0, 16, 8 // bits):
        byte = 0
        for value in values[i : i + 8 // bits]:
            byte = byte << bits | int(value)
        packed.append(byte)
    data = tiff(
        {256: ("L", [16]), 257: ("L", [1]), 258: ("H", [bits]), 259: ("H", [1]), 262: ("H", [1]),
         273: ("L", [8]), 277: ("H", [1]), 278: ("L", [1]), 279: ("L", [len(packed)])},
        bytes(packed).ljust(16, b"\0"),
    )  # fmt: skip
    pixels = pixels_of(ask(data, "fm=png").body, "L")[0]
    assert pixels.tolist() == [round(v * 255 / (levels - 1)) for v in values]


def test_sixteen_bits_that_opencv_refuses_go_through_pillow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ramp = np.linspace(0, 65535, 40).astype(np.uint16)[None].repeat(9, axis=0)
    monkeypatch.setattr(cv2, "imdecode", lambda *arguments: None)
    for image in (ramp, ramp.astype(np.float32) / 65535):
        pixels = shown(saved(image, "TIFF"), mode="L")
        assert close(pixels, np.rint(ramp / 257), 0)


def test_lab_is_relative_to_its_own_white() -> None:
    lab = Image.new("LAB", (8, 8), (128, 128, 128))
    # L 128 of 255 is 50.2 of 100, whose gray in sRGB is 119 (CIE 1976: Y = 0.1856).
    assert close(shown(saved(lab, "TIFF"))[4, 4], (119, 119, 119), 3)


def test_what_a_decoder_makes_must_be_what_the_header_said(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = np.zeros((9, 9, 3), np.uint8)
    monkeypatch.setattr(cv2, "imdecode", lambda *arguments: wrong)
    answer = ask(saved(quadrants(), "WEBP"), "")
    assert (answer.status, b"64x48" in answer.body, b"9x9" in answer.body) == (422, True, True)
    choose(monkeypatch, "spng", False)
    assert ask(DATA, "").status == 422
    monkeypatch.setattr(native, "spng", lambda: SimpleNamespace(load=lambda *arguments: wrong))
    assert ask(DATA, "").status == 422
    jpeg = saved(quadrants(), "JPEG")
    choose(monkeypatch, "simplejpeg", False)
    assert ask(jpeg, "").status == 422
    strict = SimpleNamespace(
        decode_jpeg=lambda *a, **o: wrong, decode_jpeg_header=lambda *a, **o: (48, 64)
    )
    monkeypatch.setattr(native, "simplejpeg", lambda: strict)
    assert ask(jpeg, "").status == 422


@pytest.mark.parametrize("error", [cv2.error("limit"), None])
def test_what_a_decoder_refuses_is_damage(monkeypatch: pytest.MonkeyPatch, error: Any) -> None:
    def refuse(*arguments: Any) -> None:
        if error:
            raise error

    monkeypatch.setattr(cv2, "imdecode", refuse)
    choose(monkeypatch, "spng", False)
    assert ask(DATA, "").status == 422


def test_pillows_own_limits_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """An application may have lowered them, or made its warnings errors; the service has its own."""
    data = saved(quadrants(), "TIFF", compression="tiff_lzw")
    for most in (2000, 1000):  # which is a warning, and a refusal
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert ask(data, "").status == 200


def test_less_quality_is_fewer_bytes() -> None:
    sizes = [len(ask(DATA, f"q={q}&w=63").body) for q in (10, 75, 95)]
    assert sizes == sorted(sizes)
    for format in ("webp", "avif", "jpg"):
        assert opened(ask(DATA, f"q=0&fm={format}").body).size == (64, 48)
