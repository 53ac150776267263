"""Passing rows: those of an original that go by once, of which the last few are held.

The resampler reads a picture from the top down, some rows at a time. What is too large to be kept
for other sizes need then never be whole in memory.
"""

from collections import deque
from collections.abc import Iterator

import numpy as np

from imgmiddleware.pixels.arrays import Pixels


class PassingRows:
    """To the resampler a picture: `shape`, `ndim`, `dtype`, and `rows[a:b, c:d]` as a view.

    Neither `a` nor `b` may be less than before, and the view is written over by the next rows.
    Raises what `blocks` raises; each of them may be written over by the next.
    """

    def __init__(self, blocks: Iterator[Pixels], height: int) -> None:
        self._blocks = blocks
        self._block = next(blocks)  # what is left of it
        self.shape = height, *self._block.shape[1:]
        self.ndim = self._block.ndim
        self.dtype = self._block.dtype
        self._held = np.empty((0, *self.shape[1:]), self.dtype)
        self._top = self._end = 0
        self._taken: deque[Pixels] = deque()
        self._spare: list[Pixels] = []

    def __getitem__(self, part: tuple[slice, slice]) -> Pixels:
        rows, columns = part
        if rows.stop > self._end:
            self._hold(rows.start, rows.stop)
        return self._held[rows.start - self._top : rows.stop - self._top, columns]

    def take(self, rows: slice) -> Pixels:
        """These rows, for others to work on while the next are asked for, until `release`."""
        self._hold(rows.start, rows.stop, apart=True)
        self._taken.append(self._held)
        return self._held[: rows.stop - rows.start]

    def release(self) -> None:
        """What was taken first is used no more."""
        self._spare.append(self._taken.popleft())

    def _hold(self, top: int, end: int, *, apart: bool = False) -> None:
        """Rows from `top` to before `end`: those that are held already move to the front, or into
        memory that nobody works on.
        """
        self._skip(top)
        still = self._held[top - self._top : self._end - self._top]
        count = max(end - top, len(still))
        if apart or count > len(self._held):
            self._held = self._room(count)
        self._held[: len(still)] = still
        self._top = top
        while self._end < end:
            begin = self._end - top
            rows = self._next(end)
            self._held[begin : begin + len(rows)] = rows
        if end == self.shape[0]:  # behind the last row stand sums that are to be compared
            next(self._blocks, None)

    def _room(self, count: int) -> Pixels:
        if self._spare and len(self._spare[-1]) >= count:
            return self._spare.pop()
        return np.empty((count, *self.shape[1:]), self.dtype)

    def _skip(self, top: int) -> None:
        """Pass by rows that nobody asks for: a part is read with more around it than it takes."""
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
