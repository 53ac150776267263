"""PNG, by NumPy and deflate: the pixels choose the filter and the way to compress.

A look at some rows tells which filter leaves the least entropy, and whether this is a photo or a
drawing. The filtered bytes of a photo have few repetitions: they are only given shorter codes
(Huffman). A drawing's rows repeat themselves: deflate searches them (LZ77). A photo takes 0.6 of
the time of OpenCV's own writer and 0.9 of its bytes; docs/results.md has the table.

Clauses are those of the PNG specification, third edition.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from imgmiddleware.formats import native
from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.png.chunks import SIGNATURE
from imgmiddleware.formats.png.filters import FILTERS, predicted
from imgmiddleware.formats.png.write_stream import stream_of
from imgmiddleware.pixels import palette
from imgmiddleware.pixels.arrays import Pixels, red_blue_swapped
from imgmiddleware.pixels.palette import Indexed

Bytes = bytes | memoryview

#: IHDR's colour type by channels (clause 11.2.1), and that of a palette.
COLOR_TYPES = {1: 0, 3: 2, 4: 6}
_PALETTE = 3

#: Bytes that are filtered at a time: they and their results stay in the processor's cache.
_BAND = 2**16

#: How many rows are looked at before the way is chosen: a sixteenth, but at least and at most this.
_LOOKS = (8, 32)

#: From this part of filtered bytes on that equal their left neighbour a search pays. Of photos it
#: is up to 0.55, of drawings and screenshots from 0.77.
_FLAT = 0.7


@dataclass(frozen=True, slots=True)
class Way:
    """How pixels become a stream: the filter's number (clause 9.2), then deflate's settings."""

    filter: int
    level: int
    strategy: int


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    """With a palette where that loses nothing, and is smaller or takes less than a bit a pixel."""
    most = 16 if pixels.ndim == 2 else 256  # an index of 8 bits is no smaller than a gray of 8 bits
    indexed = palette.exact(pixels, most) if pixels.dtype == np.uint8 else None
    if indexed is None:
        return _attached(png(pixels), metadata)
    file = indexed_png(indexed)
    if 8 * len(file) > indexed.indices.size:
        file = min(file, png(pixels), key=len)
    return _attached(file, metadata)


def _attached(file: bytes, metadata: Metadata) -> bytes:
    """With chunks behind IHDR, before any that they must precede (clause 5.6)."""
    chunks: list[Bytes] = []
    if points := metadata.points:
        chunks += chunk(b"cICP", bytes((points.primaries, points.transfer, 0, 1)))
        if points.peak:
            chunks += chunk(b"cLLI", struct.pack(">LL", round(points.peak * 10_000), 0))
    if metadata.icc:
        chunks += chunk(b"iCCP", b"ICC profile\0\0", zlib.compress(metadata.icc))
    if metadata.exif:
        chunks += chunk(b"eXIf", metadata.block)
    return b"".join((file[:33], *chunks, file[33:])) if chunks else file


def png(pixels: Pixels) -> bytes:
    """The file of uint8 or uint16 pixels: (height, width) gray, or with BGR or BGRA channels."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    way = way_for(pixels)
    bands = partial(_bands, pixels, way.filter)
    stream = stream_of(bands, (width * _step(pixels) + 1, height), way.level, way.strategy)
    return png_file((width, height, 8 * pixels.itemsize, COLOR_TYPES[channels]), stream)


def indexed_png(indexed: Indexed) -> bytes:
    """The file of a picture of at most 256 colours, of 1, 2, 4 or 8 bits a pixel."""
    height, width = indexed.indices.shape
    bits = next(bits for bits in (1, 2, 4, 8) if len(indexed.colors) <= 2**bits)
    alpha = indexed.colors[:, 3]
    more = [*chunk(b"PLTE", indexed.colors[:, :3].tobytes())]
    if alpha.min() < 255:
        more += chunk(b"tRNS", alpha.tobytes())
    rows = _packed(indexed.indices, bits)
    # Filters do nothing for numbers of colours.
    filtered = np.hstack((np.zeros((height, 1), np.uint8), rows))
    stream = stream_of(lambda top, end: [filtered[top:end]], filtered.shape[::-1], _SEARCH_INDICES)
    return png_file((width, height, bits, _PALETTE), stream, more)


