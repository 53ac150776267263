"""JPEG 2000, written byte by byte and as Pillow writes it."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from files import box
from imgmiddleware.formats.probe import read_profile
from originals import probe, refusal, survive
from pictures import SRGB, noise, saved


def siz(
    width: int = 45, height: int = 31, channels: int = 3, depth: int = 7, step: int = 1, left: int = 0,
    tile: tuple[int, int] = (512, 512), last: tuple[int, ...] = (),
) -> bytes:  # fmt: skip
    """A codestream's first two markers (ISO/IEC 15444-1, annex A)."""
    parts = struct.pack("BBB", depth, step, step) * (channels - bool(last)) + bytes(last)
    body = struct.pack(">H8LH", 0, width + left, height, left, 0, *tile, 0, 0, channels) + parts
    return b"\xff\x4f\xff\x51" + struct.pack(">H", len(body) + 2) + body + bytes(40)


def jp2(
    code: bytes,
    *,
    size: tuple[int, int, int] = (31, 45, 3),
    color: bytes = b"\1\0\0\0\0\0\x10",
    more: bytes = b"",
) -> bytes:
    header = box(b"ihdr", struct.pack(">LLHBBBB", *size, 7, 7, 0, 0)) + box(b"colr", color) + more
    kind = box(b"ftyp", b"jp2 ", bytes(4), b"jp2 ")
    return b"\0\0\0\x0cjP  \r\n\x87\n" + kind + box(b"jp2h", header) + box(b"jp2c", code)


@pytest.mark.parametrize(
    ("channels", "color", "alpha"),
    [(1, "gray", False), (2, "gray", True), (3, "rgb", False), (4, "rgb", True)],
)
@pytest.mark.parametrize("depth", [8, 16])
def test_jpeg_2000(channels: int, color: str, alpha: bool, depth: int) -> None:
    code = siz(channels=channels, depth=depth - 1, left=9)
    space = b"\1\0\0\0\0\0" + (b"\x10" if color == "rgb" else b"\x11")
    for data in (code, jp2(code, size=(31, 45, channels), color=space)):
        facts = probe(data)
        assert (facts.width, facts.height, facts.color, facts.alpha) == (45, 31, color, alpha)
        assert (facts.format, facts.depth) == ("jp2", depth)


def test_jpeg_2000_as_pillow_writes_it() -> None:
    for mode in ("L", "RGB", "RGBA"):
        for options in ({}, {"no_jp2": True}, {"tile_size": (16, 16)}):
            data = saved(noise(45, 31, mode), "JPEG2000", **options)
            with Image.open(io.BytesIO(data)) as image:
                assert (probe(data).width, probe(data).height) == image.size
            assert read_profile(data, probe(data)) is None


def test_the_profile_of_a_jpeg_2000() -> None:
    data = jp2(siz(), color=b"\2\0\0" + SRGB)
    assert read_profile(data, probe(data)) == SRGB


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("damaged-original", siz(width=0)),
        ("damaged-original", siz(tile=(0, 512))),
        ("unsupported-feature", siz(1024, 1040, tile=(16, 16))),
        ("unsupported-feature", siz(channels=5)),
        ("unsupported-feature", siz(step=2)),
        ("unsupported-feature", siz(last=(7, 2, 2))),
        ("unsupported-feature", siz(depth=11)),
        ("unsupported-feature", siz(depth=0x87)),  # with a sign
        ("damaged-original", siz()[:30]),
        ("damaged-original", jp2(siz(), size=(10, 10, 3))),
        ("damaged-original", jp2(siz())[:60]),
        ("damaged-original", jp2(bytes(99))),
        ("unsupported-feature", jp2(siz(), color=b"\1\0\0\0\0\0\x0c")),  # CMYK
        ("unsupported-feature", jp2(siz(), color=b"\1\0\0\0\0\0\x12")),  # YCC
        ("unsupported-feature", jp2(siz(), more=box(b"pclr", bytes(9)))),
    ],
)  # fmt: skip
def test_refusals(code: str, data: bytes) -> None:
    assert refusal(data) == code


def test_broken_copies() -> None:
    assert survive(jp2(siz())) > 20
