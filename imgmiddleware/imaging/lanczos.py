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

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from imgmiddleware.imaging.bank import Bank, Kind, bank

Floats = npt.NDArray[Any]

#: Left, top, width and height in samples, whole or not.
Box = tuple[float, float, float, float]

#: Writes the samples of these rows and columns, whole numbers, into (rows, columns, channels).
Load = Callable[[slice, slice, Floats], None]

#: Takes results from this row on, as (width, channels, rows), which it may change.
Store = Callable[[int, Floats], None]

_SINGLE, _DOUBLE = Kind(np.float32, 24, 3), Kind(np.float64, 53, 4)

#: Weights of a result up to which float32 has room for them.
_TAPS = 2**12

#: Multiplications up to which OpenBLAS stays on the calling thread: other pictures are made on the
#: other processors, and its threads would wait for one another.
_ONE_THREAD = 2**18

#: Bytes of samples that are filtered at a time, which fit the second-level cache; rows of the
#: result that are made at a time; and samples between their two passes.
_TILE, _ROWS, _BETWEEN = 2**20, 64, 2**20


def lanczos(
    shape: tuple[int, int, int],
    box: Box,
    size: tuple[int, int],
    most: int,
    *,
    load: Load,
    store: Store,
) -> None:
    """Resample the `box` of a picture of `shape` (height, width, channels) to `size`.

    Its samples are whole numbers up to `most`. Memory follows the strip, not the picture.
    """
    height, width, channels = shape
    down, across = bank(height, size[1], box[1], box[3]), bank(width, size[0], box[0], box[2])
    kind = _SINGLE if most < 256 and max(down.taps, across.taps) <= _TAPS else _DOUBLE
    bits = down.bits(most, kind)
    by_rows = down.whole(bits, bits - kind.fraction, kind)
    between_most = most * (down.gain + down.taps * 2.0**-bits) * 2**kind.fraction + 1
    bits = across.bits(between_most, kind)
    by_columns = across.whole(bits, bits + kind.fraction, kind)

    tile = max(16, _ONE_THREAD // (down.block * down.reach * channels))
    longest = max(width, size[0]) * channels
    strips = _strips(down, longest, tile * channels * by_rows.itemsize)
    rows = strips[0][1] * down.block
    samples = np.empty((max(_length(span) for *_, span in strips), tile, channels), kind.dtype)
    between = np.empty(width * channels * rows, kind.dtype)
    padded = len(across.starts) * across.block
    results = np.empty(padded * channels * rows, kind.dtype)
    for first, last, span in strips:
        rows = (last - first) * down.block
        # Each pass leaves the axis that it filtered last: so both read along rows, and what comes
        # between is not turned over.
        middle = between[: width * channels * rows].reshape(width, channels * rows)
        for left in range(0, width, tile):
            columns = slice(left, min(left + tile, width))
            part = samples[: _length(span), : _length(columns)]
            load(span, columns, part)
            _filter_rows(part, down, by_rows, first, middle[columns].reshape(-1, rows))
        end = results[: padded * channels * rows].reshape(padded, channels * rows)
        _filter_columns(middle, across, by_columns, end)
        top = first * down.block
        seen = min(rows, size[1] - top)
        store(top, end[: size[0]].reshape(size[0], channels, rows)[..., :seen])


def _strips(down: Bank, samples: int, bytes: int) -> list[tuple[int, int, slice]]:
    """First block, last and the rows they read, for strips of blocks of much the same height.

    `samples` are those of a row, before or after, and `bytes` are a tile's row.
    """
    count = len(down.starts)
    most = max(1, min(_ROWS, _BETWEEN // samples) // down.block)
    while most > 1 and bytes * _length(down.span(0, min(most, count))) > _TILE:
        most -= 1
    most = -(-count // -(-count // most))
    edges = [*range(0, count, most), count]
    return [(a, b, down.span(a, b)) for a, b in pairwise(edges)]


def _length(span: slice) -> int:
    return int(span.stop - span.start)


def _filter_rows(part: Floats, down: Bank, weights: Floats, first: int, result: Floats) -> None:
    """Filter a tile of (rows, columns, channels) into (columns * channels, rows), rounded."""
    part = part.reshape(len(part), -1)
    blocks = result.reshape(len(result), -1, down.block).transpose(1, 0, 2)
    top = down.starts[first]
    for run, start, step in down.runs(first, first + len(blocks)):
        np.matmul(
            _windows(part[start - top :], run, step, down.reach).transpose(0, 2, 1),
            weights[run].transpose(0, 2, 1),
            out=blocks[run.start - first : run.stop - first],
        )
    np.rint(result, out=result)


def _filter_columns(middle: Floats, across: Bank, weights: Floats, result: Floats) -> None:
    """Filter (columns, samples) into (results, samples)."""
    blocks = result.reshape(-1, across.block, result.shape[1])
    step = max(16, _ONE_THREAD // (across.block * across.reach))
    for left in range(0, middle.shape[1], step):
        part = middle[:, left : left + step]
        for run, start, apart in across.runs(0, len(blocks)):
            np.matmul(
                weights[run],
                _windows(part[start:], run, apart, across.reach),
                out=blocks[run, :, left : left + step],
            )


def _windows(part: Floats, run: slice, step: int, reach: int) -> Floats:
    """For each block of a run the lines that it is made of: (blocks, reach, samples), a view."""
    line, sample = part.strides
    shape = run.stop - run.start, reach, part.shape[1]
    return as_strided(part, shape, (step * line, line, sample), writeable=False)
