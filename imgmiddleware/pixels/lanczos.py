"""Lanczos-3, directly: every sample of the result is its own weighted sum, at any factor.

Neighbouring results are made of nearly the same samples, so the weights of a block of them are one
dense matrix, and products of matrices (BLAS, by `np.matmul`) are the fastest sums that NumPy has.
Many blocks are one call of it: threads that render beside one another then meet less often at
Python's lock.

BLAS may add in any order, and on other processors or with more threads it does. Here that changes
nothing: samples and weights are whole numbers, so small that the float holds every partial sum
exactly. The result is that of integer arithmetic, everywhere the same.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from imgmiddleware.pixels.arrays import Area
from imgmiddleware.pixels.bank import Bank, Precision, bank

Floats = npt.NDArray[Any]

#: Writes the samples of these rows and columns, whole numbers, into (rows, columns, channels).
Load = Callable[[slice, slice, Floats], None]

#: Takes results from this row on, as (width, channels, rows), which it may change.
Store = Callable[[int, Floats], None]

_SINGLE, _DOUBLE = Precision(np.float32, 24, 3), Precision(np.float64, 53, 4)

#: Weights of a result up to which float32 has room for them.
_TAPS = 2**12

#: Multiplications up to which OpenBLAS stays on the calling thread: other pictures are made on the
#: other processors, and its threads would wait for one another.
_ONE_THREAD = 2**18

#: Bytes of samples that are filtered at a time, which fit the second-level cache; rows of the
#: result that are made at a time; and samples between their two passes. Three times the bytes, with
#: three products in a call, were 1.02 to 1.14 of the processor time and no more pictures with two
#: threads: such buffers go back to the system after each render (docs/decisions.md, "How often
#: threads meet at Python's lock").
_TILE, _ROWS, _BETWEEN = 2**20, 64, 2**20


def lanczos(
    shape: tuple[int, int, int],
    box: Area,
    size: tuple[int, int],
    most: int,
    *,
    load: Load,
    store: Store,
) -> None:
    """Resample the `box` of a picture of `shape` (height, width, channels) to `size`.

    Its samples are whole numbers up to `most`. Memory follows the band, not the picture.
    """
    height, width, channels = shape
    down, across = bank(height, size[1], box[1], box[3]), bank(width, size[0], box[0], box[2])
    precision = _SINGLE if most < 256 and max(down.taps, across.taps) <= _TAPS else _DOUBLE
    bits = down.bits(most, precision)
    by_rows = down.whole(bits, bits - precision.fraction, precision)
    between_most = most * (down.gain + down.taps * 2.0**-bits) * 2**precision.fraction + 1
    bits = across.bits(between_most, precision)
    by_columns = across.whole(bits, bits + precision.fraction, precision)

    tile = max(16, _ONE_THREAD // (down.block * down.reach * channels))
    longest = max(width, size[0]) * channels
    bands = _bands(down, longest, tile * channels * by_rows.itemsize)
    rows = bands[0][1] * down.block
    samples = np.empty(max(_length(span) for *_, span in bands) * tile * channels, precision.dtype)
    filtered = np.empty(rows * tile * channels, precision.dtype)
    between = np.empty(width * channels * rows, precision.dtype)
    padded = len(across.starts) * across.block
    results = np.empty(padded * channels * rows, precision.dtype)
    for first, last, span in bands:
        rows = (last - first) * down.block
        middle = between[: width * channels * rows].reshape(width, channels * rows)
        for left in range(0, width, tile):
            columns = slice(left, min(left + tile, width))
            sides = _length(span), _length(columns), channels
            part = samples[: math.prod(sides)].reshape(sides)
            load(span, columns, part)
            lines = part.reshape(len(part), -1)
            tall = filtered[: rows * lines.shape[1]].reshape(rows, -1)
            _filter(lines, down, by_rows, first, tall)
            np.rint(tall, out=tall)
            cv2.transpose(tall, middle[columns].reshape(-1, rows))  # so that columns are lines too
        end = results[: padded * channels * rows].reshape(padded, channels * rows)
        _filter(middle[across.starts[0] :], across, by_columns, 0, end)
        top = first * down.block
        seen = min(rows, size[1] - top)
        store(top, end[: size[0]].reshape(size[0], channels, rows)[..., :seen])


def _bands(down: Bank, samples: int, bytes: int) -> list[tuple[int, int, slice]]:
    """First block, last and the rows they read, for bands of blocks of much the same height.

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


def _filter(lines: Floats, bank: Bank, weights: Floats, first: int, result: Floats) -> None:
    """Filter lines into (results, samples), from block `first` on, with which the lines begin.

    Weights stand on the left: the processor's registers then hold samples side by side, of which
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
