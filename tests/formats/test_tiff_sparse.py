"""Strips and tiles that were left out of the file, as GDAL does (SPARSE_OK): they are zeros."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pytest

from asking import refused, shown
from imgmiddleware.formats.bands import decode_bands
from native import choose
from originals import Stored, probe
from pictures import photo_like
from rasters import DEFLATE, LZW, PACKBITS, tif

PHOTO = photo_like(203, 149)
PLACES, COUNTS = {True: 324, False: 273}, {True: 325, False: 279}


def left_out(data: bytes, tiled: bool, pieces: list[int]) -> bytes:
    """With offset and count 0 for these, in the tables of a little-endian TIFF."""
    copy = bytearray(data)
    (start,) = struct.unpack_from("<L", copy, 4)
    (count,) = struct.unpack_from("<H", copy, start)
    for place in range(start + 2, start + 2 + 12 * count, 12):
        (tag,) = struct.unpack_from("<H", copy, place)
        if tag in (PLACES[tiled], COUNTS[tiled]):
            (at,) = struct.unpack_from("<L", copy, place + 8)
            for piece in pieces:
                struct.pack_into("<L", copy, at + 4 * piece, 0)
    return bytes(copy)


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("compression", [1, LZW, DEFLATE, PACKBITS])
def test_what_was_left_out_is_zeros(compression: int, tiled: bool) -> None:
    way: dict[str, Any] = {"wide": 64, "high": 48} if tiled else {"high": 16}
    data = tif(PHOTO, 2, compression=compression, **way)
    expected = PHOTO[..., ::-1].copy()
    if tiled:  # of four tiles beside one another
        pieces = [1, 2, 5]
        expected[:48, 64:192] = expected[48:96, 64:128] = 0
    else:
        pieces = [0, 3, 4]
        expected[:16] = expected[48:80] = 0
    sparse = left_out(data, tiled, pieces)
    facts = probe(sparse)
    for left, top, width, height in ((0, 0, 203, 149), (70, 20, 90, 60), (0, 55, 203, 20)):
        found = decode_bands(Stored(sparse), facts, (left, top, width, height), 0)
        assert np.array_equal(found, expected[top : top + height, left : left + width])


def test_all_of_it_was_left_out() -> None:
    data = tif(PHOTO, 2, compression=LZW, wide=64, high=48)
    assert not np.any(shown(left_out(data, True, list(range(16)))))


def test_zeros_where_zero_is_white() -> None:
    data = tif(PHOTO[..., 1], 0, compression=LZW, high=16)
    seen = shown(left_out(data, False, [2]), mode="L")
    assert np.all(seen[32:48] == 255)
    assert not np.all(seen == 255)


def test_only_some_of_its_place_is_zero() -> None:
    """A count without a place is none either: at the start of a file stands its header."""
    data = tif(PHOTO, 2, wide=64, high=48)
    (start,) = struct.unpack_from("<L", data, 4)
    assert refused(left_out(data, True, [1])) == (200, "")
    broken = bytearray(left_out(data, True, [1]))
    (count,) = struct.unpack_from("<H", broken, start)
    for place in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", broken, place) == (325,):
            (at,) = struct.unpack_from("<L", broken, place + 8)
            struct.pack_into("<L", broken, at + 4, 64 * 48 * 3)
    assert np.array_equal(shown(bytes(broken)), shown(left_out(data, True, [1])))


@pytest.mark.parametrize("isal", [True, False])
@pytest.mark.parametrize("predictor", [1, 2])
def test_the_checksum_of_a_tile_is_compared(
    predictor: int, isal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whatever inflates it (RFC 1950, section 2.2); it stands at the end of the tile."""
    choose(monkeypatch, "isal_zlib", isal)
    data = tif(PHOTO, 2, compression=DEFLATE, wide=256, high=256, predictor=predictor)
    assert np.array_equal(shown(data), PHOTO)
    end = 8 + len(zlib.compress(rows_of(PHOTO, predictor)))
    broken = bytearray(data)
    broken[end - 1] ^= 1
    assert refused(bytes(broken)) == (422, "damaged-original")


def rows_of(pixels: Any, predictor: int) -> bytes:
    """A tile of 256 x 256, each sample as its difference from the one to its left where so told."""
    whole = np.zeros((256, 256, 3), np.uint8)
    whole[: len(pixels), : pixels.shape[1]] = pixels
    if predictor == 2:
        whole[:, 1:] -= whole[:, :-1].copy()
    return whole.tobytes()
