"""Lanczos-3, directly: every sample of the result is its own weighted sum, at any factor.

Neighbouring results are made of nearly the same samples, so the weights of a block of them are one
dense matrix, and products of matrices (BLAS, by `np.matmul`) are the fastest sums that NumPy has.
Many blocks are one call of it: threads that render beside one another then meet less often at
Python's lock.

BLAS may add in any order, and on other processors or with more threads it does. Here that changes
nothing: samples and weights are whole numbers, so small that the float holds every partial sum
exactly. The result is that of integer arithmetic, everywhere the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from imgmiddleware.lending.ahead import ahead
from imgmiddleware.lending.lender import idle
from imgmiddleware.pixels.arrays import Area
from imgmiddleware.pixels.bank import Bank, Precision, bank

Floats = npt.NDArray[Any]

#: Writes the samples of these columns, whole numbers, into (rows, columns, channels).
Load = Callable[[slice, Floats], None]

#: Gets the rows that are to be loaded, never before those of the last call. It returns the function
#: that loads them.
Take = Callable[[slice], Load]

#: Takes results from this row on, as (width, channels, rows), which it may change.
Store = Callable[[int, Floats], None]

_SINGLE, _DOUBLE = Precision(np.float32, 24, 3), Precision(np.float64, 53, 4)

#: Weights of a result up to which float32 has room for them.
_TAPS = 2**12

#: The most multiplications for which OpenBLAS stays on the calling thread. The other processors
#: make other pictures, and its threads would wait for one another.
_ONE_THREAD = 2**18

#: Rows of the result that are made at a time.
_ROWS = 64


@dataclass(frozen=True, slots=True)
class _Tiles:
    """Products that are as wide as a tile, its bytes, and the samples between the two passes."""

    products: int
    nbytes: int
    between: int


#: These sizes fit the second-level cache. Three times the bytes, with three products in a call,
#: took 1.02 to 1.14 of the processor time, and two threads made no more pictures: such buffers go
#: back to the system after each render (docs/decisions.md, "How often threads meet at Python's
#: lock").
_ALONE = _Tiles(1, 2**20, 2**20)
#: Where other threads help with one picture, they meet at that lock far more often. To wake one
#: takes as long as a fifth of a small tile. With small tiles two threads took 0.8 to 1.2 of the
#: time of one, with these 0.65 to 0.75.
_HELPED = _Tiles(3, 5 * 2**20, 2**19)

#: Samples that are read, and four times those that are made. From so many on other threads help, if
#: they can: some 20 milliseconds. Half of that took a fifth more of the processors for a twentieth
#: less time.
_WORTH = 2**25

#: First block of a band, last, and the rows that they read.
Band = tuple[int, int, slice]


def lanczos(
    shape: tuple[int, int, int],
    box: Area,
    size: tuple[int, int],
    most: int,
    *,
    take: Take,
    store: Store,
    passing: bool = False,
) -> None:
    """Resample the `box` of a picture of `shape` (height, width, channels) to `size`.

    Its samples are whole numbers up to `most`. Memory grows with the band, not the picture. This
    thread takes the rows, in order. Idle slots filter other bands meanwhile, unless rows are
    `passing`. Passing rows are read over by the next ones, so a helper would need a copy. A copy is
    far from the processor that did not read it: two threads took as long as one.
    """
    work = math.prod(shape) + 4 * math.prod(size) * shape[2]
    helped = not passing and work >= _WORTH and idle()
    passes = _Passes.between(shape, box, size, most, _HELPED if helped else _ALONE)
    spare: list[_Scratch] = []

    def taken(band: Band) -> Callable[[], None]:
        load = take(band[2])

        def make() -> None:
            scratch = spare.pop() if spare else _Scratch.of(passes)
            passes.make(band, load, store, scratch)
            spare.append(scratch)

        return make

    bands = passes.bands
    alone = (taken(band)() for band in bands)
    for _ in ahead(bands, taken, own=passes.nbytes) if helped else alone:
        pass


@dataclass(frozen=True, slots=True)
class _Passes:
    """First rows are filtered, then columns, a band at a time."""

    width: int
    channels: int
    size: tuple[int, int]  # of the result
    dtype: type[np.floating[Any]]
    down: Bank
    across: Bank
    by_rows: Floats
    by_columns: Floats
    tile: int  # columns that are filtered at a time
    bands: list[Band]

    @classmethod
    def between(
        cls,
        shape: tuple[int, int, int],
        box: Area,
        size: tuple[int, int],
        most: int,
        tiles: _Tiles,
    ) -> _Passes:
        height, width, channels = shape
        down, across = bank(height, size[1], box[1], box[3]), bank(width, size[0], box[0], box[2])
        precision = _SINGLE if most < 256 and max(down.taps, across.taps) <= _TAPS else _DOUBLE
        bits = down.bits(most, precision)
        by_rows = down.whole(bits, bits - precision.fraction, precision)
        between_most = most * (down.gain + down.taps * 2.0**-bits) * 2**precision.fraction + 1
        bits = across.bits(between_most, precision)
        by_columns = across.whole(bits, bits + precision.fraction, precision)
        tile = max(16, tiles.products * _ONE_THREAD // (down.block * down.reach * channels))
        longest = max(width, size[0]) * channels
        return cls(
            *(width, channels, size, precision.dtype, down, across, by_rows, by_columns, tile),
            _bands(down, longest, tile * channels * by_rows.itemsize, tiles),
        )

    @property
    def rows(self) -> int:
        """Rows of the result in a band, at most."""
        return self.bands[0][1] * self.down.block

    @property
    def padded(self) -> int:
        """Columns of the result in whole blocks."""
        return len(self.across.starts) * self.across.block

    @property
    def nbytes(self) -> int:
        """Bytes for one thread that makes bands."""
        return sum(self.sizes) * np.dtype(self.dtype).itemsize

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Numbers of samples of a tile; of it filtered; between the passes; and after both."""
        tile, rows = self.tile * self.channels, self.rows
        highest = max(_length(span) for *_, span in self.bands)
        return (
            *(highest * tile, rows * tile),
            *(self.width * self.channels * rows, self.padded * self.channels * rows),
        )

    def make(self, band: Band, load: Load, store: Store, scratch: _Scratch) -> None:
        first, last, span = band
        rows, channels = (last - first) * self.down.block, self.channels
        middle = scratch.between[: self.width * channels * rows].reshape(self.width, -1)
        for left in range(0, self.width, self.tile):
            columns = slice(left, min(left + self.tile, self.width))
            sides = _length(span), _length(columns), channels
            part = scratch.samples[: math.prod(sides)].reshape(sides)
            load(columns, part)
            lines = part.reshape(len(part), -1)
            tall = scratch.filtered[: rows * lines.shape[1]].reshape(rows, -1)
            _filter(lines, self.down, self.by_rows, first, tall)
            np.rint(tall, out=tall)
            cv2.transpose(tall, middle[columns].reshape(-1, rows))  # so that columns are lines too
        end = scratch.results[: self.padded * channels * rows].reshape(self.padded, -1)
        _filter(middle[self.across.starts[0] :], self.across, self.by_columns, 0, end)
        top = first * self.down.block
        seen = min(rows, self.size[1] - top)
        store(top, end[: self.size[0]].reshape(self.size[0], channels, rows)[..., :seen])