def way_for(pixels: Pixels) -> Way:
    """The way with the least entropy in some rows, over all filters."""
    looks = min(len(pixels), max(_LOOKS[0], min(_LOOKS[1], len(pixels) // 16)))
    rows = (2 * np.arange(looks) + 1) * len(pixels) // (2 * looks)
    above, here = (padded(pixels[r]) for r in (np.maximum(rows - 1, 0), rows))
    step, most = _step(pixels), max(filter.scratch for filter in FILTERS.values())
    scratch = _scratch(pixels, len(rows), most)
    left = {n: here[:, step:] - predicted(n, here, above, step, scratch) for n in FILTERS}
    costs = {number: _entropy(rest) * FILTERS[number].worth for number, rest in left.items()}
    best = min(costs, key=lambda number: costs[number])
    rest = left[best]
    if np.count_nonzero(rest[:, 1:] == rest[:, :-1]) < _FLAT * rest.size:
        return Way(best, 1, zlib.Z_HUFFMAN_ONLY)
    return Way(best, _SEARCH, zlib.Z_DEFAULT_STRATEGY)


#: Deflate's levels of search, for samples and for numbers of colours. On very flat pictures 4 takes
#: half the bytes of 3. Numbers of colours are a third as many bytes, and 6 gains more on them.
_SEARCH, _SEARCH_INDICES = 4, 6


def _bands(pixels: Pixels, number: int, begin: int, end: int) -> Iterator[Pixels]:
    """Filtered rows, each with the filter's number before it; only until the next are asked for."""
    step = _step(pixels)
    rows = min(end - begin, max(1, _BAND // (pixels.shape[1] * step)))
    lines = np.zeros((rows + 1, (pixels.shape[1] + 1) * step), np.uint8)
    filtered = np.full((rows, pixels.shape[1] * step + 1), number, np.uint8)
    scratch = _scratch(pixels, rows, FILTERS[number].scratch)
    if begin:
        padded(pixels[begin - 1 : begin], lines[rows:])
    for top in range(begin, end, rows):
        count = min(rows, end - top)
        lines[0] = lines[rows]  # the last row before the band, or zeros
        here = padded(pixels[top : top + count], lines[1 : count + 1])
        guess = predicted(number, here, lines[:count], step, scratch)
        np.subtract(here[:, step:], guess, out=filtered[:count, 1:])
        yield filtered[:count]


def _scratch(pixels: Pixels, rows: int, count: int) -> Pixels:
    return np.empty((count, rows, pixels.shape[1] * _step(pixels)), np.uint8)


def padded(rows: Pixels, out: Pixels | None = None) -> Pixels:
    """The bytes of rows as the file has them, red first and high byte first.

    Before them stands a pixel of zeros: filters take zeros for the left neighbour of the first
    (clause 9.2). `out` is their array, if given, with the zeros already there.
    """
    step, count = _step(rows), len(rows)
    if out is None:
        out = np.zeros((count, (rows.shape[1] + 1) * step), np.uint8)
    if rows.ndim == 3:
        place = out[:, step:].reshape(rows.shape) if rows.dtype == np.uint8 else None
        rows = red_blue_swapped(rows, place)
        if place is not None:
            return out
    big_endian = np.ascontiguousarray(rows, rows.dtype.newbyteorder(">"))
    out[:, step:] = big_endian.view(np.uint8).reshape(count, -1)
    return out


def _step(pixels: Pixels) -> int:
    """Bytes of a pixel."""
    return pixels.itemsize * (1 if pixels.ndim == 2 else pixels.shape[2])


def _entropy(values: Pixels) -> float:
    """Bits a byte of the shortest Huffman code, about."""
    counts = np.asarray(cv2.calcHist([values], [0], None, [256], [0, 256]))
    shares = counts[counts > 0].astype(float) / values.size
    return float(-(shares * np.log2(shares)).sum())


def _packed(indices: Pixels, bits: int) -> Pixels:
    """Rows of bytes, the leftmost pixel in the highest bits (clause 7.2)."""
    each = 8 // bits
    padded = np.pad(indices, ((0, 0), (0, -indices.shape[1] % each)))
    packed = np.zeros((len(indices), padded.shape[1] // each), np.uint8)
    for place in range(each):
        packed |= padded[:, place::each] << (8 - bits * (place + 1))
    return packed


def png_file(
    header: tuple[int, int, int, int], stream: Iterable[Bytes], more: Iterable[Bytes] = ()
) -> bytes:
    """The file of a header (width, height, bits of a sample, colour type) and a stream; `more`
    chunks stand before the stream.
    """
    return b"".join(
        (
            SIGNATURE,
            *chunk(b"IHDR", struct.pack(">LLBBBBB", *header, 0, 0, 0)),
            *more,
            *chunk(b"IDAT", *stream),
            *chunk(b"IEND"),
        )
    )


def chunk(kind: bytes, *bodies: Bytes) -> Iterator[Bytes]:
    """A chunk with its length and its sum (clause 5.3), in pieces, so that a long one is copied
    once.
    """
    crc32 = (native.isal_zlib() or zlib).crc32
    crc = crc32(kind)
    for body in bodies:
        crc = crc32(body, crc)
    yield struct.pack(">L", sum(map(len, bodies)))
    yield kind
    yield from bodies
    yield struct.pack(">L", crc)
