"""Passing rows: rows of an original that go by once, of which the last few are held.

The resampler reads a picture from the top down, some rows at a time. So a picture that is too large
to be kept for other sizes never needs to be whole in memory.
"""

from collections.abc import Iterator

import numpy as np

from imgmiddleware.pixels.arrays import Pixels


class PassingRows:
    """A picture for the resampler: `shape`, `ndim`, `dtype`, and `rows[a:b, c:d]` as a view.

    `a` and `b` may not be less than before, and the next rows are written over the view. Raises the
    errors of `blocks`; each block may be written over by the next.
    """

    def __init__(self, blocks: Iterator[Pixels], height: int) -> None:
        self._blocks = blocks
        self._block = next(blocks)  # the rest of it
        self.shape = height, *self._block.shape[1:]
        self.ndim = self._block.ndim
        self.dtype = self._block.dtype
        self._held = np.empty((0, *self.shape[1:]), self.dtype)
        self._top = self._end = 0

    def __getitem__(self, part: tuple[slice, slice]) -> Pixels:
        rows, columns = part
        if rows.stop > self._end:
            self._hold(rows.start, rows.stop)
        return self._held[rows.start - self._top : rows.stop - self._top, columns]

    def _hold(self, top: int, end: int) -> None:
        """Rows from `top` to before `end`; rows that are held already move to the front."""
        self._skip(top)
        still = self._held[top - self._top : self._end - self._top]
        if end - top > len(self._held):
            self._held = np.empty((end - top, *self.shape[1:]), self.dtype)
        self._held[: len(still)] = still
        self._top = top
        while self._end < end:
            begin = self._end - top
            rows = self._next(end)
            self._held[begin : begin + len(rows)] = rows
        if end == self.shape[0]:  # behind the last row stand sums that are to be compared
            next(self._blocks, None)

    def _skip(self, top: int) -> None:
        """Pass by rows that are not asked for: a part is read with more around it than it takes."""
        if self._end < top:
            self._held = self._held[:0]
            while self._end < top:
                self._next(top)
            self._top = self._end

    def _next(self, end: int) -> Pixels:
        """The next rows, up to before `end`."""
        if not len(self._block):
            self._block = next(self._blocks)
        rows = self._block[: end - self._end]
        self._block = self._block[len(rows) :]
        self._end += len(rows)
        return rows
