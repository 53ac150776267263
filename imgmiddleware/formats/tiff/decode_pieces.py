"""Pieces: strips that are compressed, and tiles, read and decoded a few at a time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from imgmiddleware.errors import damaged
from imgmiddleware.formats.announced import announce_pieces
from imgmiddleware.formats.format import Block
from imgmiddleware.formats.plain_rows import fill, plain_rows, samples
from imgmiddleware.formats.raster import BLOCK, JPEG, PLAIN, STEP, WEBP, Raster, together
from imgmiddleware.formats.tiff.decode_codecs import decoded, packed_bits, unpacked_bits
from imgmiddleware.formats.tiff.decode_jpeg import jpeg_piece
from imgmiddleware.formats.tiff.decode_mirrored import Mirrored
from imgmiddleware.formats.tiff.decode_stream import streamed_rows
from imgmiddleware.formats.window import Readable
from imgmiddleware.lending.ahead import ahead
from imgmiddleware.pixels.arrays import Box, Pixels, Size

#: Makes pixels of pieces whose bytes are read.
Decode = Callable[[], Pixels]


def rows(
    original: Readable, raster: Raster, box: Box, step: int, downwards: bool
) -> Iterator[Block]:
    """The box in blocks that begin at multiples of `step` rows, each with the index of its first
    row.

    Raises `ImageError`.
    """
    if raster.mirrored:
        original, raster = Mirrored(original), replace(raster, mirrored=False)
    if raster.planes > 1:
        return _stacked([rows(original, one, box, step, True) for one in raster.of_planes()])
    if raster.is_plain:
        return plain_rows(original, raster, box, step, downwards)
    announce_pieces(original, raster, box)
    piece = raster.piece_of(box)
    if piece is not None and not raster.is_streamed:
        size = (raster.wide, raster.high) if raster.tiled else box[2:]
        pixels = _decoded(original, raster, range(piece, piece + 1), size)
        return iter([(0, pixels[: box[3], : box[2]])])
    return _aligned(_piece_rows(original, raster, box), step)


def _stacked(planes: list[Iterator[Block]]) -> Iterator[Block]:
    """The blocks of planes, each of one sample, side by side."""
    for blocks in zip(*planes, strict=True):
        yield blocks[0][0], np.dstack([pixels for _, pixels in blocks])


def _aligned(blocks: Iterable[Block], step: int) -> Iterator[Block]:
    """The same rows, from the top down, in blocks that begin at multiples of `step`."""
    rest: Pixels | None = None
    at = 0
    for top, block in blocks:
        at, rows = (top, block) if rest is None else (at, np.concatenate((rest, block)))
        whole = len(rows) // step * step
        rest = rows[whole:].copy() if whole < len(rows) else None
        if whole:
            yield at, rows[:whole]
        at += whole
    if rest is not None:
        yield at, rest


def _piece_rows(original: Readable, raster: Raster, box: Box) -> Iterator[Block]:
    """The box (left, top, width, height) in blocks of rows, from the top down.

    Each comes with the index of its first row in the box. Later copies of rows take their memory
    again, so rows of large pieces come a few at a time. The next block may be written over the
    last. Raises `ImageError`.
    """
    top, height = box[1], box[3]
    rows_of = _tile_rows if raster.tiled else _strip_rows
    for at, block in rows_of(original, raster, box):
        begin, end = max(at, top), min(at + len(block), top + height)
        few = max(STEP, BLOCK // block[0].nbytes // STEP * STEP)
        for first in range(begin, end, few):
            yield first - top, block[first - at : min(first + few, end) - at]


def _strip_rows(original: Readable, raster: Raster, box: Box) -> Iterator[Block]:
    """Rows of strips, which are as wide as the picture, cut to the box's columns."""
    left, top, width, height = box
    first, last = top // raster.high, (top + height - 1) // raster.high
    if raster.is_streamed:
        for strip in range(first, last + 1):
            for at, block in streamed_rows(original, raster, strip, top + height):
                yield at, block[:, left : left + width]
        return
    number = _together(raster)
    if raster.bits == 1 and number == 1:
        yield from _bit_rows(original, raster, box)
        return
    starts = range(first, last + 1, number)

    def read(strip: int) -> Decode:
        strips = range(strip, min(strip + number, last + 1))
        end = min(raster.height, strips.stop * raster.high)
        return _read(original, raster, strips, (raster.width, end - strip * raster.high))

    for strip, block in zip(starts, ahead(starts, read, _taken(raster, number)), strict=True):
        yield strip * raster.high, block[:, left : left + width]


