"""Answers that have to come by one time, however slow the server is.

The timeout of a socket starts again with each byte. A server that sends a byte now and then would
be waited for without an end: for its head, for its body, and for the rest that frees the
connection.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import Any


class _Until(RawIOBase):
    """The bytes that a socket receives, up to a time."""

    def __init__(self, connection: socket.socket, raw: RawIOBase, until: float) -> None:
        self._connection, self._raw, self._until = connection, raw, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Raises `TimeoutError` where the time is over."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *, until: float, **options: Any) -> None:
        super().__init__(sock, **options)
        # The socket's own reader stays open: while it is, so is a socket that is closed meanwhile.
        self.fp = BufferedReader(_Until(sock, self.fp.detach(), until))


def responses(until: float) -> Callable[..., HTTPResponse]:
    """The `response_class` of a connection, whose answers all end by this time."""
    return partial(_Response, until=until)
