"""The folder of the disk cache: the places of the index and the bodies, and how bodies are made.

They are `<folder>/1.<n>/index.sqlite` and `<folder>/1.<n>/bodies/<key>.<checksum>`: 1 is the
layout, n the generation. One generation is called a shelf. A damaged index is never repaired in
place, as other processes may have it open. The next generation starts empty, and older ones are
removed.
"""

import contextlib
import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from imgmiddleware.cache.folder.locks import lock

_LAYOUT = 1
#: The other names in a cache's folder; docs/disk_cache.md explains them.
_BESIDE = frozenset({"claims", "followed", "namespaces", "purged", "pyramids", "sending"})
_GENERATION = re.compile(r"(\d{1,6})\.(\d{1,9})", re.ASCII)
_BODY = re.compile(r"[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{22}")

# Without O_NONBLOCK, opening a pipe that somebody placed there would wait.
_SAFELY = (
    getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)
#: Errors of opening something other than a file: a symlink (two of them), a socket, a device, a
#: folder.
_NO_FILE = (errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.ENODEV, errno.EISDIR)


class NoBodyError(Exception):
    """The path of a body names something other than a file."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One generation. Every method but `body` raises `OSError`."""

    path: str
    index: str
    bodies: str

    def body(self, key: str, checksum: str) -> str:
        """The path of a body. Raises `ValueError` for a name that no body has."""
        name = f"{key}.{checksum}"
        if not _BODY.fullmatch(name):
            raise ValueError(f"no name of a body: {name!r}")
        return f"{self.bodies}/{name}"

    def names(self) -> Iterator[str]:
        with os.scandir(self.bodies) as entries:
            for entry in entries:
                yield entry.name


def current_shelf(folder: str) -> Shelf:
    """The shelf that every process uses now, made if there is none."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    while True:
        newest = _newest(folder)
        shelf = _shelf(folder, newest)
        if newest == _newest(
            folder
        ):  # else another process has made a newer one, and removed this one
            return shelf


def is_for_results(folder: str) -> bool:
    """Whether a folder has a shelf, or no files but those of a cache. Raises `OSError`."""
    return bool(_generations(folder)) or _BESIDE.issuperset(os.listdir(folder))


def next_shelf(folder: str, worn: Shelf) -> None:
    """Replace a damaged shelf by a new one, unless another process has done so already."""
    newest = _newest(folder)
    if newest == _numbers(worn):
        _shelf(folder, (_LAYOUT, newest[1] + 1))
    shutil.rmtree(worn.path, ignore_errors=True)


def sweep_shelves(folder: str, kept: Shelf) -> None:
    """Remove the shelves before this one, and those of older layouts."""
    for generation in _generations(folder):
        if generation < _numbers(kept):
            shutil.rmtree(f"{folder}/{_name(generation)}", ignore_errors=True)


def _numbers(shelf: Shelf) -> tuple[int, int]:
    layout, _, number = os.path.basename(shelf.path).partition(".")
    return int(layout), int(number)


def _newest(folder: str) -> tuple[int, int]:
    return max([*_generations(folder), (_LAYOUT, 1)])


def _generations(folder: str) -> list[tuple[int, int]]:
    """Layout and number of each, of this layout or an older one."""
    with os.scandir(folder) as entries:
        matches = [_GENERATION.fullmatch(entry.name) for entry in entries]
    found = [
        (int(match[1]), int(match[2])) for match in matches if match and _is_one(folder, match[0])
    ]
    return [generation for generation in found if generation[0] <= _LAYOUT]


def _is_one(folder: str, name: str) -> bool:
    """Whether a cache made it: folders of releases have such names too, and must not be removed."""
    return any(os.path.lexists(f"{folder}/{name}/{own}") for own in ("index.sqlite", "bodies"))


def _name(generation: tuple[int, int]) -> str:
    return f"{generation[0]}.{generation[1]}"


def _shelf(folder: str, generation: tuple[int, int]) -> Shelf:
    path = f"{folder}/{_name(generation)}"
    shelf = Shelf(path, f"{path}/index.sqlite", f"{path}/bodies")
    for own in (shelf.path, shelf.bodies):
        try:
            os.mkdir(own, 0o700)
        except FileExistsError:
            _must_be_ours(own, stat.S_ISDIR)
    try:
        # Made here so that it has this mode. Closing it releases no lock of SQLite, which has none
        # yet.
        os.close(os.open(shelf.index, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _SAFELY, 0o600))
    except FileExistsError:
        _must_be_ours(shelf.index, stat.S_ISREG)
    return shelf


def _must_be_ours(path: str, kind: object) -> None:
    """Raises `OSError`. Another user could change a folder of theirs while it is used."""
    status = os.lstat(path)
    if not kind(status.st_mode):  # type: ignore[operator]
        raise PermissionError(errno.EPERM, "stands in the place of the cache", path)
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "belongs to another user", path)


def create_body(path: str) -> int:
    """A descriptor of a new, empty, locked file. A file that was at the path before is removed.

    Call this only while the index is locked for writing, and has no row for this path.
    """
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | _SAFELY
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:  # a process was killed before its row was written
        remove_body(path)
        descriptor = os.open(path, flags, 0o600)
    with contextlib.suppress(OSError):  # a file system without locks: see `is_being_written`
        lock(descriptor)
    return descriptor


def is_being_written(path: str) -> bool:
    """Whether the process that made this file still writes it. The kernel unlocks when it dies.

    Never, if the system has no such locks: then the later of two writers wins.
    """
    try:
        descriptor, _ = open_body(path)
    except (FileNotFoundError, NoBodyError):
        return False
    try:
        return not lock(descriptor)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def open_body(path: str) -> tuple[int, os.stat_result]:
    """A descriptor and the status of a file. Raises `NoBodyError` for a symlink, folder or pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFELY)
    except OSError as error:
        if error.errno in _NO_FILE:
            raise NoBodyError(path) from None
        raise
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise NoBodyError(path)
    return descriptor, status


def remove_body(path: str) -> None:
    """Remove the file, link or folder at the path."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError:
        if not os.path.isdir(path) or os.path.islink(path):
            raise
        shutil.rmtree(path)