def _bit_rows(original: Readable, raster: Raster, box: Box) -> Iterator[Block]:
    """Large strips of one bit, often a whole drawing: as bytes of samples they come a few rows at
    a time.
    """
    left, top, width, height = box
    begin, end = left // 8, -(-(left + width) // 8)
    few = max(STEP, BLOCK // width // STEP * STEP)
    for strip in range(top // raster.high, (top + height - 1) // raster.high + 1):
        first = strip * raster.high
        rows = min(raster.high, raster.height - first)
        packed = _packed(original, raster, strip, rows)
        last = min(rows, top + height - first)
        for at in range(max(0, top - first), last, few):
            part = packed[at : min(at + few, last), begin:end]
            yield first + at, unpacked_bits(part, left + width - 8 * begin)[:, left - 8 * begin :]


def _packed(original: Readable, raster: Raster, strip: int, rows: int) -> Pixels:
    if not raster.counts[strip]:  # a strip that is not in the file is zeros
        return np.zeros((rows, -(-raster.width // 8)), np.uint8)
    stored = read_stored(original, raster, range(strip, strip + 1))
    return packed_bits(raster, stored, (raster.width, rows))


def _tile_rows(original: Readable, raster: Raster, box: Box) -> Iterator[Block]:
    """Rows of tiles, each with the tiles that hold a part of the box."""
    left, top, width, height = box
    first, last = left // raster.wide, (left + width - 1) // raster.wide
    most = _together(raster)
    cut = left - first * raster.wide
    rows = range(top // raster.high, (top + height - 1) // raster.high + 1)
    columns = range(first, last + 1, most)
    parts = range(len(rows) * len(columns))

    def place(part: int) -> tuple[int, range]:
        row, column = divmod(part, len(columns))
        return rows[row], range(columns[column], min(columns[column] + most, last + 1))

    def read(part: int) -> Decode:
        row, beside = place(part)
        begin = row * raster.across
        tiles = range(begin + beside.start, begin + beside.stop)
        return _read(original, raster, tiles, (len(tiles) * raster.wide, raster.high))

    band: Pixels | None = None  # the same for all of them
    for part, found in zip(parts, ahead(parts, read, _taken(raster, most)), strict=True):
        row, beside = place(part)
        if band is None:
            shape = raster.high, (last + 1 - first) * raster.wide, *found.shape[2:]
            band = np.empty(shape, found.dtype)
        at = (beside.start - first) * raster.wide
        high, wide = found.shape[:2]  # a JPEG has no more than is shown
        band[:high, at : at + wide] = found
        if beside.stop > last:
            yield row * raster.high, band[:, cut : cut + width]


def _together(raster: Raster) -> int:
    """How many pieces are decoded at once."""
    whole = raster.compression in (JPEG, WEBP)
    return 1 if whole else together(raster.high * raster.stride * (8 if raster.bits == 1 else 1))


def _taken(raster: Raster, number: int) -> int:
    """Bytes that so many pieces take from their reading on until their rows are used, as
    `piece_bytes` has it: their stored bytes and their samples, in four copies.
    """
    samples = raster.high * raster.stride * (8 if raster.bits == 1 else 1)
    return 4 * number * (samples + int(raster.counts.max(initial=0)))


def _decoded(original: Readable, raster: Raster, pieces: range, size: Size) -> Pixels:
    return _read(original, raster, pieces, size)()


def _read(original: Readable, raster: Raster, pieces: range, size: Size) -> Decode:
    """The function that makes pieces one picture of this width and height, once they are read:
    strips below, tiles beside one another.
    """
    counts = raster.counts[pieces.start : pieces.stop]
    if counts.all():
        return _read_whole(original, raster, pieces, size)
    if not counts.any():  # GDAL and others leave empty pieces out: these are zeros
        shape = (size[1], size[0]) if raster.channels == 1 else (size[1], size[0], raster.channels)
        return partial(np.zeros, shape, np.dtype(raster.dtype).newbyteorder("="))
    parts = []
    for piece in pieces:
        left = size[1] - (piece - pieces.start) * raster.high
        one = (raster.wide, raster.high) if raster.tiled else (size[0], min(raster.high, left))
        parts.append(_read(original, raster, range(piece, piece + 1), one))
    return lambda: np.concatenate([part() for part in parts], axis=1 if raster.tiled else 0)


def _read_whole(original: Readable, raster: Raster, pieces: range, size: Size) -> Decode:
    """The same for pieces that are all in the file."""
    if raster.compression == PLAIN and raster.is_whole:
        tiles = _plain_tiles(original, raster, pieces)
        return lambda: tiles
    stored = read_stored(original, raster, pieces)
    if raster.compression == JPEG:
        return partial(jpeg_piece, raster, stored[0], pieces.start)
    return partial(decoded, raster, stored, size)


def _plain_tiles(original: Readable, raster: Raster, tiles: range) -> Pixels:
    size = raster.high * raster.stride
    parts = []
    for tile in tiles:
        buffer = np.empty((raster.high, raster.stride), np.uint8)
        if int(raster.offsets[tile]) + size > original.size:
            raise damaged("a tile goes on beyond the end of the file")
        fill(original, buffer.reshape(-1).data, raster.offsets[tile])
        parts.append(samples(buffer, raster))
    return np.concatenate(parts, axis=1)


def read_stored(original: Readable, raster: Raster, pieces: range) -> list[memoryview]:
    """The stored bytes of pieces; at once where they follow one another in the file."""
    places = raster.offsets[pieces.start : pieces.stop].tolist()
    counts = raster.counts[pieces.start : pieces.stop].tolist()
    buffer = memoryview(bytearray(sum(counts)))
    parts = []
    run, begin, at = places[0], 0, 0  # where in the file, and in the buffer, the unread begins
    for place, count in zip(places, counts, strict=True):
        if place != run + at - begin:
            fill(original, buffer[begin:at], run)
            run, begin = place, at
        parts.append(buffer[at : at + count])
        at += count
    fill(original, buffer[begin:at], run)
    return parts