@dataclass(frozen=True, slots=True)
class _Scratch:
    """The arrays that one thread at a time writes to."""

    samples: Floats
    filtered: Floats
    between: Floats
    results: Floats

    @classmethod
    def of(cls, passes: _Passes) -> _Scratch:
        return cls(*(np.empty(size, passes.dtype) for size in passes.sizes))


def _bands(down: Bank, samples: int, bytes: int, tiles: _Tiles) -> list[tuple[int, int, slice]]:
    """First block, last and the rows they read, for bands of blocks of much the same height.

    `samples` are those of a row, before or after, and `bytes` are a tile's row.
    """
    count = len(down.starts)
    most = max(1, min(_ROWS, tiles.between // samples) // down.block)
    while most > 1 and bytes * _length(down.span(0, min(most, count))) > tiles.nbytes:
        most -= 1
    most = -(-count // -(-count // most))
    edges = [*range(0, count, most), count]
    return [(a, b, down.span(a, b)) for a, b in pairwise(edges)]


def _length(span: slice) -> int:
    return int(span.stop - span.start)


def _filter(lines: Floats, bank: Bank, weights: Floats, first: int, result: Floats) -> None:
    """Filter lines into (results, samples), from block `first` on, with which the lines begin.

    Weights stand on the left. The processor's registers then hold neighbouring samples, of which
    there are many, and not the few results of a block. Without AVX-512 that would take twice the
    time.
    """
    blocks = result.reshape(-1, bank.block, result.shape[1])
    step = max(16, _ONE_THREAD // (bank.block * bank.reach))
    line, sample = lines.strides
    for left in range(0, lines.shape[1], step):
        columns = slice(left, min(left + step, lines.shape[1]))
        for run, start, apart in bank.runs(first, first + len(blocks)):
            # The lines of each block: a fifth of the time of `as_strided`, and within bounds.
            windows: Floats = np.ndarray(
                (_length(run), bank.reach, _length(columns)),
                lines.dtype,
                buffer=lines,
                offset=(start - bank.starts[first]) * line + left * sample,
                strides=(apart * line, line, sample),
            )
            made = blocks[run.start - first : run.stop - first, :, columns]
            np.matmul(weights[run], windows, out=made)
