"""An entry of the disk cache: its row, its weight, and the checksum over all of it."""

import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import blake2b

from imgmiddleware.cache.folder.rows import Row
from imgmiddleware.cache.key import tag_digest

#: Bytes of an entry beside the blocks of its body: a row, three index records, a folder's record.
_ROW = 1024
#: And for each further original: a row, an index record.
_OTHER = 256
_BLOCK = 4096
_CHUNK = 1 << 20


def weight(size: int, notes: str = "") -> int:
    """Bytes that an entry takes on the disk."""
    return -(-size // _BLOCK) * _BLOCK + _ROW + len(notes)


def entry_row(
    key: str, body: bytes, media_type: str, notes: tuple[str, ...], tags: tuple[str, ...]
) -> Row:
    """The row of an entry whose body is not written yet."""
    text, size = json.dumps(notes), len(body)
    tag, *others = map(tag_digest, tags)
    taken = weight(size, text) + _OTHER * len(others)
    row = Row(key, "", size, taken, media_type, text, tag, standing=False, others=tuple(others))
    return replace(row, checksum=checksum(row, [body]))


def row_of_file(key: str, size: int, tag: str) -> Row:
    """The row of a file that can tell by itself whether it is whole."""
    row = Row(key, "", size, weight(size), "", "", tag_digest(tag), standing=False)
    return replace(row, checksum=checksum(row, ()))


def checksum(row: Row, body: Iterable[bytes]) -> str:
    """128 bits, URL-safe, of the body and of all that the row says about it."""
    digest = blake2b(digest_size=16)
    for part in (row.key, row.media_type, row.notes):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    for piece in body:
        digest.update(piece)
    return urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def is_whole(row: Row, descriptor: int) -> bool:
    """Whether this file was put with this row. If so, the file is at its start again.

    Raises `OSError`.
    """
    said: tuple[object, ...] = (row.media_type, row.notes)
    return (
        all(isinstance(text, str) for text in said)  # SQLite stores any type in any column
        and os.fstat(descriptor).st_size == row.size
        and checksum(row, _pieces(descriptor)) == row.checksum
    )


def _pieces(descriptor: int) -> Iterator[bytes]:
    while piece := os.read(descriptor, _CHUNK):
        yield piece
    os.lseek(descriptor, 0, os.SEEK_SET)
