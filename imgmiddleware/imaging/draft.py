"""The draft of a pyramid: rows from the top down become tiles, and their averages too.

So the rows may be read a few at a time, and memory grows with the length of a row.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass

import numpy as np

from imgmiddleware.formats.containers.exif import written
from imgmiddleware.imaging.held import Held
from imgmiddleware.imaging.pyramid import HEAD, MAGIC, SIDE, Shape, checksum
from imgmiddleware.pixels.arrays import Pixels, has_alpha
from imgmiddleware.pixels.halve import halve


@dataclass(frozen=True, slots=True)
class Rows:
    """All samples of a level, from the top down: `held` has the first few, or all of them.

    Each of the `blocks` may be written over by the next.
    """

    held: Held
    blocks: Iterable[Pixels]

    @classmethod
    def of(cls, held: Held) -> Rows:
        """The rows of an original that is decoded already."""
        pixels = held.pixels
        return cls(held, (pixels[top : top + SIDE] for top in range(0, len(pixels), SIDE)))


@dataclass(frozen=True, slots=True)
class Draft:
    """A pyramid that is to be written, with so many averages, unless colours have alpha.

    `key` names it in the store.
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
        return HEAD.pack(MAGIC, *map(len, parts), checksum(data, 0)) + data

    @property
    def nbytes(self) -> int:
        """Bytes of the file."""
        shape = self.shape
        return len(self.head) + shape.first(shape.levels) * (4 + shape.tile)

    def write(self, file: io.FileIO) -> None:
        """Writes to an empty file, the head last. Raises `OSError`, and the errors of the rows."""
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
            self._sums[first + number] = checksum(tiles[number], first + number)
        place = self._start + first * self._shape.tile
        _write_at(self._file, place, tiles.reshape(-1).view(np.uint8).data)
        self._done[level] += 1
        if level + 1 < self._shape.levels:
            self.add(level + 1, halve(rows))


def _write_at(file: io.FileIO, offset: int, data: memoryview) -> None:
    file.seek(offset)
    while data:
        data = data[file.write(data) :]
