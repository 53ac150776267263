"""Pillow's images: each mode against what Pillow itself makes of it, before and after it is loaded."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from imgmiddleware.pixels.orientation import Orientation
from imgmiddleware.pixels.pillow import PillowImage
from pictures import noise, quadrants, saved

RGB = noise(mode="RGB")


def clear(image: Image.Image) -> Image.Image:
    image.info["transparency"] = 3 if image.mode in "LP" else (1, 2, 3)
    return image


MODES = {
    "1": (RGB.convert("1"), "1"),
    "L": (RGB.convert("L"), "L"),
    "LA": (RGB.convert("LA"), "LA"),
    "La": (RGB.convert("LA").convert("La"), "LA"),
    "P": (RGB.quantize(50), "RGB"),
    "P with a clear colour": (clear(RGB.quantize(50)), "RGBA"),
    "PA": (RGB.quantize(50).convert("PA"), "RGBA"),
    "L with a clear gray": (clear(RGB.convert("L")), "RGBA"),
    "RGB": (RGB, "RGB"),
    "RGB with a clear colour": (clear(noise(mode="RGB")), "RGBA"),
    "RGBX": (RGB.convert("RGBX"), "RGB"),
    "RGBA": (noise(mode="RGBA"), "RGBA"),
    "RGBa": (noise(mode="RGBA").convert("RGBa"), "RGBA"),
    "CMYK": (RGB.convert("CMYK"), "CMYK"),
    "YCbCr": (RGB.convert("YCbCr"), "RGB"),
    "HSV": (RGB.convert("HSV"), "RGB"),
    "I": (RGB.convert("I"), "I"),
    "F": (RGB.convert("F"), "F"),
}


@pytest.mark.parametrize("name", MODES)
def test_modes(name: str) -> None:
    image, mode = MODES[name]
    values = PillowImage(image)
    array = values.array()
    assert np.array_equal(array, np.asarray(image.convert(mode)))
    assert (array.shape, array.dtype) == (values.shape, values.dtype)
    assert values.inks == (mode == "CMYK")


def test_lab_as_pillow_converts_it() -> None:
    """There and back by LittleCMS: some steps of rounding are lost."""
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    smooth = Image.fromarray(quadrants())
    image: Any = ImageCms.profileToProfile(smooth, srgb, lab, outputMode="LAB")
    image.info["icc_profile"] = b"a profile of Lab"
    values = PillowImage(image)
    assert (values.shape, values.profile) == ((48, 64, 3), None)
    assert np.abs(values.array().astype(int) - quadrants()).max() <= 6


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B", "I;16N"])
def test_sixteen_bits(mode: str) -> None:
    samples = np.arange(12).reshape(3, 4) * 5001
    order = ">u2" if mode == "I;16B" else "<u2"
    image = Image.frombytes(mode, (4, 3), samples.astype(order).tobytes(), "raw", mode)
    values = PillowImage(image)
    assert values.array().tolist() == samples.tolist()
    assert values.array().dtype == values.dtype


def test_nothing_is_loaded_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image.open(io.BytesIO(saved(RGB, "JPEG")))
    with monkeypatch.context() as loading:
        loading.setattr(type(image), "load", lambda self: pytest.fail("it was loaded"))
        values = PillowImage(image)
        assert (values.shape, values.dtype, values.orientation) == ((48, 64, 3), np.uint8, 1)
    assert np.array_equal(values.array(), np.asarray(image))


def turned(format: str, number: int) -> Any:
    exif = Image.Exif()
    exif[0x0112] = number
    return Image.open(io.BytesIO(saved(quadrants(), format, exif=exif.tobytes())))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("number", [1, 3, 6, 8])
def test_it_is_turned_by_its_exif(format: str, number: int) -> None:
    from PIL import ImageOps

    values = PillowImage(turned(format, number))
    shape, orientation = values.shape, values.orientation
    upright = orientation.apply(values.array())
    assert shape == values.array().shape
    wanted = np.asarray(ImageOps.exif_transpose(turned(format, number)))
    assert np.array_equal(upright, wanted)
    assert values.orientation == orientation  # after it was loaded


def test_an_orientation_that_is_none() -> None:
    assert PillowImage(turned("JPEG", 99)).orientation == Orientation.UPRIGHT
    assert PillowImage(noise()).orientation == Orientation.UPRIGHT
