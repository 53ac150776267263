"""Random access to an original's bytes for header parsers, with the end of the file in sight."""

import struct
from collections.abc import Sequence
from typing import Any, Protocol, Self

import numpy as np

from imgmiddleware.errors import damaged
from imgmiddleware.sources.original import announcing

#: Most headers end within the first page; one read then serves the whole probe.
_FIRST_PAGE = 16 * 1024
#: A walk that jumps from chunk to chunk touches a dozen bytes at each landing. So later pages are
#: small, or walking a few large chunks would copy much of the file.
_NEXT_PAGE = 1024
#: But where landings lie closer together than this, a call of the system for each costs more than
#: copying the bytes between: then pages grow up to it. A 20 MB PNG of 8 KiB chunks is walked in
#: half of the time.
_NEAR = 64 * 1024
#: No header structure read in one piece is larger (a colour profile's own bound is 4 MiB). A parser
#: that asks for more has believed a length field.
_LARGEST_READ = 8 * 1024 * 1024


class Readable(Protocol):
    """The part of an `Original` that a header parser needs."""

    @property
    def size(self) -> int: ...
    def read_into(self, buffer: memoryview, offset: int = 0) -> int: ...


class Window:
    """Reads of an original at any offset; one beyond its end is a damaged original, never short."""

    def __init__(self, original: Readable) -> None:
        self.size = original.size
        self._original: Readable | None = original
        self._page = memoryview(b"")
        self._start = 0
        self._next = _FIRST_PAGE

    @classmethod
    def over(cls, data: bytes | memoryview | Readable) -> Self:
        """A window over bytes in memory, which copies only the bytes that are read.

        It may also be over an original that is not in memory, where a parser is for both.
        """
        if not isinstance(data, bytes | memoryview):
            return cls(data)
        window = cls.__new__(cls)
        window.size = len(data)
        window._original = None
        window._page, window._start = memoryview(data), 0
        return window

    def read(self, offset: int, length: int) -> bytes:
        """The `length` bytes at `offset`. Raises 422 where the original ends before that."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise damaged(f"it ends at byte {self.size}, but needs bytes up to {offset + length}")
        if length > _LARGEST_READ:
            raise damaged(f"its header holds a structure of {length} bytes")
        start = offset - self._start
        if start < 0 or start + length > len(self._page):
            self._fetch(offset, length)
            start = 0
        return bytes(self._page[start : start + length])

    def head(self, length: int) -> bytes:
        """The first `length` bytes, fewer where the original is shorter."""
        return self.read(0, min(length, self.size))

    def announce(self, starts: Sequence[int], counts: Sequence[int]) -> None:
        """So many bytes will be read from each of these offsets, in this order."""
        announce = announcing(self._original)
        if announce is not None:
            announce(np.array(starts, np.int64), np.array(counts, np.int64))

    def unpack(self, layout: str, offset: int) -> tuple[Any, ...]:
        """`struct.unpack` of the bytes at `offset`."""
        start, length = offset - self._start, struct.calcsize(layout)
        if 0 <= start <= len(self._page) - length:  # most are: a large PNG has thousands of chunks
            return struct.unpack_from(layout, self._page, start)
        return struct.unpack(layout, self.read(offset, length))

    def _fetch(self, offset: int, length: int) -> None:
        assert self._original is not None  # bytes in memory are one page that holds everything
        if self._page:
            near = 0 <= offset - (self._start + len(self._page)) < _NEAR
            self._next = min(2 * self._next, _NEAR) if near else _NEXT_PAGE
        length = max(length, self._next)
        buffer = bytearray(min(length, self.size - offset))
        count = self._original.read_into(memoryview(buffer), offset)
        if count < len(buffer):
            raise damaged(f"it ends at byte {offset + count}, not at byte {self.size}")
        self._page, self._start = memoryview(buffer), offset
