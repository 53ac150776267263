"""PNG, by NumPy and deflate: the filter and the way to compress are chosen by the pixels.

A look at some rows tells which of the filters leaves the least entropy, and a photo from
a drawing. What is left of a photo has no repetitions worth a search: its bytes are only given
shorter codes (Huffman). A drawing's rows repeat themselves: they are searched (LZ77). Against
OpenCV's own writer a photo takes 0.7 of the time and 0.9 of the bytes; figures in docs/results.md.

Clauses are those of the PNG specification, third edition.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from imgmiddleware.imaging import parts
from imgmiddleware.imaging.palette import Indexed
from imgmiddleware.sources.original import Pixels

#: IHDR's colour type by channels (clause 11.2.1), and that of a palette.
_COLOR_TYPES = {1: 0, 3: 2, 4: 6}
_PALETTE = 3

#: Bytes that are filtered at a time: with what is made of them they stay in the processor's cache.
_BAND = 2**18

#: Rows that are looked at before the way is chosen.
_LOOKS = 32

#: The part of filtered bytes that are as their left neighbour, from which on a search pays: photos
#: have up to 0.55, drawings and screenshots from 0.77.
_FLAT = 0.7


@dataclass(frozen=True, slots=True)
class Way:
    """How pixels become a stream: the filter's number (clause 9.2), then deflate's settings."""

    filter: int
    level: int
    strategy: int


def png(pixels: Pixels) -> bytes:
    """The file of uint8 or uint16 pixels: (height, width) gray, or with BGR or BGRA channels."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    way = way_for(pixels)
    return _file(
        (width, height, 8 * pixels.itemsize, _COLOR_TYPES[channels]),
        _deflated(_bands(pixels, way.filter), way.level, way.strategy),
    )


def indexed_png(indexed: Indexed) -> bytes:
    """The file of a picture of at most 256 colours, of 1, 2, 4 or 8 bits a pixel."""
    height, width = indexed.indices.shape
    bits = next(bits for bits in (1, 2, 4, 8) if len(indexed.colors) <= 2**bits)
    alpha = indexed.colors[:, 3]
    more = chunk(b"PLTE", indexed.colors[:, :3].tobytes())
    if alpha.min() < 255:
        more += chunk(b"tRNS", alpha.tobytes())
    rows = _packed(indexed.indices, bits)
    # Filters do nothing for numbers of colours (clause 12.7).
    filtered = np.hstack((np.zeros((height, 1), np.uint8), rows))
    stream = _deflated(iter([filtered]), _SEARCH_INDICES, zlib.Z_DEFAULT_STRATEGY)
    return _file((width, height, bits, _PALETTE), stream, more)


