"""Originals that another process has opened, and hands over piece by piece."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple, Self

from imgmiddleware.pixels.samples import Reading
from imgmiddleware.pixels.values import Present
from imgmiddleware.sources.array import ArrayOriginal
from imgmiddleware.sources.file import FileOriginal
from imgmiddleware.sources.original import Numbers


class Seen(NamedTuple):
    """The source's facts of an original that was opened."""

    version: str
    size: int
    last_modified: int | None


class FileElsewhere(FileOriginal):
    """A file that another process has opened, by a descriptor of the same opening.

    `stamp` is the file system's state of it then: if that differs now, the file was changed.
    """

    def __init__(self, descriptor: int, seen: Seen, stamp: str) -> None:
        super().__init__(descriptor)
        self.version, self.size, self.last_modified = seen
        self._seen = stamp


class BytesElsewhere:
    """Bytes that another process has, or reads; this asks for them when they are needed.

    `ask(offset, size)` gives some of them; or a descriptor of a file that has them all. `announce`
    is for an original that can use it.
    """

    def __init__(
        self,
        seen: Seen,
        ask: Callable[[int, int], bytes | int],
        announce: Callable[[Numbers, Numbers], None] | None = None,
    ) -> None:
        self.version, self.size, self.last_modified = seen
        self._ask = ask
        self.announce = announce
        self._file: int | None = None

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        """Fill `buffer` with the bytes from `offset` on; returns how many there were."""
        if self._file is None:
            given = self._ask(offset, len(buffer))
            if isinstance(given, bytes):
                buffer[: len(given)] = given
                return len(given)
            self._file = given
        done = 0
        while done < len(buffer) and (
            count := os.preadv(self._file, [buffer[done:]], offset + done)
        ):
            done += count
        return done

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            os.close(self._file)


class ArrayElsewhere(ArrayOriginal):
    """An array that another process has, or makes; this asks for it when it is needed."""

    def __init__(self, seen: Seen, reading: Reading, ask: Callable[[], Present]) -> None:
        self.version = seen.version
        self._size = seen.size
        self._reading = reading
        self._given = self._declared = None
        self._made = None
        self._ask = ask

    @property
    def size(self) -> int:
        """Bytes of a given array; 0 for one that is made."""
        return self._size

    def _values(self) -> Present:
        if self._made is None:
            self._made = self._ask()
            self._checked(self._made)
        assert isinstance(self._made, Present)
        return self._made
