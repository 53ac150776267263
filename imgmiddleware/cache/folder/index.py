"""The index of the disk cache: an SQLite database that all processes share.

It has a rollback journal. Write-ahead logging would need a mapped file, which survives neither a
fork nor being shortened, and a log of megabytes beside a bounded cache. Nothing is ever synced. So
a killed process loses nothing, and the checksums find the damage of a power cut.
"""

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from imgmiddleware.cache.folder.rows import Row, find, latest, retried
from imgmiddleware.cache.folder.shelf import Shelf, current_shelf
from imgmiddleware.cache.forks import Forkable, notice

_TABLES = (
    """CREATE TABLE entries (
        key TEXT PRIMARY KEY, checksum TEXT NOT NULL, size INTEGER NOT NULL,
        weight INTEGER NOT NULL CHECK (weight > 0), media_type TEXT NOT NULL, notes TEXT NOT NULL,
        tag BLOB NOT NULL, inode INTEGER NOT NULL, standing INTEGER NOT NULL,
        read INTEGER NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX entries_by_read ON entries (read)",
    "CREATE INDEX entries_by_tag ON entries (tag)",
    "CREATE TABLE held (entries INTEGER NOT NULL, bytes INTEGER NOT NULL)",
    "INSERT INTO held VALUES (0, 0)",
    """CREATE TRIGGER taken AFTER INSERT ON entries BEGIN
        UPDATE held SET entries = entries + 1, bytes = bytes + new.weight; END""",
    """CREATE TRIGGER given AFTER DELETE ON entries BEGIN
        UPDATE held SET entries = entries - 1, bytes = bytes - old.weight; END""",
    "PRAGMA user_version = 1",
)


class Index(Forkable):
    """One connection for any number of threads. It is opened when it is needed, and closed before
    each fork.

    Every method raises `sqlite3.Error` and `OSError`.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._connection: sqlite3.Connection | None = None
        self.shelf: Shelf | None = None
        self._inode = 0
        super().__init__()

    def row(self, key: str) -> tuple[Row, Shelf] | None:
        """The entry, if its body is written."""
        notice()
        with self._lock, _nothing_believed():
            connection, shelf = self._connected()
            found = find(connection, key)
        return (found, shelf) if found and found.standing else None

    def held(self) -> tuple[int, int]:
        """Entries and bytes."""
        notice()
        with self._lock, _nothing_believed():
            connection, _ = self._connected()
            [(entries, size)] = retried(connection, "SELECT entries, bytes FROM held")
            return entries, size

    def latest(self) -> int:
        """The highest time of reading that is known, in nanoseconds."""
        notice()
        with self._lock, _nothing_believed():
            connection, _ = self._connected()
            return latest(connection)

    @contextmanager
    def writing(self) -> Iterator[tuple[sqlite3.Connection, Shelf]]:
        """A transaction: no other process writes meanwhile. It is undone if the block raises."""
        notice()
        with self._lock, _nothing_believed():
            connection, shelf = self._connected()
            retried(connection, "BEGIN IMMEDIATE")
            try:
                self._must_be_current(shelf)
                yield connection, shelf
                retried(connection, "COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connection, until it is used again."""
        notice()
        with self._lock:
            self._close()

    def __del__(self) -> None:
        if self._pid == os.getpid():
            self._close()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> tuple[sqlite3.Connection, Shelf]:
        if self._connection is not None and self.shelf is not None:
            try:
                self._must_be_current(self.shelf)
            except OSError:
                self._close()
            else:
                return self._connection, self.shelf
        self.shelf = current_shelf(self._folder)
        self._inode = os.stat(self.shelf.index).st_ino
        self._connection = _connect(self.shelf)
        return self._connection, self.shelf

    def _must_be_current(self, shelf: Shelf) -> None:
        """Raises `OSError` if the index was deleted: no process would find its new rows."""
        if os.stat(shelf.index).st_ino != self._inode:
            raise FileNotFoundError(errno.ENOENT, "was replaced", shelf.index)

    def _pause(self) -> None:
        self._lock.acquire()
        self._close()

    def _resume(self) -> None:
        self._lock.release()

    def _begin(self) -> None:
        """SQLite allows no use of a connection that was open at a fork, not even closing it."""
        self._lock = threading.Lock()
        if self._connection is not None:
            _inherited.append(self._connection)
            self._connection = None
        self._pid = os.getpid()


def _connect(shelf: Shelf) -> sqlite3.Connection:
    connection = sqlite3.connect(
        shelf.index, timeout=0, isolation_level=None, check_same_thread=False
    )
    try:
        for pragma in ("synchronous = OFF", "journal_mode = TRUNCATE", "temp_store = MEMORY"):
            retried(connection, f"PRAGMA {pragma}")
        if _is_empty(connection):
            _make_tables(connection, shelf)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_empty(connection: sqlite3.Connection) -> bool:
    return retried(connection, "PRAGMA user_version") == [(0,)]


def _make_tables(connection: sqlite3.Connection, shelf: Shelf) -> None:
    retried(connection, "PRAGMA auto_vacuum = FULL")
    retried(connection, "BEGIN IMMEDIATE")
    if _is_empty(connection):  # still: other processes start at the same time
        if any(shelf.names()):
            raise sqlite3.DatabaseError("bodies are there, and their index is not")
        for statement in _TABLES:
            connection.execute(statement)
    retried(connection, "COMMIT")


@contextmanager
def _nothing_believed() -> Iterator[None]:
    """Makes damage of a value of another type than was stored, or of invalid text."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise sqlite3.DatabaseError(f"the index is damaged: {error}") from error


#: Connections of a parent process, kept so that nothing closes them.
_inherited: list[sqlite3.Connection] = []
