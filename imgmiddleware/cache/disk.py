"""Bodies in a folder that all worker processes share; the least recently read goes first.

Nothing here raises for what is wrong with the disk: then there is no cache, with one warning.

When an entry was last read stands in the access time of its file, which the reader sets. The index
has a time that is no later, and whoever evicts looks at the file before he believes it.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import sqlite3
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from imgmiddleware.cache.circuit_breaker import CircuitBreaker
from imgmiddleware.cache.clock import Clock
from imgmiddleware.cache.entry import (
    Entry,
    StoredBody,
    entry_of,
    entry_row,
    is_whole,
    tag_digest,
    weight,
)
from imgmiddleware.cache.index import Index
from imgmiddleware.cache.rows import Row, is_busy, is_damage
from imgmiddleware.cache.shelf import NoBodyError, Shelf, next_shelf, open_body
from imgmiddleware.cache.sized_lru import Holding
from imgmiddleware.cache.ttl import TtlCache
from imgmiddleware.cache.writer import Writer

R = TypeVar("R")

_UTIME_BY_DESCRIPTOR = os.utime in os.supports_fd
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: What an empty cache takes, and which part of the bound a folder keeps that once had most entries.
_BASE, _FOLDER = 64 << 10, 50
#: One entry may take a fourth of the bytes: a larger one would clear it of all others.
_LARGEST = 4
#: How many entries a process remembers to have verified.
_MOST_VERIFIED = 16384


@dataclass(frozen=True, slots=True)
class _Verified:
    """A file whose bytes were compared with their checksum, and how it is known again."""

    entry: Entry
    path: str
    inode: int
    mtime: int

    def is_still(self, status: os.stat_result) -> bool:
        return (
            status.st_ino == self.inode
            and status.st_mtime_ns == self.mtime
            and status.st_size == self.entry.size
        )


class Disk:
    """Up to `most` bytes in a folder. For any threads and processes, also after a fork.

    Keys are URL-safe Base64; any other raises `ValueError`.
    """

    def __init__(self, folder: str | os.PathLike[str], most: int) -> None:
        self._folder = os.path.abspath(folder)
        self._most = most
        self._capacity = most - _BASE - most // _FOLDER
        # Who reads must not wait for who waits to write.
        self._reader = Index(self._folder)
        self._clock = Clock()
        self._writer = Writer(self._folder, self._capacity, self._clock)
        self._breaker = CircuitBreaker(self._folder)
        self._forget()
        _disks.add(self)

    def get(self, key: str) -> tuple[Entry, StoredBody] | None:
        """The entry, which counts as read. A damaged one is none, and goes.

        The body is the caller's to close.
        """
        _check(key)
        return self._get_verified(key) or self._tried("reading", lambda: self._get(key), None)

    def takes(self, size: int) -> bool:
        """Whether a body of this size is held at all."""
        return weight(size) * _LARGEST <= self._capacity

    def put(self, key: str, body: bytes, media_type: str, notes: tuple[str, ...], tag: str) -> None:
        """Hold the body, for which others go. `tag` is the original's ID, for `purge`."""
        _check(key)
        if not self.takes(len(body)):
            return
        row = entry_row(key, body, media_type, notes, tag)

        def write() -> None:
            self._writer.put(row, body)
            self._breaker.reset()

        self._tried("writing", write, None)

    def purge(self, tag: str) -> int:
        """Let go of what was made of one original; how many entries that was."""
        return self._tried("writing", lambda: self._writer.remove_all(tag_digest(tag)), 0)

    def clear(self) -> int:
        """Let go of everything; how many entries that was."""
        return self._tried("writing", lambda: self._writer.remove_all(None), 0)

    def holding(self) -> Holding:
        """What all processes hold together; bytes are those that it takes on the disk."""
        entries, size = self._tried("reading", self._reader.held, (0, 0))
        return Holding(entries, size, self._most)

    def close(self) -> None:
        """Close the index; it is opened again where it is needed again."""
        self._reader.close()
        self._writer.index.close()

    def _forget(self) -> None:
        """Verify everything anew."""
        self._verified: TtlCache[str, _Verified] = TtlCache(_MOST_VERIFIED, math.inf)

    def _get_verified(self, key: str) -> tuple[Entry, StoredBody] | None:
        """What this process has verified before, if it is still there; without the index."""
        verified = self._verified.get(key)
        if verified is None:
            return None
        try:
            descriptor, status = open_body(verified.path)
        except (OSError, NoBodyError):
            self._verified.forget(key)
            return None
        if verified.is_still(status):
            return self._read(verified, descriptor, status)
        os.close(descriptor)
        return None

    def _get(self, key: str) -> tuple[Entry, StoredBody] | None:
        found = self._reader.row(key)
        return None if found is None else self._verify(*found)

    def _verify(self, row: Row, shelf: Shelf) -> tuple[Entry, StoredBody] | None:
        try:
            path = shelf.body(row.key, row.checksum)
            descriptor, status = open_body(path)
        except (FileNotFoundError, NoBodyError, ValueError):
            self._tried("writing", lambda: self._writer.drop(row), None)
            return None
        try:
            whole = is_whole(row, descriptor)
            if whole:
                self._clock.hear(self._reader.latest())
        except BaseException:
            os.close(descriptor)
            raise
        if not whole:
            os.close(descriptor)
            self._tried("writing", lambda: self._writer.drop(row), None)
            return None
        verified = _Verified(entry_of(row), path, status.st_ino, status.st_mtime_ns)
        self._verified.put(row.key, verified)
        return self._read(verified, descriptor, status)

    def _read(
        self, verified: _Verified, descriptor: int, status: os.stat_result
    ) -> tuple[Entry, StoredBody]:
        """Mark the entry as read now, and after any other that was."""
        self._clock.hear(status.st_atime_ns)
        with contextlib.suppress(OSError):  # a read-only disk, where nothing is evicted either
            target = descriptor if _UTIME_BY_DESCRIPTOR else verified.path
            os.utime(target, ns=(self._clock.now(), status.st_mtime_ns))
        return verified.entry, StoredBody(verified.path, verified.entry.size, io.FileIO(descriptor))

    def _tried(self, what: str, act: Callable[[], R], otherwise: R) -> R:
        """What `act` returns, or `otherwise` where the disk fails."""
        if self._breaker.is_open(what):
            return otherwise
        try:
            try:
                return act()
            except (sqlite3.Error, FileNotFoundError) as error:
                if not self._reopened(what, error):
                    raise
                return act()
        except (OSError, sqlite3.Error) as error:
            self.close()
            self._breaker.trip(what, error)
            return otherwise

    def _reopened(self, what: str, error: Exception) -> bool:
        """Whether another try makes sense, on an index that is opened again or made anew."""
        if is_busy(error):
            return False
        shelf = (self._reader if what == "reading" else self._writer.index).shelf
        self.close()
        if is_damage(error) and shelf is not None:
            self._breaker.warn("the index is damaged; the cache starts anew", error)
            next_shelf(self._folder, shelf)
            self._writer.start_anew()
        return True


def _check(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise ValueError(f"no key of a cache: {key!r}")


_disks: weakref.WeakSet[Disk] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for disk in list(_disks):
        disk._forget()  # a thread that was not forked may hold its lock for ever


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
