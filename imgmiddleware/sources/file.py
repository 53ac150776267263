"""An original in a regular file."""

import os
import stat
from io import FileIO
from typing import Self

from imgmiddleware.sources.original import changed_while_read, unavailable


class FileOriginal:
    """An open regular file. Its version is what the file system says of the opened file.

    The version has the inode and its change time beside size and modification time. Two BMP of the
    same dimensions have the same size, and many deployments set the time of every file to a
    constant. The price is that copies of a file on two machines have two versions.
    """

    def __init__(self, descriptor: int) -> None:
        """Take over the descriptor. Raises `OSError` if it is of no regular file."""
        self._file = FileIO(descriptor, "rb")
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            self._file.close()
            raise OSError("not a regular file")
        self.size = status.st_size
        self.last_modified: int | None = int(status.st_mtime)
        self.version = _version(status)

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        try:
            done = self._fill(buffer, offset)
        except OSError as error:
            raise unavailable(error) from error
        # Compared after the read: if somebody wrote meanwhile, the times have changed by now.
        if _version(os.fstat(self._file.fileno())) != self.version:
            raise changed_while_read()
        return done

    def _fill(self, buffer: memoryview, offset: int) -> int:
        self._file.seek(offset)
        done = 0
        while done < len(buffer):
            count = self._file.readinto(buffer[done:])
            if not count:
                break
            done += count
        return done

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


def open_path(
    path: str | bytes | os.PathLike[str], dir_fd: int | None = None, flags: int = 0
) -> FileOriginal:
    """Open a regular file. Raises `OSError`; what is not a regular file is not even opened.

    Opening a device or a pipe can block, or have effects of its own. So the kind of the file is
    looked at first, and once more when it is open.
    """
    follow = not flags & getattr(os, "O_NOFOLLOW", 0)
    if not stat.S_ISREG(os.stat(path, dir_fd=dir_fd, follow_symlinks=follow).st_mode):
        raise OSError("not a regular file")
    return FileOriginal(os.open(path, _FLAGS | flags, dir_fd=dir_fd))


_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)  # Windows would translate line ends
    | getattr(os, "O_NONBLOCK", 0)  # a pipe that took the file's place must not hold us
    | getattr(os, "O_NOCTTY", 0)
)


def _version(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}.{status.st_size:x}.{status.st_ino:x}.{status.st_ctime_ns:x}"
