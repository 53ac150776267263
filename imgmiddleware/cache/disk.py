"""Results in a folder that all worker processes share; the least recently read goes first.

No method here raises for a fault of the disk: then there is no cache, with one warning.

The access time of an entry's file, which the reader sets, is the time of its last read. The time in
the index is never later, and is compared with the file's before an entry is evicted.
"""

import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import FileIO

from imgmiddleware.cache.folder.claims import Claim, Claims
from imgmiddleware.cache.folder.entry import entry_row, is_whole, weight
from imgmiddleware.cache.folder.guarded import Body, GuardedShelf
from imgmiddleware.cache.folder.namespaces import Namespaces, Owner
from imgmiddleware.cache.folder.purges import Purges
from imgmiddleware.cache.folder.pyramids import PyramidStore
from imgmiddleware.cache.folder.rows import Row
from imgmiddleware.cache.folder.send_links import SendLinks
from imgmiddleware.cache.folder.shelf import NoBodyError, Shelf, open_body
from imgmiddleware.cache.folder.writer import write_all
from imgmiddleware.cache.store import Era, Holding, Tags, check_key, pause
from imgmiddleware.cache.ttl import TtlCache
from imgmiddleware.messages import FileBody, Result

#: Bytes that an empty cache takes, and the part of the bound (a fiftieth) for the folder itself,
#: which does not shrink when its entries go.
_BASE, _FOLDER = 64 << 10, 50
#: One entry may take a fourth of the bytes: a larger one would clear it of all others.
_LARGEST = 4
#: The number of entries that a process remembers to have verified.
_MOST_VERIFIED = 16384


@dataclass(frozen=True, slots=True)
class _Verified:
    """A file whose bytes match their checksum, and the other fields of its result."""

    path: str
    known: tuple[int, int, int]  # inode, time of change, size
    media_type: str
    notes: tuple[str, ...]


class DiskStore:
    """Up to `most` bytes in a folder; a `ResultStore` of all its processes, also after a fork.

    `get` returns a file. A body larger than a fourth of `most` is not taken. The folder remembers
    `owner`. Up to `pyramid_bytes` of the bytes may be pyramids; results have the rest.
    """

    place = "disk"
    """Its name in `holding`."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        most: int,
        owner: Owner | None = None,
        pyramid_bytes: int = 0,
    ) -> None:
        self.path = os.path.abspath(folder)
        """The folder."""
        self._most = most
        self._owner = owner
        self._capacity = most - _BASE - most // _FOLDER
        self.pyramids = PyramidStore(self.path, pyramid_bytes)
        room = partial(_room, self._capacity, self.pyramids)
        self._shelf = GuardedShelf(self.path, room)
        self._claims = Claims(self.path)
        self._links = SendLinks(self.path)
        self._purges = Purges(self.path)
        self._verified: TtlCache[str, _Verified] = TtlCache(_MOST_VERIFIED, math.inf)

    def get(self, key: str) -> Result | None:
        """The result, which counts as read now. A damaged one is removed, and gives None."""
        check_key(key)
        return self._get_verified(key) or self._shelf.read(lambda: self._get(key), None)

    def takes(self, size: int) -> bool:
        """Whether a body of this size is held at all."""
        return weight(size) * _LARGEST <= self._capacity

    def put(self, key: str, result: Result, tags: Tags, era: Era) -> None:
        """Hold the result; others are evicted for it."""
        check_key(key)
        assert isinstance(result.body, bytes)
        self._links.sweep()
        if self.takes(len(result.body)):
            row = entry_row(key, result.body, result.media_type, result.notes, tags)
            self._shelf.put(row, partial(write_all, result.body))
            if self._owner is not None:
                self._owner.renew(era)
        # Compared after the put: a later purge finds the result.
        if self._purges.era() != era:
            self._remove(tags[0])

    def put_pyramid(
        self, key: str, size: int, tag: str, era: Era, write: Callable[[FileIO], None]
    ) -> None:
        """Have a pyramid written and kept, unless there was a purge since its `era`.

        Results are evicted if they have the bytes that it needs.
        """

        def written(file: FileIO) -> None:
            self._shelf.make_room()
            write(file)

        self.pyramids.put(key, size, tag, written)
        if self._purges.era() != era:
            self.pyramids.remove(tag)

    def purge(self, tag: str) -> int:
        with self._purges.telling():
            return self._remove(tag)

    def clear(self) -> int:
        """Remove everything, and begin another era; returns how many results there were."""
        with self._purges.telling():
            cleared = self._remove(None)
            Namespaces(self.path).clear()
        self._links.sweep()
        return cleared

    def excludes(self) -> bool:
        """Whether a claim keeps other processes out, which the file system decides."""
        return True

    def claim(self, key: str) -> Claim | None:
        return self._claims.take(key)

    def wait(self, key: str, seconds: float) -> None:
        pause(seconds)

    def era(self) -> Era:
        return self._purges.era()

    def holding(self) -> dict[str, Holding]:
        """The load of the folder, of all processes together, in bytes of the disk."""
        entries, size = self._shelf.held()
        return {"disk": Holding(entries, size, self._most), "pyramids": self.pyramids.holding()}

    def down(self) -> list[str]:
        """The folder, where it cannot be used: nothing was kept or removed when that was tried."""
        return [self.path] if self._shelf.has_failed() else []

    def close(self) -> None:
        """Close the index; it is opened again where it is needed again."""
        self._shelf.close()
        self.pyramids.close()

    def _remove(self, tag: str | None) -> int:
        """Remove all results with the tag, or all; returns how many there were."""
        self.pyramids.remove(tag)
        return self._shelf.remove(tag)

    def _get_verified(self, key: str) -> Result | None:
        """A result that was verified before, if its file is the same. This needs no index."""
        verified = self._verified.get(key)
        if verified is None:
            return None
        try:
            body = Body(verified.path, *open_body(verified.path))
        except (OSError, NoBodyError):
            self._verified.forget(key)
            return None
        if verified.known == _known(body.status):
            return self._read(verified, body)
        os.close(body.descriptor)
        return None

    def _get(self, key: str) -> Result | None:
        found = self._shelf.row(key)
        return None if found is None else self._verify(*found)

    def _verify(self, row: Row, shelf: Shelf) -> Result | None:
        body = self._shelf.opened(row, shelf)
        if body is None:
            return None
        try:
            whole = is_whole(row, body.descriptor)
            if whole:
                self._shelf.clock.hear(self._shelf.reader.latest())
        except BaseException:
            os.close(body.descriptor)
            raise
        if not whole:
            os.close(body.descriptor)
            self._shelf.drop(row)
            return None
        notes = tuple(json.loads(row.notes))
        verified = _Verified(body.path, _known(body.status), row.media_type, notes)
        self._verified.put(row.key, verified)
        return self._read(verified, body)

    def _read(self, verified: _Verified, body: Body) -> Result:
        """Mark the entry as read, later than any other, and return it."""
        self._shelf.mark_read(body)
        size, path = body.status.st_size, partial(self._links.path, body.path)
        file = FileBody(FileIO(body.descriptor), size, 0, size, path)
        return Result(file, verified.media_type, verified.notes)


def _room(capacity: int, pyramids: PyramidStore) -> int:
    """Bytes for results at this moment."""
    return capacity - pyramids.taken()


def _known(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size
