"""HTTP/1.1 on a raw socket: the bytes that a server really sent, framing included.

`http.client` reads no body after a HEAD, and so would not see one that was sent by mistake.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

#: Seconds for one answer; the largest is a third of 18 megapixels as PNG.
_PATIENCE = 60

#: Headers of the connection and the server, not of the answer.
OF_THE_SERVER = frozenset({"date", "server", "connection", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True)
class Answer:
    """Header names are lower case, in the order sent. `body` is all that followed the head."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1, f"{name} was sent {len(values)} times"
        return values[0] if values else None

    @property
    def own_headers(self) -> list[tuple[str, str]]:
        return sorted((k, v) for k, v in self.headers if k not in OF_THE_SERVER)


def ask(
    port: int,
    target: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """One request on a connection of its own, read until the server closes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
        connection.sendall(
            request(target, method, {"Connection": "close", **(headers or {})}, body)
        )
        received = bytearray()
        while part := connection.recv(1 << 16):
            received += part
    return parsed(bytes(received))


def request(target: str, method: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    sent = {"Host": "127.0.0.1", **headers}
    if body:
        sent["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in sent.items()), "", ""]
    return "\r\n".join(lines).encode("ascii") + body


def parsed(received: bytes) -> Answer:
    head, end, body = received.partition(b"\r\n\r\n")
    assert end, f"no whole answer: {received[:500]!r}"
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status, *_ = first.split(" ")
    assert version in ("HTTP/1.1", "HTTP/1.0"), first
    headers = tuple(
        (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    return Answer(int(status), headers, body)
