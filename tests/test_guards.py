"""Refusals before a decoder sees the file: each file breaks one rule, and by little.

Beside each stands the file that keeps the rule, which is decoded. All decoders survive both.
"""

from __future__ import annotations

import io
import struct
import zlib
from importlib import import_module
from typing import Any, NamedTuple

import pytest
from PIL import Image

from asking import ask, refused
from counting import count_decoders
from files import ALPHA, PIXI, PNG, AvifItem, av1, avif, chunk, coded, ihdr, ispe, resized_jpeg
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.sources import BytesOriginal
from pictures import SRGB, noise, saved

FLAT = Image.new("RGB", (64, 48), "red")
ROWS = zlib.compress(bytes(48 * (1 + 3 * 64)))
END = chunk(b"IEND", b"")


class Guard(NamedTuple):
    keeps: bytes
    breaks: bytes
    code: str = "damaged-original"
    limit: tuple[str, str, int] | None = None  # module, name and value, set low for the test


def claimed(kind: bytes, data: bytes, more: int = 4) -> bytes:
    """A PNG chunk at the end of its file that claims some bytes `more` than there are."""
    return struct.pack(">L", len(data) + more) + chunk(kind, data)[4:]


def png(*chunks: bytes) -> bytes:
    return b"".join((PNG, ihdr(64, 48), *chunks))


def control(number: int) -> bytes:
    return chunk(b"fcTL", struct.pack(">LLLLLHHBB", number, 64, 48, 0, 0, 1, 10, 0, 0))


def moving(*frames: bytes) -> bytes:
    """An animation of two frames: that in IDAT, and one of `frames`, which fdAT chunks hold."""
    two = chunk(b"acTL", struct.pack(">LL", 2, 0))
    return png(two, control(0), chunk(b"IDAT", ROWS), control(1), *frames)


SECOND = struct.pack(">L", 2) + ROWS


def gif(width: int, height: int) -> bytes:
    """One image, whose four bytes of codes are one pixel."""
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    image = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02D\x01\0;"
    return b"GIF89a" + screen + image


def webp(width: int) -> bytes:
    """A container of this width around a picture of 64 x 48."""
    whole = bytearray(saved(noise(mode="RGBA"), "WEBP"))
    whole[24:27] = (width - 1).to_bytes(3, "little")
    return bytes(whole)


def two_sequences(width: int) -> bytes:
    """An item whose data has a second sequence header."""
    first, config = av1(64, 48)
    return avif([AvifItem(first + av1(width, 48)[0], (ispe(64, 48), config))])


def with_alpha(width: int) -> bytes:
    """A picture of 64 x 48, whose alpha plane says so too and is of this width."""
    data, config = av1(width, 48)
    colored, colors = av1(64, 48, "RGB")
    alpha = AvifItem(data, (ispe(64, 48), PIXI, config, ALPHA), references=((b"auxl", (1,)),))
    return avif([AvifItem(colored, (ispe(64, 48), colors)), alpha])


#: A baseline JPEG of 12 x 2 blocks of 16 x 16, whose codes can fill 8 times as many at most.
JPEG = saved(FLAT, "JPEG")
PROGRESSIVE = saved(noise(), "JPEG", progressive=True)  # in ten scans

GUARDS = {
    "jpeg: more pixels than its codes can fill": Guard(JPEG, resized_jpeg(JPEG, 400, 300)),
    "jpeg: a scan too many": Guard(
        saved(noise(), "JPEG"), PROGRESSIVE, limit=("jpeg.segments", "MAX_SCANS", 9)
    ),
    **{
        f"png: {kind.decode()} claims more than there is": Guard(whole, whole[:-size] + last)
        for kind, whole, size, last in (
            (b"tEXt", png(chunk(b"IDAT", ROWS), chunk(b"tEXt", b"a\0b"), END), 15 + 12, claimed(b"tEXt", b"a\0b")),
            (b"IDAT", png(chunk(b"IDAT", ROWS), END), len(ROWS) + 24, claimed(b"IDAT", ROWS)),
            (b"fdAT", moving(chunk(b"fdAT", SECOND), END), len(SECOND) + 24, claimed(b"fdAT", SECOND)),
        )
    },
    "png: more rows than its stream can hold": Guard(
        png(chunk(b"IDAT", ROWS), END),
        PNG + ihdr(400, 300) + chunk(b"IDAT", ROWS) + END,
    ),
    "png: a chunk too many": Guard(
        png(chunk(b"IDAT", ROWS), END), png(chunk(b"tEXt", b"a\0b") * 3, chunk(b"IDAT", ROWS), END),
        limit=("png.chunks", "MAX_CHUNKS", 5),
    ),
    "gif: more pixels than its codes can fill": Guard(gif(1, 1), gif(200, 100)),
    "bmp: a byte of its rows is not there": Guard(saved(noise(), "BMP"), saved(noise(), "BMP")[:-1]),
    "tiff: a byte of its rows is not there": Guard(
        saved(noise(), "TIFF"), saved(noise(), "TIFF")[:-1]
    ),
    "webp: a container 48 pixels wider than its picture": Guard(webp(64), webp(112)),
    "avif: a picture 48 pixels wider than its container": Guard(
        avif([coded(64, 48)]), avif([coded(112, 48, claims=(64, 48))])
    ),
    "avif: a second picture in its data, 48 pixels wider": Guard(
        avif([coded(64, 48)]), two_sequences(112)
    ),
    "avif: an alpha plane 48 pixels wider than its picture": Guard(
        with_alpha(64), with_alpha(112)
    ),
}  # fmt: skip


