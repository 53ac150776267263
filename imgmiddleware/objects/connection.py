"""Connections to a plain server that have to be made by one time.

Python's client gives that time to each address of a name, and once more to the handshake of TLS.
"""

from __future__ import annotations

import socket
import ssl
import time
from http.client import HTTPConnection, HTTPSConnection


class Connection(HTTPConnection):
    """One whose every step ends at the time `until`, of `time.monotonic`.

    The name of the server is looked up by the system, in a time of its own.
    """

    until = 0.0

    def connect(self) -> None:
        """Raises `OSError`."""
        self.sock = connected((self.host, self.port), self.until)


class SecureConnection(Connection):
    """The same with TLS."""

    default_port = HTTPSConnection.default_port

    def __init__(self, place: str, context: ssl.SSLContext) -> None:
        super().__init__(place)
        self._tls = context

    def connect(self) -> None:
        """Raises `OSError`, also for a certificate that no authority vouches for."""
        super().connect()
        self.sock.settimeout(left(self.until))
        try:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)
        except BaseException:
            self.close()
            raise


def connected(address: tuple[str, int], until: float) -> socket.socket:
    """A socket to the first of a name's addresses that answers; each gets its share of the time.

    Raises `OSError`.
    """
    places = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
    failed: OSError = TimeoutError("the name has no address")
    for number, (family, kind, protocol, _, place) in enumerate(places):
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(left(until) / (len(places) - number))
            made.connect(place)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            made.close()
            failed = error
        else:
            return made
    raise failed


def left(until: float) -> float:
    """Seconds, never 0: a timeout of 0 means not to wait."""
    return max(until - time.monotonic(), 0.001)
