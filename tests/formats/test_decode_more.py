"""Formats that are off unless turned on: their pixels are those that were written, byte by byte."""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
import pytest

from hostile import noise
from imgmiddleware import ImageRequest, ImageResponse, ImageService
from pictures import close, opened, pixels_of, saved, swapped_profile

NOISE = np.random.default_rng(3).integers(0, 2**16, (31, 45, 4), np.uint16)
BYTES = (NOISE >> 8).astype(np.uint8)
RGB, GRAY = BYTES[..., :3], BYTES[..., 0]
#: Of linear light, some of it brighter than white.
LIGHT = np.random.default_rng(4).random((31, 45, 3), np.float32) * 1.25
ALL = ("jp2", "pnm", "pfm", "hdr", "sun")


def answered(data: bytes, query: str = "fm=png", *formats: str) -> ImageResponse:
    service = ImageService(lambda id: data, unsafe_original_formats=formats or ALL)
    answer = service.handle(ImageRequest("GET", "/image/x", query))
    assert answer is not None
    return answer


def shown(data: bytes, mode: str, query: str = "fm=png") -> Any:
    answer = answered(data, query)
    assert answer.status == 200, answer.body
    return pixels_of(answer.body, mode)


def mode_of(samples: Any) -> str:
    return "L" if samples.ndim == 2 else "RGB" if samples.shape[2] == 3 else "RGBA"


def pnm(kind: int, samples: Any, most: int) -> bytes:
    height, width = samples.shape[:2]
    head = b"P%d # by hand\n%d %d\n" % (kind, width, height)
    head += b"" if kind in (1, 4) else b"%d\n" % most
    if kind == 4:
        return head + np.packbits(samples, axis=1).tobytes()
    if kind <= 3:
        return head + " ".join(map(str, samples.reshape(-1).tolist())).encode() + b"\n"
    return head + samples.astype(">u2" if most > 255 else "u1").tobytes()


@pytest.mark.parametrize("kind", [1, 4])
def test_bitmap(kind: int) -> None:
    """One is black (pbm(5))."""
    bits = GRAY & 1
    assert np.array_equal(shown(pnm(kind, bits, 1), "L"), (1 - bits) * 255)


@pytest.mark.parametrize("kind", [2, 3, 5, 6])
@pytest.mark.parametrize("most", [255, 100, 1])
def test_pnm(kind: int, most: int) -> None:
    """Samples are parts of the largest; halves may be rounded either way."""
    samples = (RGB if kind in (3, 6) else GRAY).astype(int) % (most + 1)
    result = shown(pnm(kind, samples, most), mode_of(samples))
    assert close(result, np.rint(samples * (255 / most)), 0 if most in (1, 255) else 1)


@pytest.mark.parametrize("kind", [2, 3, 5, 6])
@pytest.mark.parametrize("bits", [10, 12, 16])
def test_deep_pnm(kind: int, bits: int) -> None:
    """Most significant byte first; scaled to all of 16 bits, and rounded to eight."""
    most = 2**bits - 1
    samples = (NOISE[..., :3] if kind in (3, 6) else NOISE[..., 0]) & most
    data = pnm(kind, samples, most)
    assert close(shown(data, mode_of(samples)), np.rint(samples * (255 / most)), 0)
    kept = answered(data, "fm=png&depth=16").body
    assert kept[24] == 16
    if kind in (2, 5):  # Pillow has no colour of 16 bits
        assert close(np.asarray(opened(kept)), np.rint(samples * (65535 / most)), 0)


def srgb(light: Any) -> Any:
    """IEC 61966-2-1, to the nearest of 256."""
    light = np.clip(light, 0, 1)
    return np.rint(
        255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    )


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("letter", "fF")
def test_pfm(order: str, letter: str) -> None:
    """From the bottom up; the scale's sign is the order of bytes. More light than white is white."""
    floats = LIGHT if letter == "F" else LIGHT[..., 0]
    scale = "-1.0" if order == "<" else "1.0"
    data = f"P{letter}\n45 31\n{scale}\n".encode() + floats[::-1].astype(order + "f4").tobytes()
    assert close(shown(data, mode_of(floats)), srgb(floats), 1)


def test_pfm_of_what_is_no_number() -> None:
    floats = np.array([[np.nan, np.inf, -np.inf, 1]], "<f4")
    assert shown(b"Pf\n4 1\n-1\n" + floats.tobytes(), "L").tolist() == [[0, 255, 0, 255]]


@pytest.mark.parametrize("runs", [False, True])
def test_hdr(runs: bool) -> None:
    """Three mantissas and their exponent (Ward, Graphics Gems II): value = m / 256 * 2 ** (e - 128)."""
    rgbe = np.dstack(
        (RGB | 128, np.random.default_rng(5).integers(120, 130, (31, 45, 1), np.uint8))
    )
    rows = b""
    for row in rgbe:
        if runs:  # each channel on its own, here in runs of different bytes
            rows += b"\2\2" + struct.pack(">H", 45)
            rows += b"".join(b"\x2d" + row[:, channel].tobytes() for channel in range(4))
        else:
            rows += row.tobytes()
    data = b"#?RADIANCE\n# by hand\nFORMAT=32-bit_rle_rgbe\n\n-Y 31 +X 45\n" + rows
    light = rgbe[..., :3] / 256 * 2.0 ** (rgbe[..., 3:].astype(int) - 128)
    assert close(shown(data, "RGB"), srgb(light), 1)


