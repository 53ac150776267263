"""The weights of Lanczos-3 along one side, in blocks that are small dense matrices.

The centre of sample i of n lies at (i + 1/2) / n of the side. Beyond an edge of the picture the
filter has no weights, and the other weights share theirs, as in Pillow: nothing is shifted or
darkened there. A last sample may be only partly of the picture. Its centre is then that of its
part, and its weight is the part's length.

Where only a part is wanted, its results are some of the results for the whole picture. The last of
those may reach over the edge; its samples then stand there too.
"""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

#: Results whose weights are one matrix, a block. 6 in 6 + block of its columns are not zero. With
#: fewer results the processor's registers stay empty, with more there is more to multiply by zero.
#: From this factor on 4 were the fastest of 4 to 16, by a twentieth to a quarter. Below it, and
#: where a picture is enlarged, 8 were, by as much or more.
_FEWER = 2.4

#: A block reaches over one more sample for each so many that it needs, where that makes longer
#: runs.
_SPARE = 16

#: The finest weights, in bits: finer ones cost range, and nobody sees them.
_FINEST = 24

#: A place that is less than this beyond a sample is rounding.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Precision:
    """A float; the bits of whole numbers that it holds; those of a fraction between two passes."""

    dtype: type[np.float32] | type[np.float64]
    exact: int
    fraction: int


@dataclass(frozen=True, slots=True)
class Bank:
    """Block b of `block` results is made of `reach` samples from `starts[b]` on.

    `weights` (blocks, block, reach) are float64. Those of a result sum to 1; beyond the last result
    they are 0.
    """

    starts: list[int]
    weights: npt.NDArray[np.float64]
    taps: int  # weights of one result that may be other than 0
    gain: float  # the largest sum of their absolute values

    @property
    def block(self) -> int:
        return int(self.weights.shape[1])

    @property
    def reach(self) -> int:
        return int(self.weights.shape[2])

    def runs(self, first: int, last: int) -> Iterator[tuple[slice, int, int]]:
        """Blocks from `first` to `last` in runs: which, where the first starts, and their step."""
        while first < last:
            step, end = 0, first + 1
            if end < last:
                step = self.starts[end] - self.starts[first]
            while end < last and self.starts[end] - self.starts[end - 1] == step:
                end += 1
            yield slice(first, end), self.starts[first], step
            first = end

    def span(self, first: int, last: int) -> slice:
        """The samples that blocks `first` to before `last` are made of."""
        return slice(self.starts[first], self.starts[last - 1] + self.reach)

    def bits(self, most: float, precision: Precision) -> int:
        """How fine whole weights may be, that all sums of samples up to `most` are exact."""
        largest = 2.0**precision.exact / most - self.taps  # a weight is rounded by less than one
        return min(_FINEST, math.floor(math.log2(largest / self.gain)))

    def whole(self, bits: int, scale: int, precision: Precision) -> npt.NDArray[Any]:
        """The weights as whole numbers of 2 ** -bits, times 2 ** (bits - scale), which is exact.

        Their running sums are rounded, so that they still sum to 1, and flat stays flat.
        """
        sums = np.rint(np.cumsum(self.weights, axis=2) * 2.0**bits)
        return (np.diff(sums, axis=2, prepend=0) * 2.0**-scale).astype(precision.dtype)


@functools.lru_cache(maxsize=4)  # for the frames of an animation; at most 7 MB each
def bank(samples: int, results: int, start: float, length: float) -> Bank:
    """Lanczos-3 that makes `results` samples, fewer or more, of `length` samples from `start` on.

    `samples`, which it reads around these too, are at most 2 ** 16.
    """
    factor = length / results
    stretch = max(1.0, factor)
    block = 4 if factor >= _FEWER else 8
    blocks = -(-results // block)
    centers = start + (np.arange(blocks * block).reshape(blocks, block) + 0.5) * factor - 0.5
    lasts = centers.ravel()[np.minimum(np.arange(1, blocks + 1) * block, results) - 1]
    starts = np.maximum(np.ceil(centers[:, 0] - 3 * stretch), 0).astype(int)
    ends = np.minimum(np.floor(lasts + 3 * stretch) + 1, samples).astype(int)
    starts, reach = _evenly(starts, ends, samples, block * factor)

    read = np.array(starts)[:, None, None] + np.arange(reach)
    weights = _lanczos((read - centers[..., None]) / stretch)
    beyond_end = samples - start - length
    if 0 < beyond_end < 1:  # the last sample is of fewer pixels than others, which lie at the edge
        middle = np.float64(samples - 1 - beyond_end / 2)
        last = _lanczos((middle - centers[..., None]) / stretch)
        weights = np.where(read == samples - 1, last * (1 - beyond_end), weights)
    for beyond, edge in _beyond(samples, start, length, factor):
        more = _lanczos((np.array(beyond) - centers[..., None]) / stretch)
        weights += (read == edge) * more.sum(axis=2, keepdims=True)
    weights.reshape(-1, reach)[results:] = 0
    sums = weights.sum(axis=2, keepdims=True)
    np.divide(weights, sums, out=weights, where=sums > 0)
    taps = min(samples, math.floor(6 * stretch) + 1)
    return Bank(starts, weights, taps, float(np.abs(weights).sum(axis=2).max()))


def _beyond(
    samples: int, start: float, length: float, factor: float
) -> Iterator[tuple[range, int]]:
    """Samples beyond both edges that neighbouring results reach over, if any, and the sample that
    stands there instead.

    The whole picture has no neighbours; it may show only a part of its last sample.
    """
    if start == 0 and samples - 1 < length <= samples:
        return
    before = max(0, math.ceil(start / factor - _ROUNDING))
    after = max(length / factor, math.ceil((samples - start) / factor - _ROUNDING))
    first = -math.ceil(before * factor - start - _ROUNDING)
    last = math.ceil(start + after * factor - _ROUNDING)
    if first < 0:
        yield range(first, 0), 0
    if last > samples:
        yield range(samples, last), samples - 1


def _evenly(
    starts: npt.NDArray[np.int_], ends: npt.NDArray[np.int_], samples: int, apart: float
) -> tuple[list[int], int]:
    """Starts that lie the same number of samples apart for many blocks at a time, and the reach.

    The blocks of such a run are one call of `np.matmul`. Where they lie `apart` by no whole number,
    they reach over some more samples than they need. So their starts may be early by as many.
    """
    step, reach = round(apart), int((ends - starts).max())
    if step != apart:
        reach = min(samples, reach + max(1, reach // _SPARE))
    latest = np.minimum(starts, samples - reach).tolist()
    earliest = np.maximum(ends - reach, 0).tolist()
    found: list[int] = []
    for early, late in zip(earliest, latest, strict=True):
        even = found[-1] + step if found else late
        if not early <= even <= late:
            # A run of too long a step begins as early as it may, one of too short a step late.
            even = max(early, found[-1]) if step > apart else late
        found.append(even)
    return found, reach


def _lanczos(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """sinc(x) sinc(x/3) for -3 < x < 3, else 0; of one sine, as sin 3y = 3 sin y - 4 (sin y)^3."""
    y = np.clip(x * (math.pi / 3), -math.pi, math.pi)
    y[np.abs(y) < 1e-9] = 1e-9
    square = np.sin(y) ** 2
    return np.asarray(square * (3 - 4 * square) / (3 * y * y))
