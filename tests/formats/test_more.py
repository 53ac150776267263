"""The formats that are off unless somebody turns them on, written byte by byte."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from imgmiddleware.formats import read_profile, vet
from tests.formats.originals import probe, refusal, survive
from tests.hostile import box, encode, noise
from tests.pictures import SRGB


def sun(width: int = 5, height: int = 3, depth: int = 24, kind: int = 1, rows: int | None = None,
        palette: bytes = b"") -> bytes:  # fmt: skip
    size = -(-width * depth // 16) * 2 * height if rows is None else rows
    head = struct.pack(
        ">8L", 0x59A66A95, width, height, depth, size, kind, int(bool(palette)), len(palette)
    )
    return head + palette + bytes(size)


def hdr(size: bytes = b"-Y 3 +X 5\n", body: int = 60, form: bytes = b"32-bit_rle_rgbe") -> bytes:
    return b"#?RADIANCE\nFORMAT=" + form + b"\n\n" + size + bytes(body)


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
    ("data", "expected"),
    [
        (b"P1\n5 3\n" + b"1 0 1 0 1\n" * 3, ("pnm", "gray", 8, 8)),
        (b"P2 # a comment\n#another\n5 3\n200\n" + b"1 2 3 4 5\n" * 3, ("pnm", "gray", 8, 8)),
        (b"P3\n5 3\n1023\n" + b"1 2 3\n" * 15, ("pnm", "rgb", 16, 10)),
        (b"P4\n5 3\n" + bytes(3), ("pnm", "gray", 8, 8)),
        (b"P5\n5 3 65535\n" + bytes(30), ("pnm", "gray", 16, 16)),
        (b"P6\n5 3 255\n" + bytes(45), ("pnm", "rgb", 8, 8)),
        (b"Pf\n5 3\n-1.0\n" + bytes(60), ("pfm", "gray", 32, 32)),
        (b"PF\n5 3\n1\n" + bytes(180), ("pfm", "rgb", 32, 32)),
        (hdr(), ("hdr", "rgb", 32, 32)),
        (hdr().replace(b"RADIANCE", b"RGBE"), ("hdr", "rgb", 32, 32)),
        (sun(), ("sun", "rgb", 8, 8)),
        (sun(depth=32), ("sun", "rgb", 8, 8)),
        (sun(depth=8), ("sun", "gray", 8, 8)),
        (sun(depth=8, palette=bytes(768)), ("sun", "rgb", 8, 8)),
        (sun(depth=1, kind=0), ("sun", "gray", 8, 8)),
        (sun(depth=8, palette=bytes(3), kind=1), ("sun", "rgb", 8, 8)),
    ],
)  # fmt: skip
def test_facts(data: bytes, expected: tuple[str, str, int, int]) -> None:
    facts = probe(data)
    assert (facts.format, facts.color, facts.depth, facts.bits) == expected
    assert (facts.width, facts.height, facts.alpha, facts.frames) == (5, 3, False, 1)
    assert facts.decode_bytes >= 5 * 3 * (1 if facts.color == "gray" else 3) * facts.depth // 8
    assert vet(data, facts) is data
    assert read_profile(data, facts) is None


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
            data = encode(noise(45, 31, mode), "JPEG2000", **options)
            with Image.open(io.BytesIO(data)) as image:
                assert (probe(data).width, probe(data).height) == image.size
            assert read_profile(data, probe(data)) is None


def test_the_profile_of_a_jpeg_2000() -> None:
    data = jp2(siz(), color=b"\2\0\0" + SRGB)
    assert read_profile(data, probe(data)) == SRGB


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("damaged-original", b"P6\n5 3 255\n" + bytes(44)),
        ("damaged-original", b"P3\n5 3 255\n" + b"1 2 3\n" * 14),
        ("damaged-original", b"P1\n5 3\n" + b"1" * 14),
        ("damaged-original", b"P5\n5 3 0\n" + bytes(15)),
        ("damaged-original", b"P5\n5 3 65536\n" + bytes(30)),
        ("unsupported-feature", b"P5\n5 3 1000\n" + bytes(30)),
        ("damaged-original", b"P5\n-5 3 255\n" + bytes(30)),
        ("damaged-original", b"P5\n0 3 255\n" + bytes(30)),
        ("damaged-original", b"P5\n5 3 255"),
        ("damaged-original", b"P5\n#" + bytes(5000)),
        ("damaged-original", b"P5\n" + b"9" * 21 + b" 1 255\n"),
        ("damaged-original", b"P5\n65500 65500 255\n" + bytes(60)),
        ("damaged-original", b"PF\n5 3\n1\n" + bytes(179)),
        ("damaged-original", b"PF\n5 3\n0\n" + bytes(180)),
        ("damaged-original", b"PF\n5 3\nnan\n" + bytes(180)),
        ("damaged-original", b"PF\n5 3\none\n" + bytes(180)),
        ("damaged-original", hdr(body=35)),
        ("damaged-original", hdr(b"-Y 30000 +X 30000\n")),
        ("unsupported-feature", hdr(b"+Y 3 +X 5\n")),
        ("unsupported-feature", hdr(form=b"32-bit_rle_xyze")),
        ("damaged-original", b"#?RADIANCE\n" + bytes(99)),
        ("damaged-original", sun(rows=47)),
        ("damaged-original", sun(width=0)),
        ("damaged-original", sun(60000, 60000, rows=99)),
        ("damaged-original", sun(600, 600, kind=2, rows=99)),
        ("unsupported-feature", sun(kind=4)),
        ("unsupported-feature", sun(depth=32, kind=3)),
        ("unsupported-feature", sun(depth=24, kind=2)),
        ("", sun(width=6, depth=24, kind=2, rows=3)),
        ("unsupported-feature", sun(depth=16)),
        ("unsupported-feature", sun(depth=24, palette=bytes(768))),
        ("damaged-original", siz(width=0)),
        ("damaged-original", siz(tile=(0, 512))),
        ("unsupported-feature", siz(60000, 60000, tile=(16, 16))),
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


@pytest.mark.parametrize(
    "data", [b"P6\n5 3 255\n" + bytes(45), b"PF\n5 3\n1\n" + bytes(180), hdr(), sun(), jp2(siz())]
)
def test_broken_copies(data: bytes) -> None:
    assert survive(data) > 20


def test_a_word_of_samples_is_counted_by_hand() -> None:
    """Two bytes a sample of plain text at least, but for the last one's space: 15 samples, 29."""
    assert np.prod((5, 3)) * 2 - 1 == 29
    assert refusal(b"P2\n5 3\n9\n" + b"1 " * 14 + b"1") == ""
    assert refusal(b"P2\n5 3\n9\n" + b"1 " * 14) == "damaged-original"
