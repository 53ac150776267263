"""A pyramid: all samples of a level and their averages by twos, in a file that is read by tiles.

It stands in for an original that is decoded only as a whole, where small parts of it are wanted
again and again. Its samples are those of the decoder, and the averages are those that the resampler
would make first, so that a part is the same to the bit whichever way it came.

The file is a head, the checksums of all tiles, and the tiles: those of the level itself, from left
to right and down, then those of each average. A tile has `SIDE` columns and rows, also where the
picture ends before. Nothing is compressed, as inflating would take longer than all the rest.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace

import numpy as np

from imgmiddleware.formats import native
from imgmiddleware.formats.containers.exif import Exif, parse, written
from imgmiddleware.imaging.held import Held, Level
from imgmiddleware.pixels.arrays import Box, Pixels, Size, has_alpha
from imgmiddleware.pixels.codepoints import CodePoints
from imgmiddleware.pixels.halve import halve

#: Columns and rows of a tile. What a viewer's tile of 512 and its filter read touches 16 of these,
#: or 9 of the double side, which are twice as many bytes.
SIDE = 256

_MAGIC = b"imgpyr\0\1"
#: Magic; the lengths of the text, the profile and the EXIF behind it, and the sum of these.
_HEAD = struct.Struct("<8sLLLL")
#: What a head may say at most: a profile has 4 MiB, EXIF 60,000 bytes.
_LONGEST = 2**23


class TornError(Exception):
    """What is in the file is not what was written to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The samples of a pyramid: those of its level, then each further one with half the sides.

    `tail` is the channels, as NumPy's shapes have them; `levels` counts the level itself.
    """

    size: Size
    tail: tuple[int, ...]
    dtype: str
    levels: int

    def size_of(self, level: int) -> Size:
        width, height = (-(-side // 2**level) for side in self.size)
        return width, height

    def grid(self, level: int) -> Size:
        """How many tiles are beside one another, and below."""
        across, down = (-(-side // SIDE) for side in self.size_of(level))
        return across, down

    def first(self, level: int) -> int:
        """The number of the first tile of a level; of one beyond the last, how many there are."""
        return sum(across * down for across, down in map(self.grid, range(level)))

    @property
    def pixel(self) -> int:
        """Bytes of one."""
        return int(np.prod(self.tail, dtype=int)) * np.dtype(self.dtype).itemsize

    @property
    def tile(self) -> int:
        """Bytes of one."""
        return SIDE * SIDE * self.pixel


@dataclass(frozen=True, slots=True)
class Rows:
    """All samples of a level, from the top down: `held` has the first few, or all of them.

    Each of the `blocks` may be written over by the next.
    """

    held: Held
    blocks: Iterable[Pixels]

    @classmethod
    def of(cls, held: Held) -> Rows:
        """Of what is decoded already."""
        pixels = held.pixels
        return cls(held, (pixels[top : top + SIDE] for top in range(0, len(pixels), SIDE)))


@dataclass(frozen=True, slots=True)
class Draft:
    """A pyramid that is to be written, with so many averages, unless colours have alpha.

    `key` is what it is kept by.
    """

    key: str
    rows: Rows
    averages: int

    @property
    def shape(self) -> Shape:
        held = self.rows.held
        clear = held.color != "cmyk" and has_alpha(held.pixels)
        return Shape(
            size=held.level.samples,
            tail=held.pixels.shape[2:],
            dtype=held.pixels.dtype.str,
            levels=1 if clear else 1 + self.averages,
        )

    @property
    def head(self) -> bytes:
        held, shape = self.rows.held, self.shape
        said = {
            "key": self.key, "size": shape.size, "tail": shape.tail, "dtype": shape.dtype,
            "levels": shape.levels, "color": held.color, "notes": held.notes,
            "profile": held.profile is not None, "points": held.points and astuple(held.points),
        }  # fmt: skip
        parts = (
            json.dumps(said).encode(),
            held.profile or b"",
            written(held.exif) if held.exif else b"",
        )
        data = b"".join(parts)
        return _HEAD.pack(_MAGIC, *map(len, parts), _sum(data, 0)) + data

    @property
    def nbytes(self) -> int:
        """Of the file."""
        shape = self.shape
        return len(self.head) + shape.first(shape.levels) * (4 + shape.tile)

    def write(self, file: io.FileIO) -> None:
        """To an empty file, the head last. Raises `OSError`, and what the rows raise."""
        head, shape = self.head, self.shape
        sums = np.zeros(shape.first(shape.levels), "<u4")
        tiles = _Tiles(file, shape, len(head) + sums.nbytes, sums)
        for block in self.rows.blocks:
            tiles.add(0, block)
        tiles.finish()
        _write_at(file, len(head), sums.view(np.uint8).data)
        _write_at(file, 0, memoryview(head))


class _Tiles:
    """Rows become tiles, and their averages too, a row of tiles at a time."""

    def __init__(self, file: io.FileIO, shape: Shape, start: int, sums: Pixels) -> None:
        self._file, self._shape, self._start, self._sums = file, shape, start, sums
        sizes = [shape.size_of(level)[0] for level in range(shape.levels)]
        self._rows = [np.empty((SIDE, width, *shape.tail), shape.dtype) for width in sizes]
        self._tiles = np.zeros((shape.grid(0)[0], SIDE, SIDE, *shape.tail), shape.dtype)
        self._filled = [0] * shape.levels
        self._done = [0] * shape.levels  # rows of tiles

    def add(self, level: int, rows: Pixels) -> None:
        while len(rows):
            begin = self._filled[level]
            part, rows = rows[: SIDE - begin], rows[SIDE - begin :]
            if len(part) == SIDE:  # which need not be collected
                self._store(level, part)
                continue
            self._rows[level][begin : begin + len(part)] = part
            self._filled[level] += len(part)
            if self._filled[level] == SIDE:
                self._store_filled(level)

    def finish(self) -> None:
        for level in range(self._shape.levels):
            self._store_filled(level)

    def _store_filled(self, level: int) -> None:
        rows = self._rows[level][: self._filled[level]]
        self._filled[level] = 0
        if len(rows):
            self._store(level, rows)

    def _store(self, level: int, rows: Pixels) -> None:
        across = self._shape.grid(level)[0]
        tiles = self._tiles[:across]
        for number in range(across):
            part = rows[:, number * SIDE : (number + 1) * SIDE]
            tiles[number, : len(rows), : part.shape[1]] = part
        first = self._shape.first(level) + self._done[level] * across
        for number in range(across):
            self._sums[first + number] = _sum(tiles[number], first + number)
        place = self._start + first * self._shape.tile
        _write_at(self._file, place, tiles.reshape(-1).view(np.uint8).data)
        self._done[level] += 1
        if level + 1 < self._shape.levels:
            self.add(level + 1, halve(rows))


class Pyramid:
    """One that was written, as a context that closes its file. For one thread at a time."""

    def __init__(self, file: io.FileIO, key: str, level: Level) -> None:
        """Raises `TornError`, and `OSError`."""
        self._file = file
        head = _HEAD.unpack(self._read(0, _HEAD.size).data)
        if head[0] != _MAGIC or max(head[1:4]) > _LONGEST:
            raise TornError
        data = self._read(_HEAD.size, sum(head[1:4])).tobytes()
        if _sum(data, 0) != head[4]:
            raise TornError
        text, profile, exif = data[: head[1]], data[head[1] :][: head[2]], data[-head[3] :]
        said = json.loads(text)
        if said["key"] != key:
            raise TornError
        self.shape = Shape(
            size=tuple(said["size"]),
            tail=tuple(said["tail"]),
            dtype=said["dtype"],
            levels=said["levels"],
        )
        self._sums_at = _HEAD.size + len(data)
        self._held = Held(
            level=level,
            pixels=np.empty((0, 0, *self.shape.tail), self.shape.dtype),
            color=said["color"],
            profile=profile if said["profile"] else None,
            points=CodePoints(*said["points"]) if said["points"] else None,
            exif=parse(exif) if head[3] else Exif(),
            notes=tuple(said["notes"]),
        )

    def __enter__(self) -> Pyramid:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def held(self, level: Level, pixels: Pixels, at: tuple[int, int] = (0, 0)) -> Held:
        """Some samples, with what goes along with all of them."""
        return replace(self._held, level=level, pixels=pixels, at=at)

    def samples(self, box: Box, level: int) -> Pixels:
        """Those of a box of one level. Raises `TornError`, and `OSError`."""
        left, top, width, height = box
        result = np.empty((height, width, *self.shape.tail), self.shape.dtype)
        across = self.shape.grid(level)[0]
        first, end = left // SIDE, -(-(left + width) // SIDE)
        for row in range(top // SIDE, -(-(top + height) // SIDE)):
            number = self.shape.first(level) + row * across
            tiles = self._tiles(number + first, end - first)
            above, begin = row * SIDE - top, first * SIDE - left
            rows = slice(max(0, above), above + SIDE)
            inside = slice(max(0, -above), min(SIDE, height - above))
            for column, tile in enumerate(tiles):
                x = begin + column * SIDE
                part = tile[inside, max(0, -x) : min(SIDE, width - x)]
                result[rows, max(0, x) : x + SIDE] = part
        return result

    def _tiles(self, first: int, count: int) -> Pixels:
        """Tiles that follow one another in the file."""
        size, all = self.shape.tile, self.shape.first(self.shape.levels)
        sums = self._read(self._sums_at + 4 * first, 4 * count).view("<u4")
        data = self._read(self._sums_at + 4 * all + first * size, count * size)
        tiles = data.reshape(count, size)
        for number, tile in enumerate(tiles):
            if _sum(tile, first + number) != sums[number]:
                raise TornError
        return tiles.view(self.shape.dtype).reshape(count, SIDE, SIDE, *self.shape.tail)

    def _read(self, offset: int, size: int) -> Pixels:
        data = np.empty(size, np.uint8)
        left = data.data
        self._file.seek(offset)
        while left:
            count = self._file.readinto(left)
            if not count:
                raise TornError
            left = left[count:]
        return data


def _write_at(file: io.FileIO, offset: int, data: memoryview) -> None:
    file.seek(offset)
    while data:
        data = data[file.write(data) :]


def _sum(data: bytes | Pixels, number: int) -> int:
    """Of a tile with its number, so that none is taken for another."""
    value: int = (native.isal_zlib() or zlib).crc32(data, number)
    return value
