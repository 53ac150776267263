"""What was purged, told to who is just making it, and to the memories of other processes.

The other processes are told by a mark in the shared folder. A purge is told before and after: what
is put in between is known by its maker to be of an era that is over.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

#: Purges of this process, and the mark of all: equal while nobody has purged.
Era = tuple[int, int]


class Purges:
    """The mark in `folder`: moved by whoever purges, looked at by everybody. None: one process."""

    def __init__(self, folder: str | None) -> None:
        self._path = None if folder is None else os.path.join(folder, "purged")
        self._count = 0

    def era(self) -> Era:
        """What stays the same until somebody purges; a stat of a file, 2 µs."""
        return self._count, self._moved()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What is purged meanwhile, everybody lets go of."""
        self.tell()
        try:
            yield
        finally:
            self.tell()

    def tell(self) -> None:
        """Begin another era."""
        self._count += 1
        if self._path is None:
            return
        with suppress(OSError), open(self._path, "ab"):
            # Not the disk's own clock, which ticks some hundred times a second.
            moved = max(time.time_ns(), self._moved() + 1)
            os.utime(self._path, ns=(moved, moved))

    def _moved(self) -> int:
        try:
            return 0 if self._path is None else os.stat(self._path).st_mtime_ns
        except OSError:
            return 0
