"""The weights of Lanczos-3 along one side, in blocks that are small dense matrices.

The centre of sample i of n lies at (i + 1/2) / n of the side. What the filter would read beyond an
edge of the picture has no weight and the others share it, as in Pillow: nothing is shifted or
darkened there.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

#: Results whose weights are one matrix, of whose columns 6 in 6 + BLOCK are not zero. With fewer
#: results the processor's registers stay empty: 8 was the fastest of 4 to 32.
BLOCK = 8

#: The finest weights, in bits: what is finer costs range and is not seen.
_FINEST = 24


@dataclass(frozen=True, slots=True)
class Kind:
    """A float; the bits of whole numbers that it holds; those of a fraction between two passes."""

    dtype: type[np.float32] | type[np.float64]
    exact: int
    fraction: int


@dataclass(frozen=True, slots=True)
class Bank:
    """Block b of `BLOCK` results is made of `reach` samples from `starts[b]` on.

    `weights` (blocks, BLOCK, reach) are float64. Those of a result sum to 1; beyond the last result
    they are 0.
    """

    starts: list[int]
    weights: npt.NDArray[np.float64]
    taps: int  # weights of one result that may be other than 0
    gain: float  # the largest sum of their absolute values

    @property
    def reach(self) -> int:
        return int(self.weights.shape[2])

    def span(self, first: int, last: int) -> slice:
        """The samples that blocks `first` to before `last` are made of."""
        return slice(self.starts[first], self.starts[last - 1] + self.reach)

    def bits(self, most: float, kind: Kind) -> int:
        """How fine whole weights may be, that all sums of samples up to `most` are exact."""
        room = 2.0**kind.exact / most - self.taps  # a weight is rounded by less than one
        return min(_FINEST, math.floor(math.log2(room / self.gain)))

    def whole(self, bits: int, scale: int, kind: Kind) -> npt.NDArray[Any]:
        """The weights as whole numbers of 2 ** -bits, times 2 ** (bits - scale), which is exact.

        Their running sums are rounded, so that they still sum to 1, and flat stays flat.
        """
        sums = np.rint(np.cumsum(self.weights, axis=2) * 2.0**bits)
        return (np.diff(sums, axis=2, prepend=0) * 2.0**-scale).astype(kind.dtype)


@functools.lru_cache(maxsize=4)  # for the frames of an animation; at most 7 MB each
def bank(samples: int, results: int, start: float, length: float) -> Bank:
    """Lanczos-3 that makes `results` samples, fewer or more, of `length` samples from `start` on.

    `samples`, which it reads around these too, are at most 2 ** 16.
    """
    factor = length / results
    stretch = max(1.0, factor)
    blocks = -(-results // BLOCK)
    centers = start + (np.arange(blocks * BLOCK).reshape(blocks, BLOCK) + 0.5) * factor - 0.5
    lasts = centers.ravel()[np.minimum(np.arange(1, blocks + 1) * BLOCK, results) - 1]
    starts = np.maximum(np.ceil(centers[:, 0] - 3 * stretch), 0).astype(int)
    ends = np.minimum(np.floor(lasts + 3 * stretch) + 1, samples).astype(int)
    reach = int((ends - starts).max())
    starts = np.minimum(starts, samples - reach)

    read = starts[:, None, None] + np.arange(reach)
    weights = _lanczos((read - centers[..., None]) / stretch)
    weights.reshape(-1, reach)[results:] = 0
    sums = weights.sum(axis=2, keepdims=True)
    np.divide(weights, sums, out=weights, where=sums > 0)
    taps = min(samples, math.floor(6 * stretch) + 1)
    return Bank(starts.tolist(), weights, taps, float(np.abs(weights).sum(axis=2).max()))


def _lanczos(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """sinc(x) sinc(x/3) for -3 < x < 3, else 0; of one sine, as sin 3y = 3 sin y - 4 (sin y)^3."""
    y = np.clip(x * (math.pi / 3), -math.pi, math.pi)
    y[np.abs(y) < 1e-9] = 1e-9
    square = np.sin(y) ** 2
    return np.asarray(square * (3 - 4 * square) / (3 * y * y))
