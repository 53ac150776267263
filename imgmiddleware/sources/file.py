"""An original in a regular file."""

import errno
import os
import stat
from hashlib import sha256
from io import FileIO
from typing import Literal, Self

from imgmiddleware.sources.original import changed_while_read, unavailable

FileVersion = Literal["stat", "mtime", "content"]
"""The choices of the option `file_version`: the parts of a file's version."""

#: Errors of opening a file that is missing, or cannot exist.
NO_SUCH_FILE = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.EINVAL,  # an embedded NUL or a name that the file system cannot hold
        errno.EILSEQ,
    }
)

#: Files whose digests are remembered: each is a line of a hundred bytes.
_MOST_DIGESTS = 65_536
_PIECE = 2**20
#: Then no read moves the position of another (POSIX, `pread`).
_PREADS = hasattr(os, "preadv")


class FileOriginal:
    """An open regular file. Its version is made of the file system's facts of the opened file.

    With "stat" the version has the inode and its change time beside size and modification time. Two
    BMP of the same dimensions have the same size, and many deployments set the time of every file
    to a constant. The price is that copies of a file on two machines have two versions, and that a
    `chmod` makes a new one. With "mtime" it has the last two alone. With "content" it is a digest:
    the file is read when it is new to this process, or has changed.
    """

    def __init__(self, descriptor: int, version: FileVersion = "stat") -> None:
        """Take over the descriptor. Raises `OSError` if it belongs to no regular file."""
        self._file = FileIO(descriptor, "rb")
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            self._file.close()
            raise OSError("not a regular file")
        self.size = status.st_size
        self.last_modified: int | None = int(status.st_mtime)
        self._seen = _version(status)
        try:
            self.version = self._versioned(status, version)
        except OSError:
            self._file.close()
            raise

    def _versioned(self, status: os.stat_result, version: FileVersion) -> str:
        if version == "stat":
            return self._seen
        if version == "mtime":
            return f"{status.st_mtime_ns:x}.{status.st_size:x}"
        known = f"{status.st_dev:x}.{self._seen}"
        digest = _digests.get(known)
        if digest is None:
            digest = self._digest()
            if len(_digests) >= _MOST_DIGESTS:
                _digests.clear()
            _digests[known] = digest
        return digest

    def _digest(self) -> str:
        """The content's digest: a file written to now has another, which `read_into` finds."""
        digest = sha256()
        while piece := self._file.read(_PIECE):
            digest.update(piece)
        return digest.hexdigest()[:32]

    @property
    def stamp(self) -> str:
        """The file system's facts of the file when it was opened."""
        return self._seen

    def fileno(self) -> int:
        """The descriptor of this opening."""
        return self._file.fileno()

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        try:
            done = self._fill(buffer, offset)
            # Compared after the read: if the file was written to meanwhile, the times have changed
            # by now.
            unwritten = self._is_unwritten(os.fstat(self._file.fileno()))
        except OSError as error:  # ESTALE, where the server of a mount has forgotten the file
            raise unavailable(error) from error
        if not unwritten:
            raise changed_while_read()
        return done

    def _is_unwritten(self, now: os.stat_result) -> bool:
        """Whether the bytes are still those that were opened. Of a file whose name another has
        taken, or that was removed, only the change time differs.
        """
        version = _version(now)
        if now.st_nlink == 0:
            return version.rpartition(".")[0] == self._seen.rpartition(".")[0]
        return version == self._seen

    def _fill(self, buffer: memoryview, offset: int) -> int:
        done = 0
        while done < len(buffer):
            count = self._read(buffer[done:], offset + done)
            if not count:
                break
            done += count
        return done

    def _read(self, buffer: memoryview, offset: int) -> int:
        if _PREADS:
            return os.preadv(self._file.fileno(), [buffer], offset)
        self._file.seek(offset)
        return self._file.readinto(buffer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


#: The file system's facts of a file -> the digest of its content.
_digests: dict[str, str] = {}


def open_path(
    path: str | bytes | os.PathLike[str],
    dir_fd: int | None = None,
    flags: int = 0,
    version: FileVersion = "stat",
) -> FileOriginal:
    """Open a regular file. Raises `OSError`; anything but a regular file is not even opened.

    Opening a device or a pipe can block, or have effects of its own. So the kind of the file is
    checked first, and once more when it is open.
    """
    follow = not flags & getattr(os, "O_NOFOLLOW", 0)
    if not stat.S_ISREG(os.stat(path, dir_fd=dir_fd, follow_symlinks=follow).st_mode):
        raise OSError("not a regular file")
    return FileOriginal(os.open(path, _FLAGS | flags, dir_fd=dir_fd), version)


_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)  # Windows would translate line ends
    | getattr(os, "O_NONBLOCK", 0)  # a pipe that took the file's place must not block
    | getattr(os, "O_NOCTTY", 0)
)


def _version(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}.{status.st_size:x}.{status.st_ino:x}.{status.st_ctime_ns:x}"