def sun(samples: Any, depth: int, kind: int = 1, palette: bytes = b"") -> bytes:
    height, width = samples.shape[:2]
    if depth == 1:
        rows = [np.packbits(row).tobytes() for row in samples]
    else:
        rows = [row.tobytes() for row in samples]
    body = b"".join(row + bytes(len(row) % 2) for row in rows)
    if kind == 2:  # 128 begins a run, and 128 0 is the byte itself
        body = body.replace(b"\x80", b"\x80\0")
    head = struct.pack(">8L", 0x59A66A95, width, height, depth, len(body), kind, int(bool(palette)), len(palette))  # fmt: skip
    return head + palette + body


PALETTE = np.random.default_rng(6).integers(0, 256, (3, 256), np.uint8)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (sun(RGB[..., ::-1], 24), RGB),
        (sun(RGB[..., ::-1], 24, 0), RGB),
        (sun(RGB[:, 1:, ::-1], 24, 2), RGB[:, 1:]),
        (sun(RGB, 24, 3), RGB),
        (sun(np.dstack((BYTES[..., 3], RGB[..., ::-1])), 32), RGB),
        (sun(GRAY, 8), GRAY),
        (sun(GRAY[:, 1:], 8, 2), GRAY[:, 1:]),
        (sun(GRAY, 8, palette=PALETTE.tobytes()), PALETTE.T[GRAY]),
        (sun(GRAY & 1, 1), (1 - (GRAY & 1)) * 255),
    ],
    ids=["bgr", "old", "bgr in runs", "rgb", "xbgr", "gray", "gray in runs", "palette", "bitmap"],
)
def test_sun(data: bytes, expected: Any) -> None:
    answer = answered(data)
    assert answer.status == 200, answer.body
    assert np.array_equal(pixels_of(answer.body, mode_of(expected)), expected)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("options", [{}, {"no_jp2": True}, {"tile_size": (16, 16)}])
def test_jpeg_2000(mode: str, options: dict[str, Any]) -> None:
    """Without loss, as Pillow writes it unless it is told otherwise."""
    image = noise(45, 31, "RGBA").convert(mode)
    data = saved(np.asarray(image), "JPEG2000", **options)
    assert np.array_equal(pixels_of(answered(data).body, "RGBA"), np.asarray(image.convert("RGBA")))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_deep_jpeg_2000(channels: int) -> None:
    """By OpenCV's writer, told to lose nothing."""
    samples = np.random.default_rng(8).integers(0, 2**16, (64, 64, channels), np.uint16)
    order = [2, 1, 0, 3][:channels]
    best = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000]
    data = cv2.imencode(".jp2", samples[..., order] if channels > 1 else samples, best)[1].tobytes()
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    expected = np.rint(samples / 257)
    assert close(shown(data, mode), expected[..., 0] if channels == 1 else expected, 0)
    assert answered(data, "fm=png&depth=16").body[24] == 16


def test_the_profile_of_a_jpeg_2000_is_honoured() -> None:
    """In the place of the enumerated colours, red and green exchanged: as of a PNG with it."""
    flat = np.full((31, 45, 3), (220, 30, 60), np.uint8)
    data = saved(flat, "JPEG2000")
    place = data.index(b"colr") - 4
    method = b"colr\2\0\0" + swapped_profile()
    box = struct.pack(">L", len(method) + 4) + method
    header = data.index(b"jp2h") - 4
    grown = int.from_bytes(data[header : header + 4], "big") + len(box) - 15
    data = (
        data[:header]
        + struct.pack(">L", grown)
        + data[header + 4 : place]
        + box
        + data[place + 15 :]
    )
    expected = shown(saved(flat, "PNG", icc_profile=swapped_profile()), "RGB")
    assert close(shown(data, "RGB"), expected, 0)
    assert expected[0, 0, 1] > 200


def test_what_is_not_turned_on_is_refused_by_name() -> None:
    data = saved(RGB, "PPM")
    answer = answered(data, "fm=png", "hdr")
    assert answer.status == 415
    assert b"PNM" in answer.body
    assert answered(data, "fm=png", "pnm").status == 200


@pytest.mark.parametrize("data", [
    saved(RGB, "JPEG2000"), sun(RGB, 24, 3), pnm(6, RGB, 255), pnm(3, RGB, 255),
    b"PF\n45 31\n-1.0\n" + LIGHT.tobytes(),
], ids=["jp2", "sun", "pnm", "pnm plain", "pfm"])  # fmt: skip
def test_damage_is_a_picture_or_a_refusal(data: bytes) -> None:
    for at in range(10):
        assert answered(data[: len(data) * at // 10]).status in (415, 422)
    dice = np.random.default_rng(7)
    for _ in range(20):
        changed = bytearray(data)
        changed[dice.integers(len(data))] ^= 1 << dice.integers(8)
        assert answered(bytes(changed)).status in (200, 413, 415, 422)
