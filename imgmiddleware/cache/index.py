"""The index of the disk cache: an SQLite database that all processes share.

In the mode of the rollback journal, as write-ahead logging needs a mapped file, which neither
survives a fork nor somebody who shortens it, and a log of megabytes beside a bounded cache. Nothing
is ever synced: a process that is killed loses nothing by that, and what a power cut damages is
found by its checksums.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from imgmiddleware.cache.shelf import Shelf, current_shelf

#: Seconds to wait for other processes, which write for less than a millisecond each.
_PATIENCE = 2.0

_TABLES = (
    "PRAGMA auto_vacuum = FULL",
    "BEGIN IMMEDIATE",
    """CREATE TABLE IF NOT EXISTS entries (
        key TEXT PRIMARY KEY, checksum TEXT NOT NULL, size INTEGER NOT NULL,
        weight INTEGER NOT NULL CHECK (weight > 0), media_type TEXT NOT NULL, notes TEXT NOT NULL,
        tag BLOB NOT NULL, inode INTEGER NOT NULL, standing INTEGER NOT NULL,
        read INTEGER NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS entries_by_read ON entries (read)",
    "CREATE INDEX IF NOT EXISTS entries_by_tag ON entries (tag)",
    "CREATE TABLE IF NOT EXISTS held (entries INTEGER NOT NULL, bytes INTEGER NOT NULL)",
    "INSERT INTO held SELECT 0, 0 WHERE NOT EXISTS (SELECT * FROM held)",
    """CREATE TRIGGER IF NOT EXISTS taken AFTER INSERT ON entries BEGIN
        UPDATE held SET entries = entries + 1, bytes = bytes + new.weight; END""",
    """CREATE TRIGGER IF NOT EXISTS given AFTER DELETE ON entries BEGIN
        UPDATE held SET entries = entries - 1, bytes = bytes - old.weight; END""",
    "PRAGMA user_version = 1",
    "COMMIT",
)


class StaleError(OSError):
    """The index at this path is no longer the one that is open."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the index says of an entry. `standing`: its body is written."""

    key: str
    checksum: str
    size: int
    weight: int
    media_type: str
    notes: str
    tag: bytes
    standing: bool


_COLUMNS = "key, checksum, size, weight, media_type, notes, tag, standing"


class Index:
    """One connection, for any threads; opened when it is needed, closed before each fork.

    Every method raises `sqlite3.Error` and `OSError`.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._shelf: Shelf | None = None
        self._inode = 0
        self._pid = os.getpid()
        _indexes.add(self)

    @property
    def shelf(self) -> Shelf | None:
        return self._shelf

    def row(self, key: str) -> tuple[Row, Shelf] | None:
        """The entry, if its body is written."""
        self._outlive_fork()
        with self._lock:
            connection, shelf = self._connected()
            found = find(connection, key)
        return (found, shelf) if found and found.standing else None

    def held(self) -> tuple[int, int]:
        """Entries and bytes."""
        self._outlive_fork()
        with self._lock:
            connection, _ = self._connected()
            [(entries, size)] = connection.execute("SELECT entries, bytes FROM held").fetchall()
            return entries, size

    @contextmanager
    def writing(self) -> Iterator[tuple[sqlite3.Connection, Shelf]]:
        """A transaction, while which no other process writes; undone where the block raises."""
        self._outlive_fork()
        with self._lock:
            connection, shelf = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._must_be_current(shelf)
                yield connection, shelf
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Closed, until it is used again."""
        self._outlive_fork()
        with self._lock:
            self._close()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> tuple[sqlite3.Connection, Shelf]:
        if self._connection is not None and self._shelf is not None:
            try:
                self._must_be_current(self._shelf)
            except OSError:
                self._close()
            else:
                return self._connection, self._shelf
        self._shelf = current_shelf(self._folder)
        self._inode = os.stat(self._shelf.index).st_ino
        self._connection = _connect(self._shelf.index)
        return self._connection, self._shelf

    def _must_be_current(self, shelf: Shelf) -> None:
        """Raises `OSError`. What is written to an index that was deleted, nobody finds again."""
        if os.stat(shelf.index).st_ino != self._inode:
            raise StaleError(f"{shelf.index} was replaced")

    def _outlive_fork(self) -> None:
        if self._pid != os.getpid():
            self._in_child()

    def _in_child(self) -> None:
        """SQLite allows nothing with what was open at a fork, not even closing it."""
        self._lock = threading.Lock()
        if self._connection is not None:
            _inherited.append(self._connection)
            self._connection = None
        self._pid = os.getpid()


def find(connection: sqlite3.Connection, key: str) -> Row | None:
    # All rows are fetched: what is not read to its end keeps a lock.
    rows = connection.execute(f"SELECT {_COLUMNS} FROM entries WHERE key = ?", (key,)).fetchall()  # noqa: S608
    return Row(*rows[0]) if rows else None


def insert(connection: sqlite3.Connection, row: Row, inode: int, read: int) -> None:
    connection.execute(
        f"INSERT INTO entries ({_COLUMNS}, inode, read) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (
            row.key,
            row.checksum,
            row.size,
            row.weight,
            row.media_type,
            row.notes,
            row.tag,
            int(row.standing),
            inode,
            read,
        ),
    )


def latest(connection: sqlite3.Connection) -> int:
    """The highest time of reading that is known, in nanoseconds."""
    [(read,)] = connection.execute("SELECT max(read) FROM entries").fetchall()
    return read or 0


def is_damage(error: Exception) -> bool:
    """Whether the index itself is wrong, and not the disk or the moment."""
    if not isinstance(error, sqlite3.Error):
        return False
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,  # a database, but not with these tables
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
    )


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        for pragma in ("synchronous = OFF", "journal_mode = TRUNCATE", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        [(version,)] = connection.execute("PRAGMA user_version").fetchall()
        if version == 0:
            for statement in _TABLES:
                connection.execute(statement).fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


_indexes: weakref.WeakSet[Index] = weakref.WeakSet()
#: Connections of a parent process, kept so that nothing closes them.
_inherited: list[sqlite3.Connection] = []
_stopped: list[Index] = []


def _before_fork() -> None:
    for index in list(_indexes):
        index._lock.acquire()
        index._close()
        _stopped.append(index)


def _after_fork_in_parent() -> None:
    while _stopped:
        _stopped.pop()._lock.release()


def _after_fork_in_child() -> None:
    _stopped.clear()
    for index in list(_indexes):
        index._in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
