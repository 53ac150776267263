"""A bound in time, and in bytes, for all that a call does on its sockets.

The timeout of a socket starts anew with each piece that comes: a server that sends a byte at a time
would keep a request for ever. And the library takes a value whole, however large it is.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class TooMuchError(Exception):
    """The server has sent more than a call may receive."""


class Allowance(threading.local):
    """The time until which this thread's call may take, and the bytes that it may receive; a time
    of 0: there is no bound.
    """

    until = 0.0
    most = left = 0

    @contextmanager
    def within(self, seconds: float, most: int) -> Iterator[None]:
        """A context for a call, which then takes no longer in all, and receives no more."""
        self.until = time.monotonic() + seconds
        self.most = self.left = most
        try:
            yield
        finally:
            self.until = 0.0

    def count(self, received: int) -> None:
        """Raises `TooMuchError`, and counts from 0 again, for the connection after that."""
        self.left -= received
        if self.until and self.left < 0:
            self.left = self.most
            raise TooMuchError("the server sends more than it was asked for")


class BoundedSocket:
    """A socket whose sending and receiving end when the allowance does, with `TimeoutError` or
    `TooMuchError`.

    Or sooner, by the timeout that the library sets: with 0 it only checks for data.
    """

    def __init__(self, socket: Any, allowance: Allowance) -> None:
        self._socket = socket
        self._allowance = allowance
        self._timeout: float | None = socket.gettimeout()

    def settimeout(self, seconds: float | None) -> None:
        self._timeout = seconds
        self._socket.settimeout(seconds)

    def gettimeout(self) -> float | None:
        return self._timeout

    def sendall(self, data: Any) -> Any:
        return self._bounded(self._socket.sendall, data)

    def recv(self, *arguments: Any) -> Any:
        data = self._bounded(self._socket.recv, *arguments)
        self._allowance.count(len(data))
        return data

    def recv_into(self, *arguments: Any) -> Any:
        count = self._bounded(self._socket.recv_into, *arguments)
        self._allowance.count(count)
        return count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def _bounded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        until, seconds = self._allowance.until, self._timeout
        if until:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("the call takes too long")
            seconds = left if seconds is None else min(left, seconds)
        self._socket.settimeout(seconds)
        return call(*arguments)


def bounded(kind: type[Any], allowance: Allowance) -> type[Any]:
    """The class of connections of the library redis, on such sockets."""

    class Bounded(kind):  # type: ignore[misc]
        def _connect(self) -> Any:
            until = allowance.until
            if until:
                self.socket_connect_timeout = max(0.001, until - time.monotonic())
            return BoundedSocket(super()._connect(), allowance)

    return Bounded
