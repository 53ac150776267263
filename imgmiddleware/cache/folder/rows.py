"""Rows of the disk cache's index, and statements that are retried while others write."""

import sqlite3
import time
from dataclasses import dataclass, field, fields
from typing import Any

#: Seconds to wait for other processes. Each of them writes for less than a millisecond.
_TIMEOUT = 2.0
#: Seconds between two tries, the first and the longest. SQLite's own begin at a millisecond.
_SOON, _LATER = 0.0001, 0.005


@dataclass(frozen=True, slots=True)
class Row:
    """The index's fields of an entry. `standing`: its body is written.

    `tag` is that of its original; `others` are the tags of its other originals, which stand in a
    table of their own, and are not read again.
    """

    key: str
    checksum: str
    size: int
    weight: int
    media_type: str
    notes: str
    tag: bytes
    standing: bool
    others: tuple[bytes, ...] = field(default=(), compare=False)


_NAMES = tuple(field.name for field in fields(Row) if field.name != "others")
_COLUMNS = ", ".join(_NAMES)
#: An index may come from a release that knew one original for each entry.
_OTHERS = (
    """CREATE TABLE IF NOT EXISTS others (
        key TEXT NOT NULL, tag BLOB NOT NULL, PRIMARY KEY (key, tag)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS others_by_tag ON others (tag)",
    """CREATE TRIGGER IF NOT EXISTS others_given AFTER DELETE ON entries BEGIN
        DELETE FROM others WHERE key = old.key; END""",
)


def retried(
    connection: sqlite3.Connection, statement: str, values: tuple[object, ...] = ()
) -> list[Any]:
    """All rows of a statement, which is tried again while other processes write. Raises
    `sqlite3.Error`.

    A statement that is not read to its end would keep a lock.
    """
    limit, pause = time.monotonic() + _TIMEOUT, _SOON
    while True:
        try:
            return connection.execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > limit:
                raise
        time.sleep(pause)
        pause = min(2 * pause, _LATER)


def find(connection: sqlite3.Connection, key: str) -> Row | None:
    rows = retried(connection, f"SELECT {_COLUMNS} FROM entries WHERE key = ?", (key,))  # noqa: S608
    return Row(*rows[0]) if rows else None


def insert(connection: sqlite3.Connection, row: Row, inode: int, read: int) -> None:
    values = (*(getattr(row, name) for name in _NAMES), inode, read)
    places = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO entries ({_COLUMNS}, inode, read) VALUES ({places})", values)  # noqa: S608
    if row.others:
        know_others(connection)
        pairs = [(row.key, tag) for tag in row.others]
        connection.executemany("INSERT OR IGNORE INTO others (key, tag) VALUES (?, ?)", pairs)


def know_others(connection: sqlite3.Connection) -> None:
    """Make the table of the tags of entries' other originals, in a transaction."""
    for statement in _OTHERS:
        connection.execute(statement)


def latest(connection: sqlite3.Connection) -> int:
    """The highest time of reading that is known, in nanoseconds."""
    [(read,)] = retried(connection, "SELECT max(read) FROM entries")
    return int(read or 0)


def is_busy(error: Exception) -> bool:
    """Whether other processes kept the index locked for too long."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def is_damage(error: Exception) -> bool:
    """Whether the index itself is wrong, and not the disk or the moment."""
    if not isinstance(error, sqlite3.DatabaseError) or isinstance(error, sqlite3.ProgrammingError):
        return False
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,  # a database, but not with these tables
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
    )
