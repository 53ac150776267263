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
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from imgmiddleware.cache.brief import Brief
from imgmiddleware.cache.entry import (
    Entry,
    StoredBody,
    entry_of,
    entry_row,
    is_whole,
    tag_digest,
    weight,
)
from imgmiddleware.cache.eviction import make_room, remove, remove_all, sweep
from imgmiddleware.cache.index import Index, Row, StaleError, find, insert, is_damage, latest
from imgmiddleware.cache.outage import Outage
from imgmiddleware.cache.shelf import (
    NoBodyError,
    Shelf,
    create_body,
    is_being_written,
    next_shelf,
    open_body,
)
from imgmiddleware.cache.weighed import Holding

R = TypeVar("R")

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: What an empty cache takes, and which part of the bound a folder keeps that once had most entries.
_BASE, _FOLDER = 64 << 10, 50
#: One entry may take a fourth of the room: a larger one would clear it of all others.
_LARGEST = 4
#: How many entries a process remembers to have verified.
_MOST_VERIFIED = 16384
#: After so many batches eviction is no longer exact, so that a put ends.
_EXACT_BATCHES = 10


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
        self._room = most - _BASE - most // _FOLDER
        # Who reads must not wait for who waits to write.
        self._reader = Index(self._folder)
        self._writer = Index(self._folder)
        self._outage = Outage(self._folder)
        self._verified: Brief[str, _Verified] = Brief(_MOST_VERIFIED, math.inf)
        self._latest = 0
        self._swept = 0

    def get(self, key: str) -> tuple[Entry, StoredBody] | None:
        """The entry, which counts as read. A damaged one is none, and goes.

        The body is the caller's to close.
        """
        _check(key)
        return self._tried("reading", lambda: self._get(key), None)

    def takes(self, size: int) -> bool:
        """Whether a body of this size is held at all."""
        return weight(size) * _LARGEST <= self._room

    def put(self, key: str, body: bytes, media_type: str, notes: tuple[str, ...], tag: str) -> None:
        """Hold the body, for which others go. `tag` is the original's ID, for `purge`."""
        _check(key)
        if not self.takes(len(body)):
            return
        row = entry_row(key, body, media_type, notes, tag)
        if self._tried("writing", lambda: self._put(row, body), False):
            self._outage.end()

    def purge(self, tag: str) -> int:
        """Let go of what was made of one original; how many entries that was."""
        return self._tried("writing", lambda: remove_all(self._writer, tag_digest(tag)), 0)

    def clear(self) -> int:
        """Let go of everything; how many entries that was."""
        return self._tried("writing", lambda: remove_all(self._writer, None), 0)

    def holding(self) -> Holding:
        """What all processes hold together; bytes are those that it takes on the disk."""
        entries, size = self._tried("reading", self._reader.held, (0, 0))
        return Holding(entries, size, self._most)

    def close(self) -> None:
        """Close the index; it is opened again where it is needed again."""
        self._reader.close()
        self._writer.close()

    def _get(self, key: str) -> tuple[Entry, StoredBody] | None:
        verified = self._verified.get(key)
        if verified is not None:
            try:
                descriptor, status = open_body(verified.path)
            except (FileNotFoundError, NoBodyError):
                self._verified.forget(key)
            else:
                if verified.is_still(status):
                    return self._read(verified, descriptor, status)
                os.close(descriptor)
        found = self._reader.row(key)
        return None if found is None else self._verify(*found)

    def _verify(self, row: Row, shelf: Shelf) -> tuple[Entry, StoredBody] | None:
        try:
            path = shelf.body(row.key, row.checksum)
            descriptor, status = open_body(path)
        except (FileNotFoundError, NoBodyError, ValueError):
            self._drop(row)
            return None
        try:
            whole = is_whole(row, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        if not whole:
            os.close(descriptor)
            self._drop(row)
            return None
        verified = _Verified(entry_of(row), path, status.st_ino, status.st_mtime_ns)
        self._verified.put(row.key, verified)
        return self._read(verified, descriptor, status)

    def _read(
        self, verified: _Verified, descriptor: int, status: os.stat_result
    ) -> tuple[Entry, StoredBody]:
        """Mark the entry as read now, and after any other that was."""
        self._latest = now = max(time.time_ns(), self._latest + 1, status.st_atime_ns)
        with contextlib.suppress(OSError):  # a read-only disk, where nothing is evicted either
            os.utime(descriptor, ns=(now, status.st_mtime_ns))
        return verified.entry, StoredBody(verified.path, verified.entry.size, io.FileIO(descriptor))

    def _drop(self, row: Row) -> None:
        """Remove a damaged entry, unless another was put in its place."""

        def drop() -> None:
            with self._writer.writing() as (index, shelf):
                if find(index, row.key) == row:
                    remove(index, shelf, row)

        self._tried("writing", drop, None)

    def _put(self, row: Row, body: bytes) -> bool:
        if self._swept != os.getpid():
            sweep(self._writer, self._folder)
            self._swept = os.getpid()
        descriptor = self._reserve(row)
        if descriptor is None:
            return True
        try:
            _write(descriptor, body)
            self._finish(row, descriptor)
        except BaseException:
            self._give_up(row, descriptor)
            raise
        finally:
            os.close(descriptor)
        return True

    def _reserve(self, row: Row) -> int | None:
        """A row, its room and its empty file, all at once; None where the entry is there already.

        Whenever a process is killed, what is on the disk is counted: others see neither row nor
        file before both are there. Of what is killed in here, an empty file remains.
        """
        batches = 0
        descriptor = None
        try:
            while descriptor is None:
                with self._writer.writing() as (index, shelf):
                    found = find(index, row.key)
                    if found is not None:
                        if _is_good(found, row, shelf):
                            return None
                        remove(index, shelf, found)
                    goal = self._room - row.weight
                    if make_room(index, shelf, goal, exact=batches < _EXACT_BATCHES):
                        descriptor = create_body(shelf.body(row.key, row.checksum))
                        self._latest = max(time.time_ns(), self._latest + 1, latest(index) + 1)
                        insert(index, row, os.fstat(descriptor).st_ino, self._latest)
                batches += 1
        except BaseException:
            if descriptor is not None:
                os.close(descriptor)
            raise
        return descriptor

    def _finish(self, row: Row, descriptor: int) -> None:
        """Show the written entry to others, unless it was evicted or purged meanwhile."""
        with self._writer.writing() as (index, _):
            # No later reservation has this inode: it is ours as long as it is open.
            index.execute(
                "UPDATE entries SET standing = 1 WHERE key = ? AND inode = ?",
                (row.key, os.fstat(descriptor).st_ino),
            )

    def _give_up(self, row: Row, descriptor: int) -> None:
        """Remove what could not be written; where that fails too, it goes with the next put."""
        try:
            os.ftruncate(descriptor, 0)
            with self._writer.writing() as (index, shelf):
                path = shelf.body(row.key, row.checksum)
                if os.lstat(path).st_ino == os.fstat(descriptor).st_ino:
                    remove(index, shelf, row)
        except (OSError, sqlite3.Error):
            return

    def _tried(self, what: str, act: Callable[[], R], otherwise: R) -> R:
        """What `act` returns, or `otherwise` where the disk fails."""
        if self._outage.lasts(what):
            return otherwise
        try:
            try:
                return act()
            except (sqlite3.Error, StaleError, FileNotFoundError) as error:
                if not self._reopened(error):
                    raise
                return act()
        except (OSError, sqlite3.Error) as error:
            self.close()
            self._outage.begin(what, error)
            return otherwise

    def _reopened(self, error: Exception) -> bool:
        """Whether another try makes sense, on an index that is opened again or made anew."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL):
            return False
        shelf = self._writer.shelf or self._reader.shelf
        self.close()
        if is_damage(error) and shelf is not None:
            self._outage.tell("the index is damaged; the cache starts anew", error)
            next_shelf(self._folder, shelf)
            self._swept = 0
        return True


def _is_good(found: Row, row: Row, shelf: Shelf) -> bool:
    """Whether what is there, or is being written by another now, makes a put needless."""
    try:
        path = shelf.body(found.key, found.checksum)
        if not found.standing:
            return is_being_written(path)
        return found.checksum == row.checksum and os.lstat(path).st_size == row.size
    except (FileNotFoundError, ValueError):
        return False


def _write(descriptor: int, body: bytes) -> None:
    """Raises `OSError`."""
    left = memoryview(body)
    while left:
        left = left[os.write(descriptor, left) :]


def _check(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise ValueError(f"no key of a cache: {key!r}")
