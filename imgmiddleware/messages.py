"""The request, the result and the response as frozen values, which know neither WSGI nor ASGI."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, BinaryIO

#: Bytes of a file that are read at a time.
_PIECE = 2**18


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """An HTTP request, as an adapter reads it.

    >>> ImageRequest("GET", "/image/cat.jpg", "w=400", {"accept": "image/webp"}).query
    'w=400'
    """

    method: str
    """GET, HEAD, OPTIONS or any other, in upper case as it came."""
    path: str
    """The path, percent-decoded as UTF-8 (other bytes become U+FFFD), without `mount`."""
    query: str = ""
    """The query as it came, without the question mark."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers, by their names in lower case. A comma and a space join the values of a header
    that came twice (RFC 9110, section 5.3)."""
    scheme: str = "http"
    """The scheme of the URL: http or https."""
    host: str = ""
    """The host and port that the client asked for."""
    mount: str = ""
    """The path under which the application itself is mounted, percent-decoded."""
    sends_files: bool = True
    """Whether the server sends a body that is a file. If not, a small one comes as bytes."""
    raw_path: str = ""
    """The whole path of the URL as it was sent, with `mount`: percent-encoded by the client. Empty:
    the server does not tell."""
    id: Any = None
    """The ID as the source gets it, by `id_type`: for `authorize`. None until it is parsed, unless
    a route of the application gave it."""
    context: Any = field(default=None, compare=False, repr=False)
    """The protocol's own object: `environ` (WSGI) or `scope` (ASGI), for `authorize`. The
    service carries it and never looks into it; it stays behind where a request is pickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        # The objects in a server's environ or scope (sockets, functions) cannot be pickled.
        kept = [getattr(self, f.name) for f in fields(self) if f.name != "context"]
        return type(self), tuple(kept)


@dataclass(frozen=True, slots=True)
class FileBody:
    """The body of a response that lies in a file, and is read while it is sent.

    >>> import io
    >>> body = FileBody(io.BytesIO(b"0123456789"), 10, start=2, stop=6, path=lambda: None)
    >>> len(body)
    4
    >>> body.read()
    b'2345'
    """

    file: BinaryIO
    """The open file. Its content was verified; its name may be gone by now."""
    size: int
    """Bytes of the whole file."""
    start: int
    """The first byte that is sent."""
    stop: int
    """The byte after the last that is sent."""
    path: Callable[[], str | None]
    """Finds a path of the same bytes, for servers that open files themselves. The path lasts longer
    than an answer takes. None where there can be none."""

    def __len__(self) -> int:
        """The number of bytes that are sent."""
        return self.stop - self.start

    @property
    def whole(self) -> bool:
        """Whether the whole file is sent: only then can a server send it by its path."""
        return len(self) == self.size

    def named(self) -> FileBody:
        """An equal body whose path is found now, in the caller's thread: that takes the disk."""
        path = self.path()
        return replace(self, path=lambda: path)

    def pieces(self) -> Iterator[bytes]:
        """The bytes, some at a time. Raises `OSError` where the file was cut short."""
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
        """Close the file of a body that is not read."""
        self.file.close()


@dataclass(frozen=True, slots=True)
class Result:
    """An encoded picture. The caller sends, reads or closes a result whose body is a file.

    >>> Result(b"...", "image/png").read()
    b'...'
    """

    body: bytes | FileBody
    """The bytes, or the open file that has them."""
    media_type: str
    """The media type, such as image/png."""
    notes: tuple[str, ...] = ()
    """Notes on the result, such as a colour profile that was left out: `Image-Notes`."""

    def read(self) -> bytes:
        """The bytes, wherever they are; closes the file. Raises `OSError`."""
        return self.body if isinstance(self.body, bytes) else self.body.read()

    def close(self) -> None:
        """Close the file, if there is one."""
        if isinstance(self.body, FileBody):
            self.body.close()


@dataclass(frozen=True, slots=True)
class ImageResponse:
    """The answer that an adapter sends, to the letter: it adds no header and drops none.

    >>> response = ImageResponse(200, (("Content-Type", "image/png"),), b"...")
    >>> response.header("content-type")
    'image/png'

    The caller sends it or closes it.
    """

    status: int
    """The HTTP status."""
    headers: tuple[tuple[str, str], ...]
    """The headers as pairs of name and value, in the order in which they are sent."""
    body: bytes | FileBody = b""
    """The bytes, or the file that has them."""

    def read(self) -> bytes:
        """The bytes of the body, wherever they are; closes the file. Raises `OSError`."""
        return self.body if isinstance(self.body, bytes) else self.body.read()

    def close(self) -> None:
        """Close the file of a body that is not sent."""
        if isinstance(self.body, FileBody):
            self.body.close()

    def header(self, name: str) -> str | None:
        """The value of a header, whose name may be in upper or lower case. None: there is none."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None
