"""The request, the result and the response as the core knows them: plain values of no protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO

#: Bytes of a file that are read at a time.
_PIECE = 2**18


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """What an adapter read of an HTTP request.

    `path` is percent-decoded (UTF-8; what is not becomes U+FFFD) and without the `mount`, the path
    under which the application itself is mounted. `query` is raw. The names in `headers` are lower
    case; a header that came twice is joined by `, ` (RFC 9110, section 5.3).
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    scheme: str = "http"
    host: str = ""
    mount: str = ""


@dataclass(frozen=True, slots=True)
class FileBody:
    """The bytes of an open file from `start` up to `stop`, of `size` that it has; read when sent.

    The file was verified when it was opened, and its name may be gone by now. `path` gives another
    name of the same bytes, which lasts longer than an answer takes, for servers that open files
    themselves; None where there can be no such name.
    """

    file: BinaryIO
    size: int
    start: int
    stop: int
    path: Callable[[], str | None]

    def __len__(self) -> int:
        """How many bytes are sent."""
        return self.stop - self.start

    @property
    def whole(self) -> bool:
        """Whether this is all of the file; servers that send files send whole ones."""
        return len(self) == self.size

    def named(self) -> FileBody:
        """The same body, whose `path` is looked up now, because that takes the disk."""
        path = self.path()
        return replace(self, path=lambda: path)

    def pieces(self) -> Iterator[bytes]:
        """The bytes, some at a time. Raises `OSError`."""
        self.file.seek(self.start)
        left = len(self)
        while left:
            piece = self.file.read(min(left, _PIECE))
            if not piece:
                raise OSError("a cached picture was cut short while it was sent")
            left -= len(piece)
            yield piece

    def read(self) -> bytes:
        """All the bytes; closes the file. Raises `OSError`."""
        with self.file:
            return b"".join(self.pieces())

    def close(self) -> None:
        """Close the file of a body that nobody reads."""
        self.file.close()


@dataclass(frozen=True, slots=True)
class Result:
    """An encoded picture: its bytes, or the open file that has them, and what is said of it.

    `notes` tell what of the original was set aside for it. Whoever gets one with a file sends it,
    reads it or closes it.
    """

    body: bytes | FileBody
    media_type: str
    notes: tuple[str, ...] = ()

    def read(self) -> bytes:
        """The bytes, wherever they are; closes the file. Raises `OSError`."""
        return self.body if isinstance(self.body, bytes) else self.body.read()

    def close(self) -> None:
        """Close the file, if there is one."""
        if isinstance(self.body, FileBody):
            self.body.close()


@dataclass(frozen=True, slots=True)
class ImageResponse:
    """What an adapter sends, to the letter: it adds no header and drops none.

    Whoever gets one sends it or closes it.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | FileBody = b""

    def read(self) -> bytes:
        """The bytes of the body, wherever they are; closes the file. Raises `OSError`."""
        return self.body if isinstance(self.body, bytes) else self.body.read()

    def close(self) -> None:
        """Close the file of a body that is not sent."""
        if isinstance(self.body, FileBody):
            self.body.close()

    def header(self, name: str) -> str | None:
        """The value of the header of this name, in any case; None where there is none."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None
