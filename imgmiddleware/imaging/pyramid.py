"""A pyramid: all samples of a level and their averages by twos, in a file that is read by tiles.

It stands in for an original that is decoded only as a whole, where small parts of it are wanted
again and again. Its samples are the decoder's. Its averages are those that the resampler would make
first. So a part is the same to the bit, whether it comes from the pyramid or the original.

The file is a head, the checksums of all tiles, and the tiles: those of the level itself, from left
to right and down, then those of each average. A tile has `SIDE` columns and rows, also where the
picture ends before. Nothing is compressed, as inflating would take longer than all the rest.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from imgmiddleware.errors.nonsense import NONSENSE
from imgmiddleware.formats import native
from imgmiddleware.formats.containers.exif import Exif, parse
from imgmiddleware.imaging.held import Held, Level
from imgmiddleware.pixels.arrays import Box, Pixels, Size
from imgmiddleware.pixels.codepoints import CodePoints

#: Columns and rows of a tile. A viewer's tile of 512 and its filter touch 16 of these, or 9 of the
#: double side, which are twice as many bytes.
SIDE = 256

MAGIC = b"imgpyr\0\1"
#: Magic; the lengths of the text, the profile and the EXIF behind it, and the sum of these.
HEAD = struct.Struct("<8sLLLL")
#: The most bytes that a head may announce: a profile has 4 MiB, EXIF 60,000 bytes.
_LONGEST = 2**23
#: Halves of the longest side that there is.
_MOST_LEVELS = 32


class TornError(Exception):
    """The file does not hold the bytes that were written to it."""


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
        """Bytes of a sample of all channels."""
        return int(np.prod(self.tail, dtype=int)) * np.dtype(self.dtype).itemsize

    @property
    def tile(self) -> int:
        """Bytes of a tile."""
        return SIDE * SIDE * self.pixel


class Pyramid:
    """A written pyramid, as a context that closes its file. For one thread at a time."""

    def __init__(self, file: io.FileIO, key: str, level: Level) -> None:
        """Raises `TornError`, and `OSError`."""
        self._file = file
        head = HEAD.unpack(self._read(0, HEAD.size).data)
        if head[0] != MAGIC or max(head[1:4]) > _LONGEST:
            raise TornError
        data = self._read(HEAD.size, sum(head[1:4])).tobytes()
        if checksum(data, 0) != head[4]:
            raise TornError
        text, profile, exif = data[: head[1]], data[head[1] :][: head[2]], data[-head[3] :]
        self._sums_at = HEAD.size + len(data)
        try:
            said = json.loads(text)
            is_ours = said["key"] == key
            self.shape = _shape(said)
            self._held = Held(
                level=level,
                pixels=np.empty((0, 0, *self.shape.tail), self.shape.dtype),
                color=said["color"],
                profile=profile if said["profile"] else None,
                points=CodePoints(*said["points"]) if said["points"] else None,
                exif=parse(exif) if head[3] else Exif(),
                notes=tuple(said["notes"]),
            )
        except NONSENSE as error:  # of another version, or of a worker under an attacker's control
            raise TornError from error
        if not is_ours:
            raise TornError

    def fileno(self) -> int:
        """The descriptor of its file."""
        return self._file.fileno()

    def __enter__(self) -> Pyramid:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def held(self, level: Level, pixels: Pixels, at: tuple[int, int] = (0, 0)) -> Held:
        """Some samples, with the metadata of the whole."""
        return replace(self._held, level=level, pixels=pixels, at=at)

    def samples(self, box: Box, level: int) -> Pixels:
        """The samples of a box of one level. Raises `TornError`, and `OSError`."""
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
            if checksum(tile, first + number) != sums[number]:
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


def _shape(said: Any) -> Shape:
    """Raises the errors of a wrong text."""
    width, height = map(int, said["size"])
    shape = Shape(
        size=(width, height),
        tail=tuple(map(int, said["tail"])),
        dtype=np.dtype(said["dtype"]).str,
        levels=int(said["levels"]),
    )
    is_picture = min(shape.size) > 0 and np.dtype(shape.dtype).kind in "uif"
    has_channels = len(shape.tail) < 2 and all(0 < channels <= 4 for channels in shape.tail)
    if not (is_picture and has_channels and 1 <= shape.levels <= _MOST_LEVELS):
        raise ValueError(said)
    return shape


def checksum(data: bytes | Pixels, number: int) -> int:
    """The checksum of a tile with its number, so that no tile is taken for another; of the head
    with 0.
    """
    value: int = (native.isal_zlib() or zlib).crc32(data, number)
    return value
