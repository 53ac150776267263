"""Purges of a folder, told to all processes, also to those that just make a purged result.

They are told by the time of a file in the shared folder, once before and once after the purge.
docs/machines.md explains why ("Purge, era and claim").
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from imgmiddleware.cache.store import Era


class Purges:
    """The mark in `folder`. Each purge moves it, and all processes look at it."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, "purged")
        self._own = object()  # changes even where the folder cannot be written

    def era(self) -> Era:
        """A value that stays equal until the next purge; a stat of a file, 2 µs."""
        return self._own, self._mark()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """A context to purge in: all processes forget results that are purged meanwhile."""
        self.tell()
        try:
            yield
        finally:
            self.tell()

    def tell(self) -> None:
        """Begin another era."""
        self._own = object()
        with suppress(OSError), self._opened():
            # Not the disk's own clock, which ticks some hundred times a second.
            mark = max(time.time_ns(), self._mark() + 1)
            os.utime(self._path, ns=(mark, mark))

    def _opened(self) -> IO[bytes]:
        """The file, made if it is not there. Raises `OSError`."""
        try:
            return open(self._path, "ab")
        except PermissionError:  # another user has made it, in a folder that may be ours
            os.unlink(self._path)
            return open(self._path, "ab")

    def _mark(self) -> int:
        try:
            return os.stat(self._path).st_mtime_ns
        except OSError:
            return 0
