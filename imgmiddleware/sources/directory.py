"""Originals below a directory.

An ID is a path from the directory's root, written with `/`. It must never name anything outside, by
`..`, as an absolute path, or by a symbolic link that leaves the root. Comparing strings is not
enough: `/images` is a prefix of `/images-secret`, and a link can be changed between the look and
the opening. So the path is walked from the root's descriptor, one component after the other. Each
is opened without following links, and a link is resolved by the walk itself, which cannot climb
above the root.

A name is bytes on disk, and an ID is text. So the ID in UTF-8 is the name, and nothing depends on
the locale. Windows takes such bytes too (PEP 529).
"""

import errno
import logging
import os
import stat
from collections.abc import Callable

from imgmiddleware.sources.file import NO_SUCH_FILE, FileOriginal, FileVersion, open_path
from imgmiddleware.sources.original import UnreadableError, unavailable
from imgmiddleware.sources.paths import encoded

_log = logging.getLogger("imgmiddleware")

#: As many links as Linux itself follows (path_resolution(7)).
_MOST_LINKS = 40

_FORBIDDEN = (errno.EACCES, errno.EPERM)


class _OutsideError(OSError):
    """The path leaves the root, or names nothing that is served."""

    def __init__(self) -> None:
        super().__init__(errno.ENOENT, "outside of the source")


class DirectorySource:
    """A `Source` of the image files below a directory. An ID is a file's path from there.

    >>> from imgmiddleware import DirectorySource
    >>> source = DirectorySource("photos/")
    >>> source.open("../secret.jpg") is None
    True

    None of these is an original: `..`, `.`, empty or hidden components (with a leading dot), an
    absolute path, a NUL, a backslash, a symbolic link that leaves the directory, anything but a
    regular file, and a file that this process may not read. `root` may itself be a link. It is
    resolved again for each request, so that a release can switch it. With `unsafe_follow_symlinks`
    links may lead anywhere.

    Raises `ValueError` where `root` is not a directory.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        unsafe_follow_symlinks: bool = False,
        file_version: FileVersion = "stat",
    ) -> None:
        try:
            given = encoded(root)
        except UnicodeEncodeError:  # a lone surrogate
            given = b""
        self._root = os.path.abspath(given)
        self.root = os.fsdecode(self._root)
        """The directory's absolute path, in which links are not resolved."""
        # An empty path comes from an unset variable, and would mean the working directory.
        if not given or not os.path.isdir(self._root):
            seen = f", seen from {os.getcwd()!r}" if given and not os.path.isabs(given) else ""
            raise ValueError(f"source: {os.fspath(root)!r} is not a directory{seen}")
        self._version: FileVersion = file_version
        self._open: Callable[[bytes, list[bytes], FileVersion], FileOriginal] = (
            _open_following if unsafe_follow_symlinks else _open_confined
        )

    def open(self, id: str) -> FileOriginal | None:
        """The original, or None where there is none of this ID.

        Raises `ImageError`, 503 `source-unavailable`, where the disk itself fails.
        """
        try:
            return self.open_strictly(id)
        except UnreadableError:
            return None

    def open_strictly(self, id: str) -> FileOriginal | None:
        """The same, but raises `UnreadableError` for a file that this process may not read."""
        parts = id.split("/")
        if "\\" in id or "\0" in id or any(not p or p.startswith(".") for p in parts):
            return None
        if os.name == "nt" and ":" in id:  # a drive, or a file's alternate stream
            return None
        try:
            return self._open(self._root, [part.encode() for part in parts], self._version)
        except UnicodeEncodeError:
            return None
        except OSError as error:
            if error.errno in _FORBIDDEN:  # the file is there; only the operator may know
                _log.warning("id=%r cannot be opened: %s", id, error.strerror)
                raise UnreadableError(id) from error
            if error.errno is None or error.errno in NO_SUCH_FILE:
                return None
            raise unavailable(error) from error


def _open_following(root: bytes, parts: list[bytes], version: FileVersion) -> FileOriginal:
    return open_path(os.path.join(root, *parts), version=version)


def _open_by_name(root: bytes, parts: list[bytes], version: FileVersion) -> FileOriginal:
    """Where the system has no `openat`: resolve, compare whole components, then open."""
    real_root = os.path.realpath(root)
    real = os.path.realpath(os.path.join(real_root, *parts))
    if os.path.commonpath((real_root, real)) != real_root:
        raise _OutsideError
    return open_path(real, flags=getattr(os, "O_NOFOLLOW", 0), version=version)


def _open_by_descriptor(root: bytes, parts: list[bytes], version: FileVersion) -> FileOriginal:
    """Walk from the root's descriptor. No component is opened through a link."""
    todo = parts[::-1]
    above = [os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    links = 0
    try:
        while todo:
            name = todo.pop()
            if name == b"..":
                if len(above) == 1:
                    raise _OutsideError
                os.close(above.pop())
                continue
            mode = os.stat(name, dir_fd=above[-1], follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, "too many links")
                todo += _target(os.readlink(name, dir_fd=above[-1]), root, above)
            elif todo:
                above.append(os.open(name, _DIRECTORY, dir_fd=above[-1]))
            else:
                return open_path(name, dir_fd=above[-1], flags=os.O_NOFOLLOW, version=version)
        raise _OutsideError  # the last component was a link to a directory
    finally:
        for descriptor in above:
            os.close(descriptor)


def _target(target: bytes, root: bytes, above: list[int]) -> list[bytes]:
    """The components of a link, last first. An absolute one starts again at the root."""
    if os.path.isabs(target):
        for base in (root, os.path.realpath(root)):
            if target.startswith(base.rstrip(b"/") + b"/"):
                target = target[len(base) :]
                break
        else:
            raise _OutsideError
        while len(above) > 1:
            os.close(above.pop())
    return [part for part in target.split(b"/") if part not in (b"", b".")][::-1]


_CAN_WALK = {os.open, os.stat, os.readlink} <= os.supports_dir_fd
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC if _CAN_WALK else 0
_open_confined = _open_by_descriptor if _CAN_WALK else _open_by_name
