"""The request and the response as the core knows them: plain, frozen values of no protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
class ImageResponse:
    """What an adapter sends, to the letter: it adds no header and drops none."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The value of the header of this name, in any case; None where there is none."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None
