"""PNG: written by hand, read by Pillow, OpenCV and zlib; chosen filters against the specification."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from counting import returned
from files import png_chunks
from imgmiddleware.formats import native
from imgmiddleware.formats.encode import encode
from imgmiddleware.formats.png import write_stream
from imgmiddleware.formats.png.filters import FILTERS
from imgmiddleware.formats.png.write import png, way_for
from imgmiddleware.imaging.engine import engine
from native import choose
from pictures import photo_like, read_by_opencv

RANDOM = np.random.default_rng(7)


@pytest.fixture(params=["zlib", "zlib-ng"])
def part(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two that may be installed."""
    choose(monkeypatch, "zlib_ng", request.param == "zlib-ng")
    return str(request.param)


def rows_of(data: bytes) -> Any:
    """The filtered rows, each with its filter's number first."""
    found = dict(png_chunks(data))
    _, height = struct.unpack_from(">LL", found[b"IHDR"])
    return np.frombuffer(zlib.decompress(found[b"IDAT"]), np.uint8).reshape(height, -1)


def noise(*shape: int, dtype: type = np.uint8) -> Any:
    return RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def text(width: int = 320, height: int = 200) -> Any:
    """Black and coloured letters on a light ground: more than 256 colours, and flat."""
    image = Image.new("RGB", (width, height), (246, 247, 249))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    for number, y in enumerate(range(4, height - 12, 14)):
        draw.text((6, y), "the quick brown fox jumps over it", (9 * number, 20, 30), font)
    return np.asarray(image)[..., ::-1]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "shape",
    [(1, 1), (1, 7, 3), (7, 1, 3), (3, 5), (33, 20, 4), (61, 43, 3), (300, 500, 3), (200, 90000)],
)
def test_what_is_written_is_what_is_read(shape: tuple[int, ...], dtype: type, part: str) -> None:
    pixels = noise(*shape, dtype=dtype)
    back = read_by_opencv(png(pixels))
    assert back.dtype == dtype
    assert np.array_equal(back, pixels)


@pytest.mark.parametrize("number", FILTERS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_each_filter_is_undone_by_other_readers(
    number: int, channels: int, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    # All but one are so dear that they are not chosen.
    for other, filter in FILTERS.items():
        monkeypatch.setitem(
            FILTERS,
            other,
            type(filter)(filter.predict, filter.scratch, 1e-9 if other == number else 1e9),
        )
    # Small steps and large ones, equal neighbours and ties: every branch of Paeth's.
    pixels = np.concatenate(
        [
            noise(40, 60, channels),
            noise(40, 60, channels) // 64,
            noise(40, 60, channels) // 128 * 255,
        ]
    )
    pixels = pixels[..., 0] if channels == 1 else pixels
    data = png(pixels)
    assert set(rows_of(data)[:, 0]) == {number}
    assert np.array_equal(read_by_opencv(data), pixels)
    with Image.open(io.BytesIO(data)) as image:
        seen = np.asarray(image)
    assert np.array_equal(seen, pixels if channels == 1 else pixels[..., [2, 1, 0, 3][:channels]])


def test_what_suits_a_photo_and_what_a_drawing() -> None:
    photo, drawing = photo_like(320, 200), text()
    assert len(np.unique(drawing.reshape(-1, 3), axis=0)) > 256
    assert way_for(photo).strategy == zlib.Z_HUFFMAN_ONLY
    assert way_for(drawing).strategy == zlib.Z_DEFAULT_STRATEGY


def test_the_filter_that_leaves_least() -> None:
    # Each row is the one above plus one: "up" leaves ones, and nothing else does (clause 9.2).
    rows = noise(1, 100, 3) + np.arange(200, dtype=np.uint8)[:, None, None]
    assert set(rows_of(png(rows))[:, 0]) == {2}
    assert set(rows_of(png(np.ascontiguousarray(rows.swapaxes(0, 1))))[:, 0]) == {1}


@pytest.mark.parametrize("make", [lambda: photo_like(320, 200), text], ids=["photo", "drawing"])
def test_no_larger_than_opencvs_own(make: Any, part: str) -> None:
    pixels = np.ascontiguousarray(make())
    assert len(encode(pixels, "png", 75)) <= len(cv2.imencode(".png", pixels)[1])


def test_both_parts_give_the_same_pixels_and_of_a_photo_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose(monkeypatch, "zlib_ng", True)
    photo, drawing = photo_like(320, 200), text()
    fast = png(photo), png(drawing)
    monkeypatch.setattr(native, "zlib_ng", lambda: None)
    plain = png(photo), png(drawing)
    assert np.array_equal(rows_of(fast[1]), rows_of(plain[1]))
    assert abs(len(fast[1]) - len(plain[1])) < len(plain[1]) / 8
    assert np.array_equal(rows_of(fast[0]), rows_of(plain[0]))
    assert abs(len(fast[0]) - len(plain[0])) < 16


@pytest.mark.parametrize(
    "make",
    [lambda: photo_like(900, 700), lambda: text(1300, 900), lambda: noise(700, 900, 3)],
    ids=["photo", "drawing", "noise"],
)
def test_blocks_are_one_stream_that_is_hardly_longer(
    make: Any, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """zlib compares the sum at the end of the stream, which was joined of those of the blocks."""
    pixels = np.ascontiguousarray(make())
    blocks = returned(monkeypatch, write_stream, "_compressed")
    rows, length = rows_of(png(pixels)), len(png(pixels))
    assert len(blocks) > 2
    monkeypatch.setattr(write_stream, "_CODED", 2**40)
    monkeypatch.setattr(write_stream, "_SEARCHED", 2**40)
    del blocks[:]
    assert np.array_equal(rows, rows_of(png(pixels)))
    assert length < 1.01 * len(png(pixels))
    assert len(blocks) == 2


def test_the_part_is_in_the_key(part: str) -> None:
    engine.cache_clear()
    try:
        assert f" {part}/" in engine()
    finally:
        engine.cache_clear()


def test_chunks_stand_in_order() -> None:
    # Clause 5.6: PLTE before tRNS before IDAT.
    pixels = np.zeros((80, 80, 4), np.uint8)
    pixels[20:40] = (1, 2, 3, 128)
    kinds = [kind for kind, _ in png_chunks(encode(pixels, "png", 75))]
    assert kinds == [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"]
    order = [b"IHDR", b"IDAT", b"IEND"]
    assert [kind for kind, _ in png_chunks(png(photo_like(9, 9)))] == order


def test_the_faster_part_is_taken_where_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, ...]] = []

    class Faster:
        adler32 = staticmethod(zlib.adler32)

        @staticmethod
        def compressobj(*settings: Any) -> Any:
            seen.append(settings[:5])
            return zlib.compressobj(*settings)

    monkeypatch.setattr(native, "zlib_ng", lambda: Faster)
    png(photo_like(320, 200))
    assert seen == [(1, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)]
