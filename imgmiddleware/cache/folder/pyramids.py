"""Pyramids in a folder below that of the results, with a share of its bytes.

This module knows nothing of a pyramid's contents. For it that is a file of some size, which is
written once, read in parts, and can tell by itself whether it is damaged. Pyramids are put,
evicted, purged and swept as results are, and no method here raises for a fault of the disk either.
"""

import io
import os
from collections.abc import Callable
from functools import partial

from imgmiddleware.cache.folder.entry import row_of_file, weight
from imgmiddleware.cache.folder.guarded import GuardedShelf
from imgmiddleware.cache.store import Holding, check_key

#: Bytes that the folder takes beside its entries: an empty index, and the folders themselves.
_BASE = 96 << 10


class PyramidStore:
    """Up to `most` bytes of files in `folder`/pyramids, for all processes, also after a fork."""

    def __init__(self, folder: str, most: int) -> None:
        self._folder = os.path.join(folder, "pyramids")
        self._most = most
        self._shelf = GuardedShelf(self._folder, lambda: most - _BASE)

    def takes(self, size: int) -> bool:
        """Whether a file of this size is kept at all, if the disk does not fail."""
        return weight(size) <= self._most - _BASE

    def is_failing(self) -> bool:
        """Whether the disk failed a moment ago, so that nothing is kept."""
        return self._shelf.is_failing()

    def open(self, key: str) -> io.FileIO | None:
        """The file, which counts as read now. It stays readable when it is evicted."""
        check_key(key)
        return self._shelf.read(partial(self._open, key), None) if self._is_there() else None

    def put(self, key: str, size: int, tag: str, write: Callable[[io.FileIO], None]) -> None:
        """Have a file of this size written, which counts from then on; others are evicted for it.

        An error of `write` that is not the disk's is raised.
        """
        check_key(key)
        if self.takes(size):
            row = row_of_file(key, size, tag)
            self._shelf.put(row, partial(_write, write), again=False)

    def drop(self, key: str) -> None:
        """Remove a file that is damaged."""
        found = self._shelf.read(lambda: self._shelf.row(key), None)
        if found is not None:
            self._shelf.drop(found[0])

    def remove(self, tag: str | None) -> None:
        """Remove the files of one original, or all."""
        if self._is_there():
            self._shelf.remove(tag)

    def taken(self) -> int:
        """Bytes of all pyramids on the disk."""
        return _BASE + self._shelf.held()[1] if self._is_there() else 0

    def holding(self) -> Holding:
        """The load of the folder, of all processes together, in bytes of the disk."""
        return Holding(*(self._shelf.held() if self._is_there() else (0, 0)), self._most)

    def close(self) -> None:
        """Close the index; it is opened again where it is needed again."""
        self._shelf.close()

    def _is_there(self) -> bool:
        """Whether the folder is there: a look into it would make it, and most never need one."""
        return os.path.isdir(self._folder)

    def _open(self, key: str) -> io.FileIO | None:
        found = self._shelf.row(key)
        if found is None:
            return None
        self._shelf.clock.hear(self._shelf.reader.latest())
        body = self._shelf.opened(*found)
        if body is None:
            return None
        self._shelf.mark_read(body)
        return io.FileIO(body.descriptor)


def _write(write: Callable[[io.FileIO], None], descriptor: int) -> None:
    with io.FileIO(descriptor, "wb", closefd=False) as file:
        write(file)
