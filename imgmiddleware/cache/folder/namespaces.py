"""The owner of each namespace of a cache folder: the directory of its originals.

A namespace is a name, as a path would change at each deploy. So two directories may have one name
by mistake, and then a `cat.jpg` of both. The folder remembers a directory for each name, and so the
mistake is noticed. This helps people and is no lock: where the folder cannot be written it
remembers nothing.
"""

import logging
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress

from imgmiddleware.cache.folder.shelf import NoBodyError, open_body
from imgmiddleware.cache.key import namespace_digest
from imgmiddleware.cache.store import Era

_log = logging.getLogger("imgmiddleware")

#: The name of such a file, and its suffix until it is whole. All other files in that folder are
#: foreign: the folder of a cache may be one that held other things before.
_NAME = re.compile(r"[A-Za-z0-9_-]{22}(\.[0-9a-f]{16})?")
#: The number of names that are remembered. Each takes a block of the bytes that the bound sets
#: aside for the folder.
_MOST = 8
#: Bytes of a path that are read. Linux has no path longer than 4096.
_LONGEST = 32768
#: Seconds after which a file without its final name was left by a killed process.
_LEFT = 60


class Namespaces:
    """The directories of all namespaces in `folder`: a small file for each, with the path in it."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.join(folder, "namespaces")

    def directory(self, namespace: str) -> str | None:
        """The directory that was noted last; None if there is none, or it cannot be read."""
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
        with suppress(OSError, ValueError):  # removed, or closed to this user
            if noted is not None and not os.path.samefile(noted, directory):
                return noted
        return None

    def note(self, namespace: str, directory: str) -> None:
        """Remember this directory. The file is never seen half written."""
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
        """Leave room for one more, and remove files of killed processes. Raises `OSError`."""
        with os.scandir(self._folder) as entries:
            found = sorted(each for entry in entries for each in _dated(entry))
        noted = [name for _, name in found if "." not in name]
        left = [name for since, name in found if "." in name and since < time.time() - _LEFT]
        for name in (*left, *noted[: 1 - _MOST]):
            _unlink(os.path.join(self._folder, name))


class Owner:
    """The directory of one service's originals, as the folder is to remember it.

    A service takes its namespace over from any owner: the next release of an application may lie in
    another directory, and must find the cached results.
    """

    def __init__(self, folder: str, namespace: str, directory: str) -> None:
        self._folder, self._namespace, self._directory = folder, namespace, directory
        self._namespaces = Namespaces(folder)
        self._renewed: Era = None
        self._noted = os.path.isdir(folder)  # else it is made with the first entry
        if self._noted:
            self._take_over()

    def renew(self, era: Era) -> None:
        """Note it again if the folder was cleared since. Call this at each put."""
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
    """The time and the name of such a file, which another process may just have removed."""
    if _NAME.fullmatch(entry.name):
        with suppress(OSError):
            yield entry.stat(follow_symlinks=False).st_mtime, entry.name


def _unlink(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
