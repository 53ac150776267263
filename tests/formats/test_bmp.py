"""BMP headers against Pillow and OpenCV, and every kind of damage."""

from __future__ import annotations

import io
import struct

import cv2
import pytest
from PIL import Image

from imgmiddleware.formats.probe import read_profile, vet
from originals import probe, refusal, survive
from pictures import noise, read_by_opencv, saved
from rasters import bmp as a_bmp

MASKS = {16: (0xF800, 0x07E0, 0x001F), 32: (0xFF0000, 0xFF00, 0xFF)}
BGRA = struct.pack("<4L", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)


def bmp(
    bits: int, compression: int = 0, size: int = 40, masks: bytes = b"", *,
    width: int = 4, height: int = 2, colors: int = 0, planes: int = 1, gray: bool = False,
    body: bytes | None = None, offset: int | None = None,
) -> bytes:  # fmt: skip
    """A bitmap of any header; its rows are counted up bytes."""
    step = bytes(3) if gray else bytes((0, 1, 2))
    table = [
        bytes((n % 250 + s) for s in step) + bytes(0 if size == 12 else 1)
        for n in range(colors or 1 << min(bits, 8))
    ]
    rows = abs(height) * ((width * bits + 31) // 32 * 4)
    return a_bmp(
        bits, (bytes(range(256)) * (rows // 256 + 1))[:rows] if body is None else body, compression,
        size=(width, height), header=size, masks=masks, palette=b"".join(table) if bits <= 8 else b"",
        colors=colors, planes=planes, offset=offset,
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_agrees_with_pillow(mode: str) -> None:
    data = saved(noise(53, 31).convert(mode), "BMP")
    facts = probe(data)
    assert (facts.width, facts.height) == Image.open(io.BytesIO(data)).size
    pixels = read_by_opencv(data)
    assert facts.color == ("gray" if pixels.ndim == 2 else "rgb")
    assert (facts.alpha, facts.frames, facts.depth, facts.orientation) == (False, 1, 8, 1)
    assert vet(data, facts) is data
    assert read_profile(data, facts) is None


@pytest.mark.parametrize("size", [40, 52, 56, 64, 108, 124])
@pytest.mark.parametrize("bits", [1, 4, 8, 16, 24, 32])
@pytest.mark.parametrize("height", [2, -2])
def test_uncompressed_headers(size: int, bits: int, height: int) -> None:
    data = bmp(bits, size=size, height=height)
    facts = probe(data)
    pixels = read_by_opencv(data)
    assert (facts.height, facts.width) == pixels.shape[:2] == (2, 4)
    assert facts.color == ("gray" if pixels.ndim == 2 else "rgb")


@pytest.mark.parametrize("bits", [1, 4, 8, 24])
def test_core_header_is_colour_though_unchanged_gives_gray(bits: int) -> None:
    """A fact that the decode step must know: IMREAD_COLOR is right, IMREAD_UNCHANGED is not."""
    data = bmp(bits, size=12)
    assert probe(data).color == "rgb"
    assert read_by_opencv(data).ndim == 2
    assert read_by_opencv(data, cv2.IMREAD_COLOR).ndim == 3


def test_gray_palette() -> None:
    assert probe(bmp(8, gray=True)).color == "gray"
    assert probe(bmp(8, gray=True, size=12)).color == "gray"


@pytest.mark.parametrize(
    ("data", "alpha"),
    [
        (bmp(32, 3, 56, BGRA), True),
        (bmp(32, 3, 124, BGRA), True),
        (bmp(32, 3, 108, BGRA[:12]), False),
        (bmp(32, 3, 40, BGRA[:12]), False),
        (bmp(32, 0, 124, BGRA), False),
        (bmp(16, 3, 40, struct.pack("<3L", *MASKS[16])), False),
        (bmp(16, 3, 40, struct.pack("<3L", 0x7C00, 0x3E0, 0x1F)), False),
    ],
)
def test_alpha_is_a_mask(data: bytes, alpha: bool) -> None:
    assert probe(data).alpha is alpha
    assert read_by_opencv(data) is not None


RUNS = b"\x04\x01\0\0\x04\x02\0\0\0\1"


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("", bmp(8, 1, body=RUNS)),
        ("", bmp(4, 2, body=RUNS)),
        ("", bmp(8, colors=3)),
        ("damaged-original", bmp(24)[:-1]),
        ("damaged-original", bmp(24)[:30]),
        ("damaged-original", bmp(8)[:80]),  # inside its palette
        ("damaged-original", bmp(24, width=0)),
        ("damaged-original", bmp(24, width=-4)),
        ("damaged-original", bmp(24, planes=2)),
        ("damaged-original", bmp(2)),
        ("damaged-original", bmp(8, colors=257)),
        ("damaged-original", bmp(24, offset=20)),
        ("damaged-original", bmp(24, offset=10_000)),
        ("damaged-original", bmp(8, 1, body=RUNS, height=-2)),
        ("damaged-original", bmp(24, 1)),
        ("damaged-original", bmp(32, size=12)),
        ("damaged-original", bmp(8, 1, body=RUNS, width=64, height=64)),
        ("damaged-original", bmp(24, width=9, height=4, body=bytes(100))),
        ("unsupported-feature", bmp(24, 4)),  # a JPEG inside
        ("unsupported-feature", bmp(32, 6, 40, BGRA)),
        ("unsupported-feature", bmp(16, 3, 64, bytes(12))),
        ("unsupported-feature", bmp(16, 3, 124, struct.pack("<3L", *MASKS[16]))),
        ("unsupported-feature", bmp(16, 3, 40, struct.pack("<3L", 0xF00, 0xF0, 0xF))),
        ("unsupported-feature", bmp(32, 3, 52, struct.pack("<3L", 0xFF, 0xFF00, 0xFF0000))),
        ("unknown-format", b"BMore text than picture"),
    ],
)  # fmt: skip
def test_structure(code: str, data: bytes) -> None:
    assert refusal(data) == code


def test_profile_of_a_v5_header() -> None:
    whole = bytearray(bmp(24, size=124) + b"profile")
    whole[70:74] = b"DEBM"
    struct.pack_into("<LL", whole, 14 + 112, len(whole) - 7 - 14, 7)
    assert read_profile(bytes(whole), probe(bytes(whole))) == b"profile"
    struct.pack_into("<L", whole, 14 + 116, 8)
    assert read_profile(bytes(whole), probe(bytes(whole))) == b""


@pytest.mark.parametrize("data", [bmp(8), bmp(32, 3, 124, BGRA), bmp(4, 2, body=RUNS)])
def test_survives_damage(data: bytes) -> None:
    assert survive(data, 100) > 20
