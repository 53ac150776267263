"""Removal: of the entries that were not read for longest, and of files that killed processes left.

All of it happens in transactions, and a file is removed before its row. So all bytes on the disk
are counted, whenever a process is killed.
"""

import contextlib
import os
import sqlite3

from imgmiddleware.cache.folder.index import Index
from imgmiddleware.cache.folder.rows import Row, find, know_others
from imgmiddleware.cache.folder.shelf import Shelf, is_being_written, remove_body, sweep_shelves

#: Rows in one transaction, which takes some milliseconds. Other processes can write in between.
_BATCH = 200
#: Up to so many entries, all of the index is checked: a third of a second in which no other process
#: writes. The quick check takes a tenth of it. It does not find keys in disorder, nor rows that one
#: index has and another has not.
_ALL_CHECKED = 100_000
#: The entries of an original, as a condition of SQL, with its tag twice.
_TAGGED = "tag = ? OR key IN (SELECT key FROM others WHERE tag = ?)"


def remove(index: sqlite3.Connection, shelf: Shelf, row: Row) -> None:
    """Remove an entry. Raises `OSError`, `sqlite3.Error`."""
    with contextlib.suppress(ValueError):  # a damaged row
        remove_body(shelf.body(row.key, row.checksum))
    index.execute("DELETE FROM entries WHERE key = ?", (row.key,))


def evicted_to(index: sqlite3.Connection, shelf: Shelf, goal: int, exact: bool) -> bool:
    """Evict until at most `goal` bytes are held or a batch is over; returns whether that is
    reached.

    `exact`: an entry whose file was read later than its row says gets that time instead.
    """
    for _ in range(_BATCH):
        [(held,)] = index.execute("SELECT bytes FROM held").fetchall()
        if held <= goal:
            return True
        rows = index.execute("SELECT key, read FROM entries ORDER BY read LIMIT 1").fetchall()
        if not rows:
            _recount(index)
            return True
        key, known = rows[0]
        row = find(index, key)
        if row is None:
            raise sqlite3.DatabaseError("a row is in one index and not in the other")
        read = _read_time(shelf, row) if exact else known
        if read > known:
            index.execute("UPDATE entries SET read = ? WHERE key = ?", (read, key))
        else:
            remove(index, shelf, row)
    return False


def remove_all(index: Index, tag: bytes | None) -> int:
    """Remove the entries with this tag, or all; returns how many there were."""
    condition, values = ("1", ()) if tag is None else (_TAGGED, (tag, tag))
    count = 0
    while True:
        with index.writing() as (connection, shelf):
            know_others(connection)
            keys = connection.execute(
                f"SELECT key FROM entries WHERE {condition} LIMIT {_BATCH}",  # noqa: S608
                values,
            ).fetchall()
            for (key,) in keys:
                row = find(connection, key)
                if row is not None:
                    remove(connection, shelf, row)
        count += len(keys)
        if len(keys) < _BATCH:
            return count


def sweep(index: Index, folder: str) -> None:
    """Check the index, and remove the files that a killed process or a lost index left."""
    with index.writing() as (connection, shelf):
        [(held,)] = connection.execute("SELECT entries FROM held").fetchall()
        check = "integrity_check" if held <= _ALL_CHECKED else "quick_check"
        if connection.execute(f"PRAGMA {check}(1)").fetchall() != [("ok",)]:
            raise sqlite3.DatabaseError("the index is damaged")
    sweep_shelves(folder, shelf)
    # The files are listed first, so that files written meanwhile are not among them.
    _sweep_files(index, set(shelf.names()) - _sweep_rows(index))
    with index.writing() as (connection, _):
        _recount(connection)


def _sweep_rows(index: Index) -> set[str]:
    """The names of all bodies that have a row; rows whose writer is dead go."""
    names: set[str] = set()
    last = ""
    while True:
        with index.writing() as (connection, shelf):
            rows = connection.execute(
                f"SELECT key, checksum, standing FROM entries WHERE key > ? ORDER BY key LIMIT {_BATCH}",  # noqa: S608, E501
                (last,),
            ).fetchall()
            for key, checksum, standing in rows:
                row = None if standing else find(connection, key)
                if row and not is_being_written(shelf.body(key, checksum)):
                    remove(connection, shelf, row)
        if not rows:
            return names
        names.update(f"{key}.{checksum}" for key, checksum, _ in rows)
        last = rows[-1][0]


def _sweep_files(index: Index, names: set[str]) -> None:
    """Remove files that have no row. A transaction sees no file that still waits for its row."""
    for name in names:
        with index.writing() as (connection, shelf):
            key, _, checksum = name.partition(".")
            row = find(connection, key)
            if row is None or row.checksum != checksum:
                remove_body(f"{shelf.bodies}/{name}")


def _recount(index: sqlite3.Connection) -> None:
    index.execute(
        "UPDATE held SET entries = (SELECT count(*) FROM entries),"
        " bytes = (SELECT coalesce(sum(weight), 0) FROM entries)"
    )


def _read_time(shelf: Shelf, row: Row) -> int:
    """The time of the file's last read, in nanoseconds; 0 where there is no file."""
    try:
        return os.lstat(shelf.body(row.key, row.checksum)).st_atime_ns
    except (FileNotFoundError, ValueError):
        return 0