def lowered(monkeypatch: pytest.MonkeyPatch, module: str, name: str, value: int) -> None:
    monkeypatch.setattr(import_module(f"imgmiddleware.formats.{module}"), name, value)


@pytest.mark.parametrize("what", GUARDS)
def test_refused_and_never_decoded(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = GUARDS[what]
    assert refused(guard.keeps) == (200, "")
    if guard.limit:
        assert refused(guard.breaks) == (200, "")
        lowered(monkeypatch, *guard.limit)
    called = count_decoders(monkeypatch)
    for query in ("", "w=9", "fm=png", "anim=1&fm=webp"):
        assert refused(guard.breaks, query) == (422, guard.code)
    assert not any(called.values())


FORMATS_WRITTEN = ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP"]


@pytest.mark.parametrize("format", FORMATS_WRITTEN)
@pytest.mark.parametrize("limit", ["max_source_pixels", "max_source_bytes", "max_source_memory"])
def test_over_a_limit_and_never_decoded(
    format: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By one pixel, by one byte of the file, and by one byte that its decoder may allocate; where
    all of it is read.
    """
    mode = {"BMP": "1", "TIFF": "LAB"}.get(format, "RGB")  # which are not read by pieces
    data = saved(noise(), format, mode, **({"compression": "tiff_lzw"} if format == "TIFF" else {}))
    takes = {
        "max_source_pixels": 64 * 48,
        "max_source_bytes": len(data),
        "max_source_memory": read_facts(BytesOriginal(data), FORMATS).decode_bytes,
    }[limit]
    called = count_decoders(monkeypatch)
    code = limit.removeprefix("max_").replace("_", "-")
    assert refused(data, "w=9", **{limit: takes - 1}) == (413, code)
    assert not any(called.values())
    assert refused(data, "w=9", **{limit: takes}) == (200, "")
    assert any(called.values()) or format == "BMP"  # which is decoded here


def handed_on(called: dict[str, list[Any]]) -> bytes:
    """The one file that one decoder was given."""
    ((data, *_),) = [call for calls in called.values() for call in calls]
    return bytes(data)


def test_chunks_of_an_animation_reach_no_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A valid one, of which each decode sees one frame as a still picture."""
    data = moving(chunk(b"fdAT", SECOND), END)
    assert Image.open(io.BytesIO(data)).n_frames == 2
    called = count_decoders(monkeypatch)
    assert refused(data) == (200, "")
    assert handed_on(called) == png(chunk(b"IDAT", ROWS), END)


def test_what_stands_beside_the_pixels_reaches_no_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = b"x\0\0" + zlib.compress(b"words")
    clear = chunk(b"tRNS", bytes(6))  # so that it is decoded whole
    beside = (chunk(b"zTXt", packed), chunk(b"iTXt", b"x\0\1\0\0\0" + packed[3:]))
    called = count_decoders(monkeypatch)
    assert refused(png(*beside, clear, chunk(b"IDAT", ROWS), END)) == (200, "")
    assert handed_on(called) == png(clear, chunk(b"IDAT", ROWS), END)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_profile_over_the_bound_is_not_used(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By one byte, inflated; the picture is made without it, and says so."""
    data = saved(noise(), format, icc_profile=SRGB)
    assert ask(data).header("image-notes") is None
    module = {"PNG": "png.colors", "TIFF": "tiff.page"}.get(format, f"{format.lower()}.facts")
    lowered(monkeypatch, module, "MAX_PROFILE", len(SRGB))
    assert ask(data).header("image-notes") is None
    lowered(monkeypatch, module, "MAX_PROFILE", len(SRGB) - 1)
    answer = ask(data)
    assert (answer.status, answer.header("image-notes")) == (200, "profile-ignored")
