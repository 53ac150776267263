"""One maker per key across processes.

A claim is a lock on a file of the key's name. The kernel releases it when its holder dies, however
that happens. If the system has no such locks (Windows), or the folder cannot be written, a claim
excludes no process. Then a picture is made twice, and still served.
"""

from __future__ import annotations

import contextlib
import os

from imgmiddleware.cache.folder.locks import lock, unlock
from imgmiddleware.cache.forks import Forkable
from imgmiddleware.cache.store import KEY, check_key

_FLAGS = os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
#: How often the file may be replaced between opening and locking it.
_TRIES = 16


class Claim(Forkable):
    """The right to make the result of a key, until it is released. A context manager."""

    def __init__(self, path: str, descriptor: int | None) -> None:
        self._path = path
        self._descriptor: int | None = None
        super().__init__()
        self._descriptor = descriptor

    @property
    def excludes(self) -> bool:
        """Whether other processes are really kept out."""
        return self._descriptor is not None

    def release(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            # Unlinked while it is locked: a process that locks it next sees that its path names
            # another file.
            with contextlib.suppress(OSError):
                os.unlink(self._path)
                unlock(descriptor)
            os.close(descriptor)

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def _begin(self) -> None:
        """Close the inherited file: the lock must go when the parent dies."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


class Claims:
    """The claims in a folder, for any threads and processes; threads keep each other out too."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = os.path.join(os.path.abspath(folder), "claims")
        self._swept = 0

    def take(self, key: str) -> Claim | None:
        """The claim, or None while another process or thread has it."""
        check_key(key)
        path = f"{self._folder}/{key}"
        try:
            self._prepare()
            return _taken(path)
        except OSError:
            return Claim(path, None)

    def _prepare(self) -> None:
        """Make the folder if it is missing; once a process, remove files of killed processes."""
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        if self._swept == os.getpid():
            return
        self._swept = os.getpid()
        with os.scandir(self._folder) as entries:
            names = [entry.name for entry in entries if _may_be_one(entry)]
        for name in names:
            with contextlib.suppress(OSError):
                left = _taken(f"{self._folder}/{name}")
                if left is not None:
                    left.release()


def _taken(path: str) -> Claim | None:
    """A claim on the file that is at the path now. Raises `OSError`."""
    for _ in range(_TRIES):
        descriptor = os.open(path, _FLAGS, 0o600)
        try:
            mine = lock(descriptor)
            named = mine and _names(path, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        if named:
            return Claim(path, descriptor)
        os.close(descriptor)
        if not mine:
            return None
        # Its holder unlinked it between opening and locking: once more.
    return None


def _may_be_one(entry: os.DirEntry[str]) -> bool:
    """Whether this is a file of a claim, which has no content."""
    with contextlib.suppress(OSError):  # released meanwhile
        return bool(KEY.fullmatch(entry.name)) and not entry.stat(follow_symlinks=False).st_size
    return False


def _names(path: str, descriptor: int) -> bool:
    """Whether the path still names this file. Raises `OSError`."""
    try:
        named = os.lstat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))
