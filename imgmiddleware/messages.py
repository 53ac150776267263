"""The request and the response as the core knows them: plain, frozen values of no protocol."""

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
    """A body that lies in a file of `size` bytes: those from `start` up to `stop`, read when sent.

    `file` is open, and is what was verified: its name may be gone by now. `path` gives a name of
    the same bytes for servers that open files themselves, which lasts longer than an answer takes;
    None where there can be no such name.
    """

    file: BinaryIO
    size: int
    start: int
    stop: int
    path: Callable[[], str | None]

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def whole(self) -> bool:
        """Whether it is all of the file: a part of one cannot be handed over."""
        return len(self) == self.size

    def named(self) -> FileBody:
        """The same, whose `path` is found now: finding it takes the disk."""
        path = self.path()
        return replace(self, path=lambda: path)

    def __iter__(self) -> Iterator[bytes]:
        """The bytes in pieces, for who cannot be handed a file."""
        self.file.seek(self.start)
        left = len(self)
        while left:
            piece = self.file.read(min(left, _PIECE))
            if not piece:
                raise OSError("a cached picture was cut short while it was sent")
            left -= len(piece)
            yield piece

    def read(self) -> bytes:
        """All of it; closes the file."""
        with self.file:
            return b"".join(self)

    def close(self) -> None:
        self.file.close()


@dataclass(frozen=True, slots=True)
class ImageResponse:
    """What an adapter sends, to the letter: it adds no header and drops none.

    Who does not send it closes it.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | FileBody = b""

    def read(self) -> bytes:
        """The body, wherever it lies."""
        return self.body if isinstance(self.body, bytes) else self.body.read()

    def close(self) -> None:
        """Let go of a body that is not sent."""
        if isinstance(self.body, FileBody):
            self.body.close()

    def header(self, name: str) -> str | None:
        """The value of the header of this name, in any case; None where there is none."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None
