"""The file of a pyramid: every box is what NumPy cuts, and what is damaged is never shown."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from imgmiddleware.formats.containers.exif import parse
from imgmiddleware.imaging.draft import Draft, Rows
from imgmiddleware.imaging.held import Held, Level
from imgmiddleware.imaging.pyramid import HEAD, MAGIC, SIDE, Pyramid, TornError
from imgmiddleware.pixels.codepoints import CodePoints
from pictures import exif

KINDS: dict[str, tuple[tuple[int, ...], Any, str]] = {
    "one pixel": ((1, 1, 3), np.uint8, "rgb"),
    "one tile": ((SIDE, SIDE), np.uint8, "gray"),
    "odd": ((301, 777, 3), np.uint8, "rgb"),
    "deep": ((530, 259, 3), np.uint16, "rgb"),
    "float": ((100, 513), np.float32, "gray"),
    "inks": ((257, 300, 4), np.uint8, "cmyk"),
}


def held(shape: tuple[int, ...], dtype: Any = np.uint8, color: str = "rgb", **more: Any) -> Held:
    pixels = (np.random.default_rng(3).random(shape) * 250).astype(dtype)
    return Held(level=Level.whole(shape[1::-1]), pixels=pixels, color=color, **more)


def kept(path: Path, whole: Held, averages: int = 3, key: str = "key") -> Path:
    draft = Draft(key, Rows.of(whole), averages)
    with io.FileIO(path, "w") as file:
        draft.write(file)
    assert path.stat().st_size == draft.nbytes
    return path


@contextmanager
def opened(path: Path, key: str = "key") -> Iterator[Pyramid]:
    with io.FileIO(path) as file:
        yield Pyramid(file, key, Level.whole((1, 1)))


def averaged(pixels: Any, times: int) -> Any:
    """By NumPy: the mean of 2 x 2, halves up; an odd last row and column stand there twice."""
    for _ in range(times):
        odd = [(0, side % 2) for side in pixels.shape[:2]] + [(0, 0)] * (pixels.ndim - 2)
        even = np.pad(pixels, odd, mode="edge").astype(np.float64)
        mean = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
        pixels = mean if pixels.dtype.kind == "f" else np.floor(mean + 0.5).astype(pixels.dtype)
    return pixels


@pytest.mark.parametrize("kind", KINDS)
def test_every_box_of_every_level_is_what_numpy_cuts(kind: str, tmp_path: Path) -> None:
    whole = held(*KINDS[kind])
    random = np.random.default_rng(4)
    with opened(kept(tmp_path / "a", whole)) as pyramid:
        for times in range(4):
            expected = averaged(whole.pixels, times)
            height, width = expected.shape[:2]
            assert pyramid.shape.size_of(times) == (width, height)
            boxes = [(0, 0, width, height)]
            for _ in range(12):
                x, y = random.integers(width), random.integers(height)
                boxes.append(
                    (x, y, 1 + random.integers(width - x), 1 + random.integers(height - y))
                )
            for x, y, across, down in boxes:
                found = pyramid.samples((x, y, across, down), times)
                assert found.dtype == whole.pixels.dtype
                part = expected[y : y + down, x : x + across]
                assert np.allclose(found, part, rtol=1e-6, atol=1e-4 if kind == "float" else 0)


def test_rows_may_come_in_blocks_of_any_height(tmp_path: Path) -> None:
    whole = held((700, 300, 3))
    ends = [0, 1, 4, 255, 256, 257, 600, 700]
    buffer = np.empty((400, 300, 3), np.uint8)  # each block is written over by the next

    def blocks() -> Any:
        for top, end in pairwise(ends):
            buffer[: end - top] = whole.pixels[top:end]
            yield buffer[: end - top]

    with io.FileIO(tmp_path / "a", "w") as file:
        Draft("key", Rows(whole, blocks()), 1).write(file)
    with opened(tmp_path / "a") as pyramid:
        assert np.array_equal(pyramid.samples((0, 0, 300, 700), 0), whole.pixels)
        assert np.array_equal(pyramid.samples((0, 0, 150, 350), 1), averaged(whole.pixels, 1))


def test_what_goes_along_comes_back(tmp_path: Path) -> None:
    block = parse(exif(1)[6:])
    for profile, points in ((None, None), (b"", None), (b"profile", CodePoints(9, 16, 1000.5))):
        more = {"profile": profile, "points": points, "exif": block}
        whole = held((20, 20, 3), **more, notes=("clipped=3", "é"))
        with opened(kept(tmp_path / "a", whole)) as pyramid:
            found = pyramid.held(whole.level, whole.pixels)
        assert (found.profile, found.points, found.exif) == (profile, points, block)
        assert found.notes == whole.notes
        assert found.color == "rgb"


def test_colours_beside_alpha_are_not_averaged(tmp_path: Path) -> None:
    with opened(kept(tmp_path / "a", held((30, 30, 4)))) as pyramid:
        assert pyramid.shape.levels == 1


def test_damage_anywhere_is_told(tmp_path: Path) -> None:
    """A byte in the head, in the sums, and in each tile; and a file that is cut short."""
    whole = held((300, 300))
    data = kept(tmp_path / "a", whole, averages=1).read_bytes()
    tiles = len(data) - 5 * SIDE * SIDE
    for place in (0, 9, 30, tiles - 1, *(tiles + n * SIDE * SIDE + 5 for n in range(5))):
        flipped = bytearray(data)
        flipped[place] ^= 1
        (tmp_path / "b").write_bytes(flipped)
        assert is_torn(tmp_path / "b"), place
    for length in (0, 10, tiles, len(data) - 1):
        (tmp_path / "b").write_bytes(data[:length])
        assert is_torn(tmp_path / "b"), length
    # Of which no sum is written, as of what a lost page of the disk held.
    (tmp_path / "b").write_bytes(data[: tiles - 20] + bytes(len(data) - tiles + 20))
    assert is_torn(tmp_path / "b")


def is_torn(path: Path) -> bool:
    try:
        with opened(path) as pyramid:
            for level, size in enumerate(((300, 300), (150, 150))):
                pyramid.samples((0, 0, *size), level)
    except TornError:
        return True
    return False


def test_tiles_in_each_others_place_are_told(tmp_path: Path) -> None:
    data = kept(tmp_path / "a", held((SIDE, 2 * SIDE)), averages=0).read_bytes()
    size = SIDE * SIDE
    sums = data[-2 * size - 8 : -2 * size]
    swapped = sums[4:] + sums[:4] + data[-size:] + data[-2 * size : -size]
    (tmp_path / "a").write_bytes(data[: -2 * size - 8] + swapped)
    with opened(tmp_path / "a") as pyramid, pytest.raises(TornError):
        pyramid.samples((0, 0, 10, 10), 0)


def test_another_key_is_another_pyramid(tmp_path: Path) -> None:
    path = kept(tmp_path / "a", held((30, 30)))
    with pytest.raises(TornError), opened(path, "other"):
        pass


@pytest.mark.parametrize("name", ["key", "size", "tail", "dtype", "levels", "color", "points"])
def test_a_head_that_lacks_something_is_torn(tmp_path: Path, name: str) -> None:
    """Its checksum is right: something else has written it."""
    assert_torn_with(tmp_path / "a", lambda said: said.pop(name))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", [30]),
        ("size", [0, 30]),
        ("size", "ab"),
        ("tail", [10**12]),
        ("tail", [3, 3]),
        ("dtype", "O"),
        ("dtype", "none"),
        ("levels", 10**9),
        ("levels", None),
        ("points", [1]),
        ("notes", 5),
    ],
)
def test_a_head_that_says_nonsense_is_torn(tmp_path: Path, name: str, value: Any) -> None:
    assert_torn_with(tmp_path / "a", lambda said: said.update({name: value}))


def test_a_head_that_is_no_record_is_torn(tmp_path: Path) -> None:
    for text in (b"[]", b"5", b"[" * 100_000, b"{", b"\xff"):
        (tmp_path / "a").write_bytes(HEAD.pack(MAGIC, len(text), 0, 0, crc32(text)) + text)
        with pytest.raises(TornError), opened(tmp_path / "a"):
            pass


def assert_torn_with(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    data = kept(path, held((30, 30))).read_bytes()
    length = HEAD.unpack_from(data)[1]
    said = json.loads(data[HEAD.size :][:length])
    change(said)
    text = json.dumps(said).encode()
    path.write_bytes(HEAD.pack(MAGIC, len(text), 0, 0, crc32(text)) + text + data[-SIDE:])
    with pytest.raises(TornError), opened(path):
        pass


def test_a_disk_that_is_full_is_told(tmp_path: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with io.FileIO("/dev/full", "w") as file, pytest.raises(OSError, match="space"):
        Draft("key", Rows.of(held((30, 30))), 1).write(file)
