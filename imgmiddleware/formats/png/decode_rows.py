"""Filtered rows: those of a PNG, inflated and unfiltered a few at a time.

NumPy undoes PNG's filters slowly. libpng and libspng do it fast, but take whole files. So inflated
rows are put, behind the row above them, into a small PNG whose stream is not compressed (RFC 1951,
3.2.4). One of the libraries opens that, and tells of damage as it does in a whole file. This way
takes less time: the library's copying stays within the processor's cache, and a faster library
inflates.

Clauses are those of the PNG specification, third edition.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from imgmiddleware.errors import damaged
from imgmiddleware.formats import native
from imgmiddleware.formats.decoders import imdecoded
from imgmiddleware.formats.format import Block
from imgmiddleware.formats.plain_rows import fill
from imgmiddleware.formats.png.write import COLOR_TYPES, padded, png_file
from imgmiddleware.formats.raster import BLOCK, PIECES, Raster
from imgmiddleware.pixels.arrays import Box, Pixels, red_blue_swapped
from imgmiddleware.sources.original import Original

#: Bytes of the file that are read at a time.
_READ = 2**18
#: Between the data of two chunks (clause 5.3): the sum of one, the length and kind of the next.
_JOINT = struct.Struct(">LL4s")
#: Bytes of one block of a stream that is not compressed.
_STORED = 65535
#: pyspng's names for its results, by channels.
_SPNG_FORMATS = {1: "L", 3: "RGB", 4: "RGBA"}


def filtered_rows(
    original: Original, raster: Raster, box: Box, step: int, downwards: bool = True
) -> Iterator[Block]:
    """The box (left, top, width, height) in blocks that begin at multiples of `step` rows.

    Each with the index of its first row in the box, always from the top down; colours blue first.
    Rows below the box are not looked at, those above it are needed. Raises `ImageError`.
    """
    left, top, width, height = box
    stream = _Stream(original, int(raster.offsets[0]))
    above = bytes(1 + raster.stride)  # filters take rows above the first to be zeros (clause 9.2)
    row = 3 * raster.width if raster.palette else raster.stride  # once it has its colours
    few = max(step, PIECES // row // step * step)
    for first in (*range(0, top, few), *range(top, top + height, few)):
        end = min(first + few, top if first < top else top + height)
        filtered = stream.take((end - first) * (1 + raster.stride))
        rows = _unfiltered([above, *filtered], raster, 1 + end - first)
        above = b"\0" + padded(rows[-1:])[0, -raster.stride :].tobytes()
        if first >= top:
            yield first - top, rows[1:, left : left + width]
    if top + height == raster.height:
        stream.finish()


class _Stream:
    """The zlib stream of the IDAT chunks from `start` on, inflated as it is asked for."""

    def __init__(self, original: Original, start: int) -> None:
        self._module = native.isal_zlib() or zlib
        self._inflater = self._module.decompressobj()
        self._stored = _stored(original, start)
        self._rest = b""

    def take(self, size: int) -> list[bytes]:
        """The next bytes, exactly so many, in pieces. Raises `ImageError` where there are fewer."""
        found = []
        while size:
            data = self._some(size)
            if not data:
                raise damaged("its picture data holds fewer rows than its header says")
            found.append(data)
            size -= len(data)
        return found

    def finish(self) -> None:
        """Compare the sums. A little more than the rows is let pass, as libpng does."""
        room = BLOCK
        while data := self._some(room):
            room -= len(data)
            if not room:
                raise damaged("its picture data holds much more than its rows")
        for _ in self._stored:
            pass

    def _some(self, most: int) -> bytes:
        """Some of the next bytes; none where the stream has ended, its own sum compared."""
        data = b""
        while not (data or self._inflater.eof):
            stored = self._rest or next(self._stored, b"")
            try:
                data = self._inflater.decompress(stored, most)
            except (zlib.error, self._module.error) as error:
                raise damaged("its picture data could not be inflated") from error
            self._rest = self._inflater.unconsumed_tail
            if not (stored or data):
                raise damaged("its picture data ends before its stream does")
        return data


def _stored(original: Original, start: int) -> Iterator[bytes]:
    """The data of the IDAT chunks from `start` on, in parts, each chunk's sum compared."""
    crc32 = (native.isal_zlib() or zlib).crc32
    offset, left = start - 4, 0
    sum: int | None = None  # of the chunk so far; before the first stands that of another kind
    while True:
        block = memoryview(bytearray(min(_READ, original.size - offset)))
        fill(original, block, offset)
        at, found = 0, []
        while left or len(block) - at >= _JOINT.size:
            if left:
                data = block[at : at + left]
                if not data:
                    break
                found.append(data)
                at, left, sum = at + len(data), left - len(data), crc32(data, sum)
                continue
            stored, left, kind = _JOINT.unpack_from(block, at)
            if sum not in (None, stored):
                raise damaged("the checksum of a chunk does not fit")
            if kind != b"IDAT":
                yield b"".join(found)
                return
            at, sum = at + _JOINT.size, crc32(kind)
        if not at:
            raise damaged("its picture data goes on beyond the end of the file")
        yield b"".join(found)
        offset += at


def _unfiltered(filtered: list[bytes], raster: Raster, count: int) -> Pixels:
    """The samples of so many rows; each row stands behind its filter's number."""
    depth, color = 8 * np.dtype(raster.dtype).itemsize, COLOR_TYPES[raster.channels]
    file = png_file((raster.width, count, depth, color), _uncompressed(filtered))
    spng = native.spng() if depth == 8 else None  # it widens 16 bits to four channels
    rows = _by_spng(spng, file, raster.channels) if spng else _by_opencv(file)
    if rows.shape[:2] != (count, raster.width):
        raise damaged("the PNG decoder could not read it")
    return rows


def _by_spng(spng: Any, file: bytes, channels: int) -> Pixels:
    try:
        rows: Pixels = spng.load(file, _SPNG_FORMATS[channels])
    except RuntimeError as error:
        raise damaged("the decoder refused it") from error
    return red_blue_swapped(rows)


def _by_opencv(file: bytes) -> Pixels:
    rows = imdecoded(file)
    if rows is None:
        raise damaged("the PNG decoder could not read it")
    return rows


def _uncompressed(filtered: list[bytes]) -> Iterator[bytes | memoryview]:
    """A zlib stream (RFC 1950) of stored blocks; the last one is empty."""
    module = native.isal_zlib() or zlib
    yield b"\x78\x01"
    sum = 1
    for data in filtered:
        sum = module.adler32(data, sum)
        for at in range(0, len(data), _STORED):
            block = memoryview(data)[at : at + _STORED]
            yield struct.pack("<BHH", 0, len(block), len(block) ^ _STORED)
            yield block
    yield struct.pack("<BHH", 1, 0, _STORED)
    yield struct.pack(">L", sum)
