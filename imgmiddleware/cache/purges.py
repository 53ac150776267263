"""What was purged, told to who is just making it, and to the memories of other processes.

The other processes are told by a mark in the shared folder. A purge is told before and after: what
is put in between is known by its maker to be of an era that is over.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from imgmiddleware.cache.store import Era


class Purges:
    """The mark in `folder`: moved by whoever purges, looked at by everybody."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, "purged")
        self._own = object()  # moves also where the folder cannot be written

    def era(self) -> Era:
        """What stays equal until somebody purges; a stat of a file, 2 µs."""
        return self._own, self._mark()

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
        self._own = object()
        with suppress(OSError), open(self._path, "ab"):
            # Not the disk's own clock, which ticks some hundred times a second.
            mark = max(time.time_ns(), self._mark() + 1)
            os.utime(self._path, ns=(mark, mark))

    def _mark(self) -> int:
        try:
            return os.stat(self._path).st_mtime_ns
        except OSError:
            return 0
