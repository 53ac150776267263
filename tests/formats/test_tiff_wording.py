"""TIFF directories that say the usual in other words, as real writers do: all readers take them."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import made, refused, shown
from files import tiff
from imgmiddleware.formats.containers.ifd import read_orientation
from originals import probe
from pictures import exif, photo_like, quadrants, saved
from rasters import DEFLATE, LZW, tif

Array = np.ndarray[Any, Any]
#: One that is read by pieces, and one that is decoded whole, as 2 bits are.
PHOTO = photo_like(300, 200)
FOUR = np.indices((24, 40)).sum(axis=0).astype(np.uint8) // 5 % 4


def two_bits(**tags: list[int]) -> bytes:
    """Four grays, in one strip that is not compressed."""
    rows = np.packbits(np.unpackbits(FOUR[..., None], axis=2)[..., 6:].reshape(24, -1), axis=1)
    entries = {
        256: ("L", [40]), 257: ("L", [24]), 258: ("H", [2]), 259: ("H", [1]), 262: ("H", [1]),
        273: ("L", [8]), 277: ("H", [1]), 278: ("L", [24]), 279: ("L", [rows.size]),
    } | {int(tag[1:]): ("B" if tag == "t700" else "H", values) for tag, values in tags.items()}  # fmt: skip
    return tiff(entries, rows.tobytes())


WHOLE = two_bits()
GRAYS = np.dstack([FOUR * 85] * 3)
LZWED = tif(PHOTO, 2, compression=LZW, high=50)
PLAIN = tif(PHOTO, 2, high=50)


def entry(data: bytes, tag: int) -> int:
    """Where it stands in the first directory of a little-endian file."""
    (start,) = struct.unpack_from("<L", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    places = range(start + 2, start + 2 + 12 * count, 12)
    return next(at for at in places if struct.unpack_from("<H", data, at)[0] == tag)


def told(data: bytes, tag: int, type: int | None = None, value: int | None = None) -> bytes:
    """With another type, or another value that stands in the entry itself."""
    copy, at = bytearray(data), entry(data, tag)
    if type is not None:
        struct.pack_into("<H", copy, at + 2, type)
    if value is not None:
        struct.pack_into("<L", copy, at + 8, value)
    return bytes(copy)


def without(data: bytes, tag: int) -> bytes:
    """Its entry becomes one of no meaning."""
    copy = bytearray(data)
    struct.pack_into("<H", copy, entry(data, tag), 65000)
    return bytes(copy)


def ends_at_the_directory(data: bytes) -> bytes:
    """No pointer to a next page, and nothing behind it: of a directory without longer values."""
    (start,) = struct.unpack_from("<L", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    end = start + 2 + 12 * count
    assert data[end:] == bytes(4)
    return data[:end]


def followed_by(data: bytes, more: bytes, at: int | None = None) -> bytes:
    """The next page is at this offset, or is `more` behind the file."""
    copy = bytearray(data + more)
    (start,) = struct.unpack_from("<L", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<L", copy, start + 2 + 12 * count, len(data) if at is None else at)
    return bytes(copy)


def start_of(data: bytes) -> int:
    return int(struct.unpack_from("<L", data, 4)[0])


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "beyond the end": lambda data: followed_by(data, b"", 10**6),
    "a loop": lambda data: followed_by(data, b"", start_of(data)),
    "no entries": lambda data: followed_by(data, bytes(6)),
    "cut in its count": lambda data: followed_by(data, b"\5"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("whole", [False, True])
def test_what_is_wrong_behind_a_page_costs_the_pages_behind_it(name: str, whole: bool) -> None:
    data, expected = (WHOLE, GRAYS) if whole else (LZWED, PHOTO)
    broken = BROKEN[name](data)
    assert np.array_equal(shown(broken), expected)
    assert refused(broken, "page=2") == (400, "out-of-range")


def test_a_file_that_ends_with_its_directory() -> None:
    data = ends_at_the_directory(WHOLE)
    assert np.array_equal(shown(data), GRAYS)
    assert np.array_equal(shown(told(data, 258, 8)), GRAYS)


def test_a_second_page_that_is_cut_short() -> None:
    broken = followed_by(LZWED, struct.pack("<H", 12) + bytes(40))
    assert np.array_equal(shown(broken), PHOTO)
    assert refused(broken, "page=2") == (422, "damaged-original")


WORDS: dict[str, Callable[[bytes], bytes]] = {
    "signed shorts": lambda data: told(told(data, 258, 8 if data is WHOLE else None), 277, 8),
    "signed longs": lambda data: told(told(data, 256, 9), 273, 9),
    "bytes": lambda data: told(told(data, 277, 1), 262, 1),
    "no counts": lambda data: without(data, 279),
    "no photometric": lambda data: without(data, 262),
    "undefined samples": lambda data: told(data, 259) if data is WHOLE else told_format(data),
}


def told_format(data: bytes) -> bytes:
    """SampleFormat 4 for all samples."""
    copy, at = bytearray(data), entry(data, 339)
    count, place = struct.unpack_from("<LL", data, at + 4)
    place = place if count > 2 else at + 8
    struct.pack_into(f"<{count}H", copy, place, *[4] * count)
    return bytes(copy)


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("kind", ["whole", "lzw", "plain", "deflate"])
def test_other_words(name: str, kind: str) -> None:
    data = {"whole": WHOLE, "lzw": LZWED, "plain": PLAIN}.get(kind) or tif(
        PHOTO, 2, compression=DEFLATE, high=50
    )
    expected = GRAYS if kind == "whole" else PHOTO
    assert np.array_equal(shown(WORDS[name](data)), expected)


def test_undefined_samples_that_are_decoded_whole() -> None:
    assert np.array_equal(shown(two_bits(t339=[4])), GRAYS)


def test_a_fax_without_a_photometric_interpretation_is_black_on_white() -> None:
    page = np.zeros((40, 64), bool)
    page[10:20, 5:50] = True  # ink
    image = Image.fromarray(~page)
    data = saved(image, "TIFF", compression="group4", tiffinfo={262: 0})
    assert np.array_equal(shown(without(data, 262), mode="L") == 0, page)


@pytest.mark.parametrize("value", [0, 10**6])
def test_counts_that_are_wrong_of_plain_strips(value: int) -> None:
    data = tif(PHOTO, 2)
    assert np.array_equal(shown(told(data, 279, value=value)), PHOTO)
    assert np.array_equal(shown(told(WHOLE, 279, value=value)), GRAYS)


def test_a_count_beyond_the_end_of_what_is_compressed() -> None:
    data = tif(PHOTO, 2, compression=LZW)
    assert np.array_equal(shown(told(data, 279, value=10**6)), PHOTO)
    short = tif(PHOTO, 2, compression=LZW)
    place = struct.unpack_from("<L", short, entry(short, 273) + 8)[0]
    # Behind half of its bytes stands nothing: the directory is in front of them.
    moved = short[:8] + short[start_of(short) :] + short[place : place + 2000]
    shift = 8 - start_of(short)
    copy = bytearray(moved)
    struct.pack_into("<L", copy, 4, 8)
    for tag in (258, 339):
        at = entry(bytes(copy), tag)
        (there,) = struct.unpack_from("<L", copy, at + 8)
        struct.pack_into("<L", copy, at + 8, there + shift)
    struct.pack_into("<L", copy, entry(bytes(copy), 273) + 8, len(copy) - 2000)
    assert refused(bytes(copy)) == (422, "damaged-original")


def test_tiles_that_are_told_as_strips() -> None:
    data = tif(PHOTO, 2, compression=LZW, wide=64, high=48)
    for tag, other in ((324, 273), (325, 279)):
        copy = bytearray(data)
        struct.pack_into("<H", copy, entry(data, tag), other)
        data = bytes(copy)
    assert np.array_equal(shown(data), PHOTO)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("type", [1, 6, 8])
def test_an_orientation_of_any_type_turns(orientation: int, type: int) -> None:
    """As the same in a SHORT: for IrfanView it is a BYTE."""
    for usual in (
        two_bits(t274=[orientation]),
        tif(quadrants(), 2, compression=LZW, t274=[orientation]),
    ):
        assert np.array_equal(shown(told(usual, 274, type)), shown(usual))


@pytest.mark.parametrize("orientation", [3, 6])
def test_xmp_does_not_turn(orientation: int) -> None:
    """Tag 274 alone does: so it is for OpenCV and libvips."""
    xmp = f'<x xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{orientation}"/>'
    tag = list(xmp.encode())
    assert np.array_equal(shown(two_bits(t700=tag)), GRAYS)
    data = saved(quadrants(), "TIFF", compression="tiff_lzw", tiffinfo={700: xmp.encode()})
    assert np.array_equal(shown(data), quadrants())


@pytest.mark.parametrize("bits", [4, 8])
def test_a_palette_of_eight_bits(bits: int) -> None:
    """libvips and OpenCV scale it; Pillow shows it black."""
    colors = np.random.default_rng(3).integers(0, 256, (2**bits, 3), np.uint8)
    index = (np.indices((30, 40)).sum(axis=0) % 2**bits).astype(np.uint8)
    usual = saved_palette(index, colors, bits, 257)
    narrow = saved_palette(index, colors, bits, 1)
    assert np.array_equal(shown(usual), colors[index])
    assert np.array_equal(shown(narrow), colors[index])


def saved_palette(index: Array, colors: Array, bits: int, scale: int) -> bytes:
    rows = index if bits == 8 else index[:, ::2] << 4 | index[:, 1::2]
    table = [int(value) * scale for value in colors.T.ravel()]
    entries = {
        256: ("L", [index.shape[1]]), 257: ("L", [len(index)]), 258: ("H", [bits]), 259: ("H", [1]),
        262: ("H", [3]), 273: ("L", [8]), 277: ("H", [1]), 278: ("L", [len(index)]),
        279: ("L", [rows.size]), 320: ("H", table),
    }  # fmt: skip
    return tiff(entries, rows.tobytes())


@pytest.mark.parametrize("type", [3, 8, 9])
def test_exif_that_is_written_so(type: int) -> None:
    """Of a JPEG too: an orientation of any type, in a directory that ends without its next one."""
    block = exif(6)[6:]
    at = start_of_exif(block)
    changed = bytearray(block)
    order = "<" if block[:2] == b"II" else ">"
    struct.pack_into(order + "H", changed, at + 4, type)
    struct.pack_into(order + "L", changed, at + 6, 1)
    if type == 9:
        struct.pack_into(order + "l", changed, at + 10, 6)
    assert read_orientation(bytes(changed)) == 6
    assert read_orientation(bytes(changed[: at + 14])) == 6


def start_of_exif(block: bytes) -> int:
    """Of the first directory, which has one entry."""
    order = "<" if block[:2] == b"II" else ">"
    start = int(struct.unpack_from(order + "L", block, 4)[0])
    assert struct.unpack_from(order + "H", block, start) == (1,)
    return start


def test_a_jpeg_whose_exif_ends_early_is_turned() -> None:
    block = exif(6)
    data = saved(quadrants(), "JPEG", exif=block[: 6 + start_of_exif(block[6:]) + 14])
    with Image.open(io.BytesIO(made(data, "fm=jpg"))) as image:
        assert image.size == (48, 64)


def test_pillows_own_limits_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its warning of 90 megapixels, here of 100 pixels, nor its refusal of twice as many."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for data in (WHOLE, LZWED):
            assert made(data)
    assert probe(WHOLE).pieces is None
