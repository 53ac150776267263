"""Entries of the disk cache put, dropped and purged, each step safe from being killed."""

from __future__ import annotations

import os
import sqlite3

from imgmiddleware.cache.clock import Clock
from imgmiddleware.cache.eviction import evicted_to, remove, remove_all, sweep
from imgmiddleware.cache.index import Index
from imgmiddleware.cache.rows import Row, find, insert, latest
from imgmiddleware.cache.shelf import Shelf, create_body, is_being_written

#: After so many batches eviction is no longer exact, so that a put ends.
_EXACT_BATCHES = 10


class Writer:
    """Who changes a folder that has `capacity` bytes for entries.

    Every method raises `OSError` and `sqlite3.Error`.
    """

    def __init__(self, folder: str, capacity: int, clock: Clock) -> None:
        self._folder = folder
        self._capacity = capacity
        self._clock = clock
        self._swept_by = 0
        self.index = Index(folder)

    def put(self, row: Row, body: bytes) -> None:
        """Write an entry, unless it is there or is being written by another."""
        self._sweep()
        descriptor = self._reserve(row)
        if descriptor is None:
            return
        try:
            _write(descriptor, body)
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
        """Remove the entries with this tag, or all; how many that was."""
        return remove_all(self.index, tag)

    def start_anew(self) -> None:
        """Expect anything of the folder: it is swept once more."""
        self._swept_by = 0

    def _sweep(self) -> None:
        """Once a process, and never where nothing is written."""
        if self._swept_by != os.getpid():
            sweep(self.index, self._folder)
            self._swept_by = os.getpid()

    def _reserve(self, row: Row) -> int | None:
        """A row, its bytes and its empty file, all at once; None where the entry is there already.

        Whenever a process is killed, what is on the disk is counted: others see neither row nor
        file before both are there. Of what is killed in here, an empty file remains.
        """
        batches = 0
        descriptor = None
        try:
            while descriptor is None:
                with self.index.writing() as (index, shelf):
                    found = find(index, row.key)
                    if found is not None:
                        if _is_good(found, row, shelf):
                            return None
                        remove(index, shelf, found)
                    exact = batches < _EXACT_BATCHES
                    if evicted_to(index, shelf, self._capacity - row.weight, exact):
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
        """Show the written entry to others, unless it was evicted or purged meanwhile."""
        with self.index.writing() as (index, _):
            # No later reservation has this inode: it is ours as long as it is open.
            index.execute(
                "UPDATE entries SET standing = 1 WHERE key = ? AND inode = ?",
                (row.key, _inode(descriptor)),
            )

    def _give_up(self, row: Row, descriptor: int) -> None:
        """Remove what could not be written; where that fails too, it goes when it is found."""
        try:
            os.ftruncate(descriptor, 0)
            with self.index.writing() as (index, shelf):
                path = shelf.body(row.key, row.checksum)
                if os.lstat(path).st_ino == os.fstat(descriptor).st_ino:
                    remove(index, shelf, row)
        except (OSError, sqlite3.Error):
            return


def _is_good(found: Row, row: Row, shelf: Shelf) -> bool:
    """Whether what is there, or is being written by another now, makes a put needless."""
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


def _write(descriptor: int, body: bytes) -> None:
    left = memoryview(body)
    while left:
        left = left[os.write(descriptor, left) :]
