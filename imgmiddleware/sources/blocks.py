"""Blocks: the parts of an object in a store, read in few requests and none twice.

A request takes as long as some hundred thousand bytes. So a read fetches whole blocks, and with
them the next ones: those that the reader has announced, or those that follow. Blocks of one request
follow one another, or nearly; requests that need not wait for each other are made at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from imgmiddleware.objects.parallel import together
from imgmiddleware.sources.original import Numbers

SIZE = 2**14
"""Bytes of a block. The last one of an object has fewer."""

#: Bytes that are fetched beyond a read that was not announced: the directory of a TIFF has its
#: tables behind it. It doubles while reads follow one another, up to the second.
_NEXT, _MOST_NEXT = 2**16, 2**22
#: If no more than so many bytes follow, they come along. Writers of pyramids put each directory
#: behind its tiles, so that the last of them stand there together.
_REST = 2**20
#: Bytes of an announcement that are fetched at once; and those that an original holds by itself.
_BATCH, _MOST_OWN = 2**22, 3 * 2**21
#: Blocks between two needed ones: up to so many are fetched along.
_GAP = 4
#: A read of so many bytes goes past all blocks, in requests of so many, some at once. Their bytes
#: exist beside the reader's own memory until they are there. The largest table of a TIFF's pieces
#: is smaller (2 MiB): it is read for the facts, and again for the samples.
_LARGE, _EACH, _AT_ONCE = 2**21 + 1, 2**21, 4

Span = tuple[int, int]
"""The first byte, and the end."""


class Kept(Protocol):
    """Keeps blocks for the next reader of the object."""

    def get(self, key: tuple[str, str, int]) -> bytes | None: ...
    def put(self, key: tuple[str, str, int], value: bytes, size: int) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Announced:
    """Spans in the order in which they will be read."""

    starts: Numbers
    stops: Numbers

    def after(self, offset: int, most: int) -> slice:
        """The span that begins at the offset, and those that follow, up to so many bytes."""
        for at in np.flatnonzero(self.starts == offset)[:1].tolist():
            total = np.cumsum(self.stops[at:] - self.starts[at:])
            return slice(at, at + max(1, int(np.searchsorted(total, most, side="right"))))
        return slice(0)

    def spans(self, part: slice) -> Iterator[Span]:
        return zip(self.starts[part].tolist(), self.stops[part].tolist(), strict=True)


class Blocks:
    """The bytes of one version of an object of `size` bytes. One thread at a time may use it.

    `fetch` reads one span. `head` are the known bytes, from the first on.
    """

    def __init__(
        self,
        fetch: Callable[[Span], memoryview],
        size: int,
        kept: Kept | None,
        key: tuple[str, str],
        head: memoryview,
    ) -> None:
        self._fetch = fetch
        self._size, self._kept, self._key = size, kept, key
        self._own: OrderedDict[int, bytes] = OrderedDict()
        self._announced: list[_Announced] = []
        self._end, self._ahead = len(head), _NEXT  # of the fetched bytes; how many beyond come next
        self._store(0, head)

    def announce(self, starts: Numbers, counts: Numbers) -> None:
        """So many bytes will be read from each of these offsets, in this order."""
        there = counts > 0
        if there.any():
            self._announced.append(_Announced(starts[there], (starts + counts)[there]))

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill the buffer; returns how many bytes there were."""
        stop = min(offset + len(buffer), self._size)
        if stop <= offset:
            return 0
        self._trim()
        numbers = _numbers(offset, stop)
        missing = [number for number in numbers if self._get(number) is None]
        if missing and stop - offset >= _LARGE:
            self._read_past(buffer, offset, stop, missing)
        elif missing:
            self._read_blocks(self._wanted(offset, missing))
            missing = []
        for number in numbers:
            if not missing or not missing[0] <= number <= missing[-1]:
                self._copy(buffer, offset, stop, number)
        return stop - offset

    def _copy(self, buffer: memoryview, offset: int, stop: int, number: int) -> None:
        block = self._get(number)
        assert block is not None  # it was there, or is by now
        start = number * SIZE
        begin, end = max(offset, start), min(stop, start + SIZE)
        buffer[begin - offset : end - offset] = block[begin - start : end - start]

    def _read_past(self, buffer: memoryview, offset: int, stop: int, missing: list[int]) -> None:
        """Read bytes that would push out all other blocks straight into the buffer."""
        first, last = max(offset, missing[0] * SIZE), min(stop, (missing[-1] + 1) * SIZE)

        def read(span: Span) -> None:
            buffer[span[0] - offset : span[1] - offset] = self._fetch(span)

        spans = [(at, min(at + _EACH, last)) for at in range(first, last, _EACH)]
        for at in range(0, len(spans), _AT_ONCE):
            together(read, spans[at : at + _AT_ONCE])
        self._end = stop

    def _wanted(self, offset: int, missing: list[int]) -> set[int]:
        """The missing blocks of a read, and those of the next reads."""
        share = _BATCH // max(1, len(self._announced))
        for announced in self._announced:
            part = announced.after(offset, share)
            if part.stop:
                if part.stop >= len(announced.starts):
                    self._announced.remove(announced)
                return {*missing, *(n for span in announced.spans(part) for n in _numbers(*span))}
        near = 0 <= missing[0] * SIZE - self._end <= _NEXT
        self._ahead = min(2 * self._ahead, _MOST_NEXT) if near else _NEXT
        beyond = missing[0] * SIZE + self._ahead
        beyond = self._size if self._size - beyond <= _REST else beyond
        self._end = max((missing[-1] + 1) * SIZE, beyond)
        return {*missing, *_numbers(missing[0] * SIZE, beyond)}

    def _read_blocks(self, wanted: Iterable[int]) -> None:
        missing = sorted(number for number in wanted if self._get(number) is None)
        spans = [
            (first * SIZE, min((last + 1) * SIZE, self._size)) for first, last in _runs(missing)
        ]
        together(lambda span: self._store(span[0], self._fetch(span)), spans)

    def _store(self, start: int, data: memoryview) -> None:
        """Keep the whole blocks of an answer, and the last one of the object."""
        for at in range(0, len(data), SIZE):
            number, block = (start + at) // SIZE, bytes(data[at : at + SIZE])
            if len(block) < SIZE and start + at + len(block) < self._size:
                break
            self._own[number] = block
            if self._kept is not None:
                self._kept.put((*self._key, number), block, len(block) + _OVERHEAD)

    def _get(self, number: int) -> bytes | None:
        block = self._own.get(number)
        if block is None and self._kept is not None:
            block = self._kept.get((*self._key, number))
            if block is not None:
                self._own[number] = block
        return block

    def _trim(self) -> None:
        """Let go of the blocks that were fetched first."""
        while len(self._own) * SIZE > _MOST_OWN:
            self._own.popitem(last=False)


#: Bytes that a block takes beside its own: its key, Python's objects.
_OVERHEAD = 400


def _numbers(start: int, stop: int) -> range:
    """The blocks of a span."""
    return range(start // SIZE, (stop - 1) // SIZE + 1)


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of the blocks that one request fetches."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number - last > _GAP:
            yield first, last
            first = number
        last = number
    yield first, last
