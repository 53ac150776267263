"""Entries of the disk cache are put, dropped and purged. Each step survives being killed."""

import os
import sqlite3
from collections.abc import Callable

from imgmiddleware.cache.folder.clock import Clock
from imgmiddleware.cache.folder.eviction import evicted_to, remove, remove_all, sweep
from imgmiddleware.cache.folder.index import Index
from imgmiddleware.cache.folder.rows import Row, find, insert, latest
from imgmiddleware.cache.folder.shelf import Shelf, create_body, is_being_written

#: After so many batches the order of eviction is no longer exact, so that a put comes to its end.
_EXACT_BATCHES = 10


class Writer:
    """Changes a folder that has as many bytes for entries as `capacity` says at that moment.

    Every method raises `OSError` and `sqlite3.Error`.
    """

    def __init__(self, folder: str, capacity: Callable[[], int], clock: Clock) -> None:
        self._folder = folder
        self._capacity = capacity
        self._clock = clock
        self._swept_by = 0
        self.index = Index(folder)

    def put(self, row: Row, write: Callable[[int], None]) -> None:
        """Have an entry written to a descriptor, unless it is there or another writes it.

        An error of `write` is raised, and nothing is left of the entry.
        """
        self._sweep()
        descriptor = self._reserve(row)
        if descriptor is None:
            return
        try:
            write(descriptor)
            self._finish(row, descriptor)
        except BaseException:
            self._give_up(row, descriptor)
            raise
        finally:
            os.close(descriptor)

    def drop(self, row: Row) -> None:
        """Remove a damaged entry, unless another was put in its place."""
        with self.index.writing() as (index, shelf):
            if find(index, row.key) == row:
                remove(index, shelf, row)

    def remove_all(self, tag: bytes | None) -> int:
        """Remove the entries with this tag, or all; returns how many there were."""
        return remove_all(self.index, tag)

    def make_room(self) -> None:
        """Evict down to the capacity, which may be less than it was."""
        done, batches = False, 0
        while not done:
            with self.index.writing() as (index, shelf):
                done = evicted_to(index, shelf, self._capacity(), batches < _EXACT_BATCHES)
            batches += 1

    def start_anew(self) -> None:
        """Sweep the folder once more, as anything may be in it."""
        self._swept_by = 0

    def _sweep(self) -> None:
        """Sweep once a process, and never if nothing is written."""
        if self._swept_by != os.getpid():
            sweep(self.index, self._folder)
            self._swept_by = os.getpid()

    def _reserve(self, row: Row) -> int | None:
        """Make a row and its empty file in one step, and free their bytes; None if the entry is
        there.

        Other processes see neither row nor file before both are there, so that all bytes on the
        disk are counted, whenever a process is killed. If it is killed in here, an empty file is
        left.
        """
        batches = 0
        descriptor = None
        goal = self._capacity() - row.weight
        try:
            while descriptor is None:
                with self.index.writing() as (index, shelf):
                    found = find(index, row.key)
                    if found is not None:
                        if _is_good(found, row, shelf):
                            return None
                        remove(index, shelf, found)
                    exact = batches < _EXACT_BATCHES
                    if evicted_to(index, shelf, goal, exact):
                        descriptor = create_body(shelf.body(row.key, row.checksum))
                        self._clock.hear(latest(index))
                        insert(index, row, _inode(descriptor), self._clock.now())
                batches += 1
        except BaseException:
            if descriptor is not None:
                os.close(descriptor)
            raise
        return descriptor

    def _finish(self, row: Row, descriptor: int) -> None:
        """Show the written entry to other processes, unless it was evicted or purged meanwhile."""
        with self.index.writing() as (index, _):
            # No later reservation has this inode: it is ours as long as it is open.
            index.execute(
                "UPDATE entries SET standing = 1 WHERE key = ? AND inode = ?",
                (row.key, _inode(descriptor)),
            )

    def _give_up(self, row: Row, descriptor: int) -> None:
        """Remove an entry that could not be written. If that fails, it is removed when found."""
        try:
            os.ftruncate(descriptor, 0)
            with self.index.writing() as (index, shelf):
                path = shelf.body(row.key, row.checksum)
                if os.lstat(path).st_ino == os.fstat(descriptor).st_ino:
                    remove(index, shelf, row)
        except (OSError, sqlite3.Error):
            return


def _is_good(found: Row, row: Row, shelf: Shelf) -> bool:
    """Whether a put is needless, as the entry is there or another process writes it now."""
    try:
        path = shelf.body(found.key, found.checksum)
        if not found.standing:
            return is_being_written(path)
        return found.checksum == row.checksum and os.lstat(path).st_size == row.size
    except (FileNotFoundError, ValueError):
        return False


def _inode(descriptor: int) -> int:
    """Its number, in the 63 bits that the index has for it."""
    return os.fstat(descriptor).st_ino & (1 << 63) - 1


def write_all(body: bytes, descriptor: int) -> None:
    left = memoryview(body)
    while left:
        left = left[os.write(descriptor, left) :]
