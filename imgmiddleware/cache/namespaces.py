"""Whose each namespace of a cache folder is: the directory that its originals come from.

A namespace is a name, as a path would be another one at each deploy. So two directories may have
one name by mistake, and then a `cat.jpg` of both. The folder remembers a directory for each name,
by which that is noticed. It is a help for people and no lock: where the folder cannot be written
nothing is remembered.
"""

import logging
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress

from imgmiddleware.cache.key import namespace_digest
from imgmiddleware.cache.shelf import NoBodyError, open_body
from imgmiddleware.cache.store import Era

_log = logging.getLogger("imgmiddleware")

#: The name of such a file, and what follows it until it is whole. All else in that folder is
#: somebody's: the folder of a cache may be one that held other things before.
_NAME = re.compile(r"[A-Za-z0-9_-]{22}(\.[0-9a-f]{16})?")
#: As many names are remembered. Each takes a block of what the bound sets aside for the folder.
_MOST = 8
#: Bytes of a path that are read. Linux has none that is longer than 4096.
_LONGEST = 32768
#: Seconds after which a file that has no name yet is one that a killed process left.
_LEFT = 60


class Namespaces:
    """The directories of all namespaces in `folder`: a small file for each, with the path in it."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.join(folder, "namespaces")

    def directory(self, namespace: str) -> str | None:
        """The directory that was noted last; None if none was, or it cannot be read."""
        try:
            descriptor, _ = open_body(self._path(namespace))
            with open(descriptor, "rb") as file:
                noted = os.fsdecode(file.read(_LONGEST))
        except (OSError, NoBodyError, ValueError):
            return None
        return noted if os.path.isabs(noted) else None

    def other(self, namespace: str, directory: str) -> str | None:
        """The directory that was noted, if it is still there and is not this one."""
        noted = self.directory(namespace)
        with suppress(OSError, ValueError):  # removed, or nothing that this user may look at
            if noted is not None and not os.path.samefile(noted, directory):
                return noted
        return None

    def note(self, namespace: str, directory: str) -> None:
        """Remember this directory. Nobody sees half of it."""
        path = self._path(namespace)
        beside = f"{path}.{secrets.token_hex(8)}"
        with suppress(OSError):
            for folder in (os.path.dirname(self._folder), self._folder):
                os.makedirs(folder, mode=0o700, exist_ok=True)
            self._forget_oldest()
            try:
                with open(beside, "xb", opener=_private) as file:
                    file.write(os.fsencode(directory))
                os.replace(beside, path)
            except OSError:
                _unlink(beside)

    def clear(self) -> None:
        """Forget all."""
        with suppress(OSError):
            for name in filter(_NAME.fullmatch, os.listdir(self._folder)):
                _unlink(os.path.join(self._folder, name))

    def _path(self, namespace: str) -> str:
        return os.path.join(self._folder, namespace_digest(namespace))

    def _forget_oldest(self) -> None:
        """Leave room for one more, and remove what killed processes left. Raises `OSError`."""
        with os.scandir(self._folder) as entries:
            found = sorted(each for entry in entries for each in _dated(entry))
        noted = [name for _, name in found if "." not in name]
        left = [name for since, name in found if "." in name and since < time.time() - _LEFT]
        for name in (*left, *noted[: 1 - _MOST]):
            _unlink(os.path.join(self._folder, name))


class Owner:
    """The directory that the originals of one service come from, as the folder is to remember it.

    A service takes its namespace over, whosever it was: the next release of an application may lie
    in another directory, and must find what is cached.
    """

    def __init__(self, folder: str, namespace: str, directory: str) -> None:
        self._folder, self._namespace, self._directory = folder, namespace, directory
        self._namespaces = Namespaces(folder)
        self._renewed: Era = None
        self._noted = os.path.isdir(folder)  # else it is made when there is something to keep
        if self._noted:
            self._take_over()

    def renew(self, era: Era) -> None:
        """Note it again if somebody has cleared the folder since. To be called at each put."""
        if era != self._renewed:
            self._renewed = era
            if not self._noted or self._namespaces.directory(self._namespace) is None:
                self._noted = True
                self._take_over()

    def _take_over(self) -> None:
        other = self._namespaces.other(self._namespace, self._directory)
        if other is not None:
            _log.warning(
                "%s: the pictures of namespace %r were those of %s, and are now those of %s; "
                "if both are served, give each a namespace",
                *(self._folder, self._namespace, other, self._directory),
            )
        if self._namespaces.directory(self._namespace) != self._directory:
            self._namespaces.note(self._namespace, self._directory)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _dated(entry: os.DirEntry[str]) -> Iterator[tuple[float, str]]:
    """When a file of ours was written, and its name. Another process may just have removed it."""
    if _NAME.fullmatch(entry.name):
        with suppress(OSError):
            yield entry.stat(follow_symlinks=False).st_mtime, entry.name


def _unlink(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
