"""A shelf whose disk may fail: then it reads and writes nothing, with one warning an outage."""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from imgmiddleware.cache.circuit_breaker import CircuitBreaker
from imgmiddleware.cache.folder.clock import Clock
from imgmiddleware.cache.folder.index import Index
from imgmiddleware.cache.folder.rows import Row, is_busy, is_damage
from imgmiddleware.cache.folder.shelf import NoBodyError, Shelf, next_shelf, open_body
from imgmiddleware.cache.folder.writer import Writer
from imgmiddleware.cache.key import tag_digest

R = TypeVar("R")

_UTIME_BY_DESCRIPTOR = os.utime in os.supports_fd


@dataclass(frozen=True, slots=True)
class Body:
    """A body that is open for reading; its holder closes the descriptor."""

    path: str
    descriptor: int
    status: os.stat_result


class GuardedShelf:
    """Entries in `folder`, which has as many bytes for them as `capacity` says at that moment.

    No method here raises for a fault of the disk. Any number of threads may use it, also after a
    fork.
    """

    def __init__(self, folder: str, capacity: Callable[[], int]) -> None:
        self._folder = folder
        # A reader must not wait while a writer waits for other processes: each has a connection.
        self.reader = Index(folder)
        self.clock = Clock()
        self.writer = Writer(folder, capacity, self.clock)
        self._breaker = CircuitBreaker(folder)

    def read(self, act: Callable[[], R], otherwise: R) -> R:
        """The value of `act`, or `otherwise` if the disk fails. `act` may be called twice."""
        return self._tried("reading", act, otherwise, again=True)

    def write(self, act: Callable[[], R], otherwise: R, *, again: bool = True) -> R:
        """The same for an act that changes the folder; `again`: whether it may be called twice."""
        return self._tried("writing", act, otherwise, again=again)

    def put(self, row: Row, write: Callable[[int], None], *, again: bool = True) -> None:
        """Have an entry written; an error of `write` that is not the disk's is raised."""
        self.write(lambda: self._put(row, write), None, again=again)

    def drop(self, row: Row) -> None:
        """Remove a damaged entry."""
        self.write(lambda: self.writer.drop(row), None)

    def remove(self, tag: str | None) -> int:
        """Remove the entries with this tag, or all; returns how many there were."""
        digest = None if tag is None else tag_digest(tag)
        return self.write(lambda: self.writer.remove_all(digest), 0)

    def make_room(self) -> None:
        """Evict down to the capacity, which may be less than it was."""
        self.write(self.writer.make_room, None)

    def held(self) -> tuple[int, int]:
        """Entries and bytes."""
        return self.read(self.reader.held, (0, 0))

    def row(self, key: str) -> tuple[Row, Shelf] | None:
        """The entry, if its body is written. Raises the errors of `Index.row`."""
        return self.reader.row(key)

    def opened(self, row: Row, shelf: Shelf) -> Body | None:
        """The body of an entry. None where the file cannot be it; then the entry is dropped.

        Raises `OSError`: only functions that `read` calls may call this.
        """
        try:
            path = shelf.body(row.key, row.checksum)
            return Body(path, *open_body(path))
        except (FileNotFoundError, NoBodyError, ValueError):
            self.drop(row)
            return None

    def mark_read(self, body: Body) -> None:
        """Give the entry a time of access that is later than any other's."""
        self.clock.hear(body.status.st_atime_ns)
        with contextlib.suppress(OSError):  # a read-only disk evicts nothing either
            target = body.descriptor if _UTIME_BY_DESCRIPTOR else body.path
            os.utime(target, ns=(self.clock.now(), body.status.st_mtime_ns))

    def is_failing(self) -> bool:
        """Whether the disk failed a moment ago, so that nothing is tried."""
        return any(map(self._breaker.is_open, ("reading", "writing")))

    def has_failed(self) -> bool:
        """Whether the disk has failed, and nothing was written since."""
        return self._breaker.is_failing

    def close(self) -> None:
        """Close the index; it is opened again where it is needed again."""
        self.reader.close()
        self.writer.index.close()

    def _put(self, row: Row, write: Callable[[int], None]) -> None:
        self.writer.put(row, write)
        self._breaker.reset()

    def _tried(self, what: str, act: Callable[[], R], otherwise: R, *, again: bool) -> R:
        if self._breaker.is_open(what):
            return otherwise
        try:
            try:
                return act()
            except (sqlite3.Error, FileNotFoundError) as error:
                if not self._reopened(what, error) or not again:
                    raise
                return act()
        except (OSError, sqlite3.Error) as error:
            self.close()
            self._breaker.trip(what, error)
            return otherwise

    def _reopened(self, what: str, error: Exception) -> bool:
        """Whether to try again, because the index will be opened again or is made anew."""
        if is_busy(error):
            return False
        shelf = (self.reader if what == "reading" else self.writer.index).shelf
        self.close()
        if is_damage(error) and shelf is not None:
            self._breaker.warn("the index is damaged; the cache starts anew", error)
            next_shelf(self._folder, shelf)
            self.writer.start_anew()
        return True