def way_for(pixels: Pixels) -> Way:
    """By the entropy of what each filter leaves of some rows."""
    every = max(1, len(pixels) // _LOOKS)
    rows = np.arange(every // 2, len(pixels), every)
    step = _step(pixels)
    here, above = (_padded(pixels[r], step) for r in (rows, np.maximum(rows - 1, 0)))
    left = {number: _left(here, above, step, number) for number in FILTERS}
    costs = {number: _entropy(rest) * FILTERS[number].worth for number, rest in left.items()}
    best = min(costs, key=lambda number: costs[number])
    rest = left[best]
    if np.count_nonzero(rest[:, 1:] == rest[:, :-1]) < _FLAT * rest.size:
        return Way(best, 1, zlib.Z_HUFFMAN_ONLY)
    return Way(best, _SEARCH, zlib.Z_DEFAULT_STRATEGY)


#: Deflate's levels of search. 4 takes half the bytes of 3 on what is very flat, and 6 twice its
#: time for a few hundredths; numbers of colours are a third as many bytes, and gain more.
_SEARCH, _SEARCH_INDICES = 4, 6


@dataclass(frozen=True, slots=True)
class _Filter:
    """`predict` guesses each byte from those to its left, above, and above to the left; `worth`
    weighs its entropy, so that a dearer filter is taken only where it saves something.
    """

    predict: Callable[[Pixels, Pixels, Pixels], Pixels | None]
    worth: float = 1


def _average(left: Pixels, above: Pixels, corner: Pixels) -> Pixels:
    return (left & above) + ((left ^ above) >> 1)


def _paeth(left: Pixels, above: Pixels, corner: Pixels) -> Pixels:
    """That of the three which is nearest to left + above - corner, in this order (clause 9.4).

    With distances that are never negative, so that bytes are enough: the corner is it only where
    it lies between the others, about in the middle.
    """
    to_left, to_above = _distance(above, corner), _distance(left, corner)
    least, most = np.minimum(to_left, to_above), np.maximum(to_left, to_above)
    found = above ^ ((left ^ above) & _mask(to_left <= to_above))
    middle = (_distance(left, above) > most) & (most - least < least)
    found ^= (found ^ corner) & _mask(middle)
    return found


def _distance(one: Pixels, other: Pixels) -> Pixels:
    return np.maximum(one, other) - np.minimum(one, other)


def _mask(where: Pixels) -> Pixels:
    """255 where true, else 0."""
    return np.negative(where.view(np.uint8))


FILTERS: Mapping[int, _Filter] = {
    0: _Filter(lambda left, above, corner: None),
    1: _Filter(lambda left, above, corner: left),
    2: _Filter(lambda left, above, corner: above),
    3: _Filter(_average),
    4: _Filter(_paeth, 1.01),  # four times the time of the average
}


def _bands(pixels: Pixels, number: int) -> Iterator[Pixels]:
    """Filtered rows, each with the filter's number before it."""
    step = _step(pixels)
    rows = max(1, _BAND // (pixels.shape[1] * step))
    for top in range(0, len(pixels), rows):
        bytes_ = _padded(pixels[max(0, top - 1) : top + rows], step)
        if top == 0:
            bytes_ = np.vstack((np.zeros_like(bytes_[:1]), bytes_))
        filtered = np.empty((len(bytes_) - 1, bytes_.shape[1] - step + 1), np.uint8)
        filtered[:, 0] = number
        filtered[:, 1:] = _left(bytes_[1:], bytes_[:-1], step, number)
        yield filtered


def _left(here: Pixels, above: Pixels, step: int, number: int) -> Pixels:
    """What the filter leaves of the padded rows `here`."""
    predicted = FILTERS[number].predict(here[:, :-step], above[:, step:], above[:, :-step])
    return here[:, step:] if predicted is None else here[:, step:] - predicted


def _padded(rows: Pixels, step: int) -> Pixels:
    """The bytes of rows as the file has them, red first and high byte first, behind a pixel of
    zeros, which is what filters take to be on the left of the first (clause 9.2).
    """
    if rows.ndim == 3:
        rgb = cv2.COLOR_BGR2RGB if rows.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
        rows = np.asarray(cv2.cvtColor(rows, rgb))
    if rows.dtype == np.uint16:
        rows = rows.astype(">u2")
    bytes_ = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), -1)
    padded = np.empty((len(rows), step + bytes_.shape[1]), np.uint8)
    padded[:, :step] = 0
    padded[:, step:] = bytes_
    return padded


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


def _deflated(bands: Iterator[Pixels], level: int, strategy: int) -> bytes:
    module = parts.zlib_ng() or zlib
    stream = module.compressobj(level, zlib.DEFLATED, 15, 9, strategy)
    pieces = [stream.compress(np.ascontiguousarray(band)) for band in bands]
    return b"".join((*pieces, stream.flush()))


def _file(header: tuple[int, int, int, int], stream: bytes, more: bytes = b"") -> bytes:
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">LLBBBBB", *header, 0, 0, 0)),
            more,
            chunk(b"IDAT", stream),
            chunk(b"IEND", b""),
        )
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    """With its length and its sum (clause 5.3)."""
    crc = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">L", len(body)), kind, body, struct.pack(">L", crc)))
