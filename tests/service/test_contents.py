"""Where the pieces of a TIFF stand is found out once a version: a tile then costs its piece."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile

from asking import get
from imgmiddleware import ImageService
from imgmiddleware.service.making import decoded
from originals import Stored
from pictures import SRGB, photo_like, pixels_of
from rasters import DEFLATE, tif

SIDE, TILE = 256, 64
PHOTO = photo_like(SIDE, SIDE)
OTHER = np.ascontiguousarray(255 - PHOTO[::-1])
NOTHING: dict[str, Any] = {"cache_bytes": 0, "decoded_bytes": 0, "recheck": 0}


def stored(pixels: Any, **more: Any) -> bytes:
    return tif(pixels, 2, compression=DEFLATE, wide=TILE, high=TILE, **more)


def tile(service: ImageService, column: int, row: int) -> Any:
    answer = get(service, f"rect={TILE * column},{TILE * row},{TILE},{TILE}&fm=png")
    assert answer.status == 200, answer.read()
    return pixels_of(answer.read())


def part(pixels: Any, column: int, row: int) -> Any:
    return pixels[TILE * row : TILE * (row + 1), TILE * column : TILE * (column + 1)]


def sizes(data: bytes) -> list[int]:
    """The numbers that tag 325 lists in a little-endian file."""
    (start,) = struct.unpack_from("<L", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    entries = (struct.unpack_from("<HHLL", data, start + 2 + 12 * n) for n in range(count))
    number, at = next((number, at) for tag, _, number, at in entries if tag == 325)
    return [*struct.unpack_from(f"<{number}L", data, at)]


def test_a_further_tile_reads_its_piece_alone() -> None:
    data = stored(PHOTO, t34675=list(SRGB))
    source = Stored(data)
    service = ImageService(source, **NOTHING)
    tile(service, 0, 0)
    for column, row in ((3, 3), (1, 2), (0, 0)):
        source.reads = source.total = 0
        assert np.array_equal(tile(service, column, row), part(PHOTO, column, row))
        assert (source.reads, source.total) == (1, sizes(data)[4 * row + column])


@pytest.mark.parametrize("purged", [False, True])
def test_another_version_has_others(purged: bool) -> None:
    """And so has a purged one: a source without versions has only the purge."""
    source = Stored(stored(PHOTO))
    service = ImageService(source, **NOTHING)
    tile(service, 1, 1)
    source.data = stored(OTHER)
    source.size = len(source.data)
    assert sizes(source.data) != sizes(stored(PHOTO))
    if purged:
        service.purge("a")
    else:
        source.version = "2"
    assert np.array_equal(tile(service, 1, 1), part(OTHER, 1, 1))


def test_pages_have_their_own() -> None:
    """Of one original several are in use at once."""
    from_pages = Stored(paged(PHOTO, OTHER))
    service = ImageService(from_pages, **NOTHING)
    for number in (1, 2, 1, 2):
        answer = get(service, f"page={number}&rect=64,64,64,64&fm=png")
        expected = (PHOTO, OTHER)[number - 1]
        assert np.array_equal(pixels_of(answer.read()), part(expected, 1, 1))


def paged(*pages: Any) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for pixels in pages:
            writer.write(
                pixels, photometric="rgb", tile=(TILE, TILE), metadata=None,
                compression="adobe_deflate",
            )  # fmt: skip
    return file.getvalue()


def test_what_is_not_remembered_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room for them, as when all of the budget is taken."""
    monkeypatch.setattr(decoded, "_MOST_CONTENTS", 0)
    source = Stored(stored(PHOTO))
    service = ImageService(source, **NOTHING)
    for _ in range(2):
        source.reads = 0
        assert np.array_equal(tile(service, 1, 1), part(PHOTO, 1, 1))
    assert source.reads > 1
