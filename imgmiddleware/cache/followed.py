"""Purges on other machines, which a folder of this machine learns of and follows.

For each store that machines share, the folder has a small file with the era that it has followed
to. So a machine that was away does not show results that were purged meanwhile, as long as the
store's list goes back to that era. All processes of the folder read it, and the first that sees
another era purges. To purge twice does no harm.
"""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol, runtime_checkable

from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.key import namespace_digest
from imgmiddleware.cache.store import Era

#: Bytes of an era's file that are read.
_LONGEST = 256


@runtime_checkable
class Lister(Protocol):
    """A store that machines share, and that lists its purges. Its eras are bytes."""

    name: str
    """Its name: the URL without secrets."""

    def is_up(self) -> bool:
        """Whether the store answered the last call."""
        ...

    def purged_since(self, era: bytes) -> frozenset[str] | None:
        """The tags that were purged since that era; None: it may have been any."""
        ...


class Followed:
    """How far a folder has followed these stores; None stands for one that lists nothing."""

    def __init__(self, folder: DiskStore, listers: Sequence[Lister | None]) -> None:
        self._folder = folder
        self._listers = tuple(listers)
        self._seen: dict[str, bytes] = {}

    def follow(self, eras: Sequence[Era]) -> bool:
        """Purge the folder of all that was purged up to these eras of the stores; returns whether
        one of them was new.
        """
        news = [
            (lister, era)
            for lister, era in zip(self._listers, eras, strict=True)
            if lister is not None and isinstance(era, bytes) and self._seen.get(lister.name) != era
        ]
        for lister, era in news:
            self._follow_one(lister, era)
        return bool(news)

    def _follow_one(self, lister: Lister, era: bytes) -> None:
        path = self._path(lister)
        noted = _read(path) or self._seen.get(lister.name)
        if noted is not None and noted != era:
            tags = lister.purged_since(noted)
            if tags is None:
                self._folder.clear()
            for tag in tags or ():
                self._folder.purge(tag)
        if noted != era:
            _write(path, era)
        self._seen[lister.name] = (
            era  # only now: until then others could read results that are being purged
        )

    def _path(self, lister: Lister) -> str:
        return os.path.join(self._folder.path, "followed", namespace_digest(lister.name))


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(_LONGEST) or None
    except OSError:
        return None


def _write(path: str, era: bytes) -> None:
    """Write it as a whole. Where that fails, each process remembers the era for itself."""
    beside = f"{path}.{secrets.token_hex(8)}"
    with suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        try:
            with open(beside, "xb") as file:
                file.write(era)
            os.replace(beside, path)
        except OSError:
            with suppress(OSError):
                os.unlink(beside)
            raise
