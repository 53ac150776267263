"""The wire between a process and its worker: messages over a pair of sockets.

A message is its kind, the number of its bytes, and the bytes; descriptors go along with the head of
it (`SCM_RIGHTS`). Other modules define the meaning of messages. The serving side takes bytes alone,
and no more than its caller allows; it never unpickles anything of a worker's.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Sequence

#: The kind, and the number of bytes that follow.
_HEAD = struct.Struct("!cQ")
#: Bytes that are asked of a socket at once.
_PIECE = 2**20
#: Seconds for a worker to take a message: it does nothing else while it waits for one.
_PATIENCE = 10.0
#: Seconds that a socket can wait at once, in milliseconds of 31 bits; a week.
_LONGEST = 604_800.0
#: Descriptors of one message: an original, an overlay, a pyramid.
_MOST_DESCRIPTORS = 8

Bytes = bytes | bytearray | memoryview


class ClosedError(Exception):
    """The other side has gone, or does not keep to the form of messages."""


class EndedError(ClosedError):
    """The other side has gone."""


class Channel:
    """One end. One thread at a time uses it. The other side has to take a message within `patience`
    seconds, or counts as hanging; None waits as long as it takes.
    """

    def __init__(self, end: socket.socket, patience: float | None = None) -> None:
        self._socket = end
        self._patience = patience

    def send(self, kind: bytes, *parts: Bytes, descriptors: Sequence[int] = ()) -> None:
        """Raises `ClosedError`, and `TimeoutError` where the other side does not take it."""
        head = _HEAD.pack(kind, sum(map(len, parts)))
        small = sum(map(len, parts)) < _PIECE
        first, rest = (b"".join((head, *parts)), ()) if small else (head, parts)
        self._socket.settimeout(self._patience)
        try:
            if descriptors:
                sent = socket.send_fds(self._socket, [first], list(descriptors))
                first = first[sent:]
            for part in (first, *rest):
                self._socket.sendall(part)
        except TimeoutError:
            raise
        except OSError as error:
            raise EndedError("the other side has gone") from error

    def receive(self, most: int, seconds: float | None = None) -> tuple[bytes, bytes]:
        """The kind of the next message and its bytes, at most `most` of them.

        Raises `TimeoutError` where it is not here in time, and `ClosedError`.
        """
        until = None if seconds is None else time.monotonic() + seconds
        kind, size = _HEAD.unpack(self._filled(_HEAD.size, until))
        if size > most:
            raise ClosedError(f"a message of {size} bytes")
        return kind, self._filled(size, until)

    def receive_with_descriptors(self) -> tuple[bytes, bytes, list[int]]:
        """The same in the worker, which waits as long as it takes."""
        self._socket.settimeout(None)
        head, descriptors, _, _ = socket.recv_fds(self._socket, _HEAD.size, _MOST_DESCRIPTORS)
        if not head:
            raise EndedError("the other side has gone")
        head += self._filled(_HEAD.size - len(head), None)
        kind, size = _HEAD.unpack(head)
        return kind, self._filled(size, None), descriptors

    def close(self) -> None:
        """Close this end, which tells the other one."""
        self._socket.close()

    def fileno(self) -> int:
        """The descriptor of this end."""
        return self._socket.fileno()

    def _filled(self, size: int, until: float | None) -> bytes:
        pieces, missing = [], size
        while missing:
            self._socket.settimeout(None if until is None else _left(until))
            try:
                piece = self._socket.recv(min(missing, _PIECE))
            except TimeoutError:
                raise
            except OSError as error:
                raise EndedError("the other side has gone") from error
            if not piece:
                raise EndedError("the other side has gone")
            pieces.append(piece)
            missing -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def pair() -> tuple[Channel, socket.socket]:
    """Our end, and the socket whose descriptor a worker inherits."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return Channel(ours, _PATIENCE), theirs


def memory_file(size: int) -> int:
    """The descriptor of a file of so many bytes without a name: in memory, where the system can."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("imgmiddleware", os.MFD_CLOEXEC)
    else:
        import tempfile  # noqa: PLC0415 - macOS alone

        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.truncate(descriptor, size)
    return descriptor


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return min(left, _LONGEST)
