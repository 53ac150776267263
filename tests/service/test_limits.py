"""Limits of reading, for an original of any size of which an answer needs a part."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asking import ask, get, request
from imgmiddleware import ImageService
from measuring import Forked, needs_proc
from pictures import photo_like, saved
from rasters import DEFLATE, LZW, tif
from tiffs import coded_tiff

SIDE, TILE = 448 * 256, 256  # 200,704 tiles, 13 gigapixels
SHADE = (10, 200, 90)


def _entry(tag: int, kind: int, values: Any, at: int) -> tuple[bytes, bytes]:
    """Of a BigTIFF: 20 bytes, and the values where they have no room in it."""
    raw = np.asarray(values, {3: "<u2", 4: "<u4", 16: "<u8"}[kind]).tobytes()
    place = raw.ljust(8, b"\0") if len(raw) <= 8 else struct.pack("<Q", at)
    entry = struct.pack("<HHQ", tag, kind, len(raw) // {3: 2, 4: 4, 16: 8}[kind]) + place
    return entry, raw if len(raw) > 8 else b""


def _directory(side: int, level: int, tile: tuple[int, int], at: int, spare: int) -> bytes:
    """Of a level in RGB, deflate; only the smallest has tiles, all of which are one and the same."""
    number = (-(-side // TILE)) ** 2
    place, size = tile if side <= SIDE // 64 else (0, 0)
    tags = [
        (254, 4, [int(level > 0)]), (256, 4, [side]), (257, 4, [side]), (258, 3, [8, 8, 8]), (259, 3, [8]),
        (262, 3, [2]), (277, 3, [3]), (322, 4, [TILE]), (323, 4, [TILE]),
        (324, 16, np.full(number + spare, place)), (325, 4, np.full(number, size)),
    ]  # fmt: skip
    entries, values = b"", b""
    begin = at + 8 + 20 * len(tags) + 8
    for tag, kind, numbers in tags:
        entry, more = _entry(tag, kind, numbers, begin + len(values))
        entries, values = entries + entry, values + more
    following = 0 if side <= SIDE // 64 else begin + len(values)
    return struct.pack("<Q", len(tags)) + entries + struct.pack("<Q", following) + values


def sparse(path: Path, spare: int = 0) -> None:
    """A BigTIFF of 4.2 GB, most of which the disk need not hold."""
    tile = zlib.compress(np.full((TILE, TILE, 3), SHADE, np.uint8).tobytes())
    first = 2**32 + 2**20
    with path.open("wb") as file:
        file.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, first + len(tile)))
        file.seek(first)
        file.write(tile)
        side, level = SIDE, 0
        while side >= SIDE // 64:
            file.write(_directory(side, level, (first, len(tile)), file.tell(), spare))
            side, level = side // 2, level + 1


def refusal(answer: Any) -> dict[str, Any]:
    found = json.loads(answer.read())
    assert found["status"] == answer.status
    return dict(found)


@needs_proc
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("w=800&fm=png", (200, SHADE[1])),
        ("rect=90000,90000,256,256&fm=png", (200, 0)),
        ("rect=0,0,4096,4096&w=512&fm=png", (200, 0)),
        ("w=6000", (413, -1)),
        ("w=800&trim=auto", (413, -1)),
    ],
)
def test_a_pyramid_of_4_gb_and_200_000_tiles(
    query: str, found: tuple[int, int], forked: Forked, tmp_path: Path
) -> None:
    """With default settings, in bounded memory."""
    sparse(tmp_path / "a.tif")
    status, middle, grown = forked("decode_memory", "answering", str(tmp_path), query)
    assert (status, middle) == found
    assert grown < 150 * 2**20


@pytest.mark.parametrize(("spare", "status"), [(1, 200), (-1, 422), (100_000, 422)])
def test_a_directory_that_lists_more_or_fewer_tiles(
    spare: int, status: int, tmp_path: Path
) -> None:
    """Those beyond the grid are not looked at; of half as many again there are too many."""
    sparse(tmp_path / "a.tif", spare)
    assert get(ImageService(tmp_path), "w=100", "a.tif").status == status


PHOTO = photo_like(400, 320)


def levels(number: int) -> list[Any]:
    return [np.ascontiguousarray(PHOTO[:: 2**n, :: 2**n]) for n in range(number)]


def jpegs(number: int) -> bytes:
    return coded_tiff(levels(number), lambda part: saved(np.ascontiguousarray(part), "JPEG"), 7, 6)


def test_the_refusal_names_what_would_be_read_and_what_would_be_served() -> None:
    data = jpegs(3)
    options: dict[str, Any] = {"max_source_pixels": 200 * 160}
    assert ask(data, "w=100", **options).status == 200
    over = refusal(ask(data, "w=101", **options))
    assert (over["code"], over["limit"]) == ("source-pixels", 32000)
    assert 99 <= over["width"] <= 100
    assert "128000 pixels" in over["detail"]
    assert f"w={over['width']} " in over["detail"]
    assert ask(data, "rect=64,96,192,144", **options).status == 200
    # Of a part that begins with a tile and ends within one both are read to their ends.
    part = refusal(ask(data, "rect=0,0,193,144", **options))
    assert (part["code"], part.get("width")) == ("source-pixels", 48)


def test_a_turned_pyramid_is_told_in_upright_pixels() -> None:
    options: dict[str, Any] = {"max_source_pixels": 200 * 160}
    over = refusal(ask(jpegs(3), "orient=6&w=300", **options))
    assert over["width"] == 80
    assert ask(jpegs(3), "orient=6&w=80", **options).status == 200
    assert ask(jpegs(3), "orient=6&w=81", **options).status == 413


@pytest.mark.parametrize("query", ["w=20", "w=20&linear=1", "w=20&trim=auto", ""])
def test_a_flat_one_is_served_in_parts(query: str) -> None:
    options: dict[str, Any] = {"max_source_pixels": 200 * 160}
    over = refusal(ask(jpegs(1), query, **options))
    assert over["code"] == "source-pixels"
    assert "width" not in over
    assert "rect=" in over["detail"]
    assert ask(jpegs(1), "rect=100,100,90,90", **options).status == 200


@pytest.mark.parametrize("kind", ["tiles", "strips", "plain strips", "bmp"])
def test_bytes_are_those_that_are_read(kind: str) -> None:
    """A picture is asked for that needs a tenth of the file; a whole one needs all of it."""
    data = {
        "tiles": lambda: tif(PHOTO, 2, compression=LZW, wide=64, high=64),
        "strips": lambda: tif(PHOTO, 2, compression=LZW, high=16),
        "plain strips": lambda: tif(PHOTO, 2, high=16),
        "bmp": lambda: saved(PHOTO, "BMP"),
    }[kind]()
    options: dict[str, Any] = {"max_source_bytes": len(data) // 2}
    assert ask(data, "rect=70,70,40,40", **options).status == 200
    assert refusal(ask(data, "w=40", **options))["code"] == "source-bytes"
    assert ask(data, "w=40", max_source_bytes=len(data)).status == 200


def test_memory_is_that_of_the_plan() -> None:
    """1 MB of samples are not held for a part of them."""
    photo = np.zeros((1500, 2000, 3), np.uint8)
    data = tif(photo, 2, compression=DEFLATE, wide=256, high=256)
    options: dict[str, Any] = {"max_source_memory": 12 * 2**20}
    assert ask(data, "rect=100,100,300,300", **options).status == 200
    assert refusal(ask(data, "rect=0,0,2000,1500", **options))["code"] == "source-memory"
    assert ask(data, "w=20", **options).status == 200


def test_a_refusal_of_one_size_refuses_no_other() -> None:
    """A fault of an original is remembered; this is no fault of it."""
    service = ImageService(lambda id: jpegs(3), max_source_pixels=200 * 160)
    assert [get(service, query).status for query in ("w=300", "w=100", "w=300", "w=90")] == [
        413, 200, 413, 200,
    ]  # fmt: skip
    assert service.handle(request("w=300")).status == 413
