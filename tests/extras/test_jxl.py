"""JPEG XL through the extra, where it is turned on: beside libvips' build of libjxl.

Lossless files are exact. Lossy files differ by two steps at most between two releases.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

import parts
from asking import ask, shown
from originals import cut, flipped
from pictures import close, exif, opened, saved, swapped_profile
from tests.extras import by_vips

parts.need("libvips")
pillow_jxl = parts.module("pillow_jxl")  # writes as a plug-in of Pillow

JXL: dict[str, Any] = {"unsafe_original_formats": {"jxl"}}
Y, X = np.mgrid[0:62, 0:90]
RGB = np.dstack((255 * X / 89, 255 * Y / 61, 255 - 255 * (X + Y) / 151)).astype(np.uint8)
RGBA = np.dstack((RGB, np.linspace(255, 16, 62).astype(np.uint8)[:, None].repeat(90, 1)))
GRAY = (RGB[..., :1] // 2 + RGB[..., 1:2] // 2).copy()
NOISE = np.random.default_rng(2).integers(0, 2**16, (62, 90, 3), np.uint16)


def jxl(pixels: Any, space: str = "srgb", **options: object) -> bytes:
    return by_vips.written(pixels, ".jxl", space, **(options or {"lossless": 1}))


def test_it_is_off_unless_it_is_turned_on() -> None:
    answer = ask(jxl(RGB), original_formats={"png"})
    assert answer.status == 415
    assert b"JPEG XL" in answer.body


@pytest.mark.parametrize(
    ("pixels", "space", "mode"),
    [(RGB, "srgb", "RGB"), (RGBA, "srgb", "RGBA"), (GRAY, "b-w", "L"),
     (np.dstack((GRAY, RGBA[..., 3])), "b-w", "RGBA")],
    ids=["rgb", "rgba", "gray", "gray with alpha"],
)  # fmt: skip
def test_lossless(pixels: Any, space: str, mode: str) -> None:
    expected = pixels[..., 0] if mode == "L" else pixels
    if pixels.shape[2] == 2:
        expected = np.dstack((GRAY, GRAY, GRAY, RGBA[..., 3]))
    assert np.array_equal(shown(jxl(pixels, space), mode=mode, **JXL), expected)


@pytest.mark.parametrize(("pixels", "mode"), [(RGB, "RGB"), (RGBA, "RGBA")])
def test_lossy(pixels: Any, mode: str) -> None:
    data = jxl(pixels, Q=90)
    assert close(shown(data, mode=mode, **JXL), by_vips.read(data), 2)


def test_gray_of_floats() -> None:
    """The plug-in writes them as light, with a profile that says so: sRGB's curve shows them."""
    light = np.linspace(0, 1, 62 * 90).reshape(62, 90)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    data = saved(light.astype(np.float32), "JXL", lossless=True)
    assert close(shown(data, mode="L", **JXL), np.rint(curve * 255), 1)


def test_gray_of_half_floats() -> None:
    """No library here writes them: the header of a lossy picture is made to say so."""
    ramp = np.linspace(0, 1, 62 * 90, dtype=np.float32).reshape(62, 90)
    data = saved(ramp, "JXL", quality=95)
    expected = shown(data, mode="L", **JXL)
    bits = f"{int.from_bytes(data[2:10], 'little'):064b}"[::-1]
    assert bits[26:35] == "00" + "1" + "00" + "1110"  # behind the sides: floats of 32 bits
    bits = bits[:26] + "00" + "1" + "10" + "0010" + bits[35:]
    data = data[:2] + int(bits[::-1], 2).to_bytes(8, "little") + data[10:]
    assert close(shown(data, mode="L", **JXL), expected, 1)


