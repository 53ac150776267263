"""The users and the owners of pictures: an SQLite file for the examples beside this one.

This makes it, with ann as the owner of picture 1, and bob as that of picture 2. Each password is
the name twice:

    python people.py ann ~/Pictures/cat.jpg bob ~/Pictures/dog.jpg
"""

import hashlib
import hmac
import os
import secrets
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

DATABASE = os.environ.get("DATABASE", "people.db")

_TABLES = """
create table users (id integer primary key, name text unique, salt blob, password blob);
create table pictures (id integer primary key, owner integer references users, path text);
"""


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(DATABASE)
    try:
        yield connection
    finally:
        connection.close()


def known(name: str, password: str) -> int | None:
    """The user's ID; None where the password is wrong, or the name is unknown."""
    with _database() as database:
        row = database.execute("select id, salt, password from users where name = ?", (name,))
        id, salt, hashed = row.fetchone() or (None, b"", b"")
    return id if hmac.compare_digest(hashed, _hashed(password, salt)) else None


def owns(user: int | None, picture: int) -> bool:
    """Whether it is this user's picture; None is a visitor without a login."""
    with _database() as database:
        row = database.execute("select 1 from pictures where id = ? and owner = ?", (picture, user))
        return row.fetchone() is not None


def path(picture: int) -> str | None:
    """Where a picture's file is: what the service asks for each original."""
    with _database() as database:
        row = database.execute("select path from pictures where id = ?", (picture,)).fetchone()
    return None if row is None else row[0]


def pictures(user: int | None) -> list[int]:
    """The IDs of all that are this user's."""
    with _database() as database:
        rows = database.execute("select id from pictures where owner = ?", (user,)).fetchall()
    return [id for (id,) in rows]


def make(people: list[tuple[str, str]]) -> None:
    """Fill an empty database: a user and a picture for each name and path."""
    with _database() as database:
        database.executescript(_TABLES)
        for id, (name, file) in enumerate(people, 1):
            salt = secrets.token_bytes(16)
            database.execute(
                "insert into users values (?, ?, ?, ?)", (id, name, salt, _hashed(name * 2, salt))
            )
            path = os.path.abspath(os.path.expanduser(file))
            database.execute("insert into pictures values (?, ?, ?)", (id, id, path))
        database.commit()


def _hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


if __name__ == "__main__":
    if len(sys.argv) < 3 or os.path.exists(DATABASE):
        sys.exit(f"python people.py NAME PICTURE ...: {DATABASE} must not be there yet")
    make(list(zip(sys.argv[1::2], sys.argv[2::2], strict=True)))