def test_deep() -> None:
    """Gray is kept in 16 bits; colours are rounded to eight by the decoder."""
    data = jxl(NOISE[..., :1].copy(), "grey16")
    assert np.array_equal(
        np.asarray(opened(ask(data, "fm=png&depth=16", **JXL).body)), NOISE[..., 0]
    )
    assert close(shown(data, mode="L", **JXL), np.rint(NOISE[..., 0] / 257), 0)
    assert close(shown(jxl(NOISE, "rgb16"), mode="RGB", **JXL), np.rint(NOISE / 257), 1)


def of_jpeg(value: int) -> bytes:
    """A JPEG with this orientation, taken over without loss: it may be made of the file again."""
    image = opened(saved(RGB, "JPEG", quality=95, exif=exif(value)))
    encoder = pillow_jxl.Encoder(mode="RGB", lossless=False, quality=90)
    data = saved(image, "JPEG", quality=95, exif=exif(value))
    return bytes(encoder(data, image.width, image.height, jpeg_encode=True))


@pytest.mark.parametrize("value", range(1, 9))
def test_upright_exactly_once(value: int) -> None:
    data = of_jpeg(value)
    assert b"jbrd" in data
    expected = shown(saved(RGB, "PNG", exif=exif(value)))
    result = shown(data, mode="RGB", **JXL)
    assert result.shape == expected.shape
    assert close(result, expected, 12)  # two JPEGs, at 95
    assert close(shown(data, "fm=png&orient=1", "RGB", **JXL), RGB, 12)


@pytest.mark.parametrize("options", [{"lossless": 1}, {"Q": 95}])
def test_a_profile_is_honoured(options: dict[str, int]) -> None:
    """As for a PNG with it; lossy files are steeper in the dark."""
    data = jxl(RGB, profile=swapped_profile().hex(), **options)
    expected = shown(saved(RGB, "PNG", icc_profile=swapped_profile()))
    result = shown(data, mode="RGB", **JXL)
    if "lossless" in options:
        assert close(result, expected, 2)
    else:
        assert np.abs(result.astype(int) - expected).mean() < 4
    assert result[2, 85, 1] > 200  # the red corner is green


def test_the_header_is_not_believed() -> None:
    """Another size, in the place of the true one."""
    data = jxl(RGB)
    text = f"{int.from_bytes(data[2:6], 'little'):032b}"[::-1]
    assert text[:3] == "000"  # sides of nine bits
    other = text[:3] + f"{70:09b}"[::-1] + text[12:]
    value = int(other[::-1], 2).to_bytes(4, "little")
    assert ask(data[:2] + value + data[6:], **JXL).status == 422


@pytest.mark.parametrize(
    "data", [jxl(RGB), jxl(RGBA, Q=80), of_jpeg(6)], ids=["lossless", "lossy", "of a jpeg"]
)
def test_damage(data: bytes) -> None:
    assert {ask(short, **JXL).status for short in cut(data)} <= {415, 422}
    for changed in flipped(data):
        assert ask(changed, **JXL).status in (200, 413, 415, 422)


def test_a_byte_of_metadata_that_is_another() -> None:
    block = exif(1).removeprefix(b"Exif\0\0")
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    parts_of = ((b"Exif", bytes(4) + block), (b"xml ", xmp), (b"jxlc", jxl(RGB[:16, :24].copy())))
    data = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl "
    data += b"".join(struct.pack(">L4s", 8 + len(body), kind) + body for kind, body in parts_of)
    for part in (bytes(4) + block, xmp):
        first = data.index(part)
        for at in range(first, first + len(part)):
            broken = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
            for query in ("fm=png", "fm=png&keep=exif"):
                assert np.array_equal(shown(broken, query, "RGB", **JXL), RGB[:16, :24]), at


def test_metadata_that_inflates_is_left_out() -> None:
    """A box of compressed metadata in front of the codestream reaches no decoder."""
    plain = jxl(RGB)
    inflates = struct.pack(">L4s4s", 112, b"brob", b"Exif") + bytes(100)
    file = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl " + inflates
    file += struct.pack(">L4s", 8 + len(plain), b"jxlc") + plain
    assert np.array_equal(shown(file, mode="RGB", **JXL), RGB)
