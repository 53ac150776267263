"""Files of a plain server, below one URL that the operator has chosen.

obstore could read these too, but follows every redirect of a server. So Python's own client reads
them, and an answer of another host or scheme does not count.
"""

from __future__ import annotations

import os
import re
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from typing import TypeVar
from urllib.parse import quote, urljoin, urlsplit

from imgmiddleware.objects.address import SERVERS, parse
from imgmiddleware.objects.connection import Connection, SecureConnection, left
from imgmiddleware.objects.content_range import content_range
from imgmiddleware.objects.errors import ChangedError, DownError, GoneError, RefusedError
from imgmiddleware.objects.part import Part, Stat
from imgmiddleware.objects.timed import responses

R = TypeVar("R")

_REDIRECTS, _MOST_REDIRECTS = (301, 302, 303, 307, 308), 3
_RETRIES, _BACKOFF = 2, 0.05
#: Idle connections that are kept, and bytes that are read at a time.
_MOST_IDLE, _READ = 32, 2**18
#: The length of a body: no file has more digits.
_LENGTH = re.compile(r"[0-9]{1,18}")
#: The header of a file without bytes (RFC 9110, section 14.4).
_NO_BYTES = "bytes */0"
#: The time may be over, or the server overloaded.
_AGAIN = (429, 500, 502, 503, 504)


class _AgainError(Exception):
    """An error that may not come again."""


class WebStore:
    """Files below a URL. Any number of threads may use it, in any process.

    `seconds` is the longest that one request may take, with its retries. Raises `ValueError` that
    names `option`.
    """

    def __init__(self, url: str, seconds: float = 10.0, option: str = "source") -> None:
        self._address = parse(url, option)
        if self._address.scheme not in SERVERS:
            raise ValueError(f"{option}: {self._address.scheme}:// is no server of files")
        self._seconds = max(seconds, 0.001)
        secure = self._address.scheme == "https"
        self._tls = ssl.create_default_context() if secure else None
        self._idle: list[tuple[int, Connection]] = []

    def read(
        self,
        name: str,
        start: int = 0,
        stop: int | None = None,
        *,
        match: Stat | None = None,
        unless: Stat | None = None,
    ) -> Part | None:
        """As `ObjectStore.read`."""
        headers = {"Accept-Encoding": "identity", "User-Agent": "imgmiddleware"}
        if start or stop is not None:
            headers["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
        if match is not None and match.strong:
            headers["If-Match"] = match.strong
        if unless is not None and unless.etag:
            headers["If-None-Match"] = unless.etag
        target = (
            f"/{self._address.prefix}/{quote(name)}" if self._address.prefix else f"/{quote(name)}"
        )
        until = time.monotonic() + self._seconds
        part = self._tried(lambda: self._asked(target, headers, (start, stop), until), until)
        if part is None and unless is None:
            raise DownError("the store gives an unexpected answer")
        if part is not None and match is not None:
            match.check(part.stat)
        if part is not None and unless is not None and part.stat.version == unless.version:
            return None
        return part

    def _tried(self, ask: Callable[[], R], until: float) -> R:
        for turn in range(_RETRIES + 1):
            try:
                return ask()
            except (_AgainError, OSError, HTTPException) as error:
                pause = _BACKOFF * 2**turn
                if turn == _RETRIES or time.monotonic() + pause > until:
                    raise DownError("the store failed, or has not answered in time") from error
                time.sleep(pause)
        raise AssertionError

    def _asked(
        self, target: str, headers: dict[str, str], asked: tuple[int, int | None], until: float
    ) -> Part | None:
        """One request, and its redirects on the same server."""
        for _ in range(_MOST_REDIRECTS + 1):
            connection, response = self._answer(target, headers, until)
            done = False
            try:
                if response.status in _REDIRECTS:
                    target = self._redirected(target, response.getheader("Location", ""))
                    continue
                part = _part(response, asked)
                done = response.isclosed()
            finally:
                self._leave(connection, kept=done)
            return part
        raise DownError("the store redirects without an end")

    def _answer(
        self, target: str, headers: dict[str, str], until: float
    ) -> tuple[Connection, HTTPResponse]:
        """The answer on an open connection, or on a new one where the server has closed that."""
        while True:
            connection, used = self._connection()
            connection.until = until
            connection.response_class = responses(until)  # type: ignore[assignment]
            try:
                if connection.sock is not None:
                    connection.sock.settimeout(left(until))
                connection.request("GET", target, headers=headers)
                return connection, connection.getresponse()
            except (OSError, HTTPException) as error:
                connection.close()
                if not used or isinstance(error, TimeoutError):
                    raise

    def _connection(self) -> tuple[Connection, bool]:
        process = os.getpid()
        with suppress(IndexError):
            while True:
                owner, connection = self._idle.pop()
                if owner == process:  # a parent's connection must not be used
                    return connection, True
        if self._tls is None:
            return Connection(self._address.place), False
        return SecureConnection(self._address.place, self._tls), False

    def _leave(self, connection: Connection, *, kept: bool) -> None:
        if kept and connection.sock is not None and len(self._idle) < _MOST_IDLE:
            self._idle.append((os.getpid(), connection))
        else:
            connection.close()

    def __del__(self) -> None:
        for _, connection in getattr(self, "_idle", ()):
            connection.close()

    def _redirected(self, target: str, location: str) -> str:
        """The path on this server. Raises `DownError` where it is missing, or on another server."""
        base = f"{self._address.scheme}://{self._address.place}"
        with suppress(ValueError):
            split = urlsplit(urljoin(base + target, location))
            if location and (split.scheme, split.netloc) == (
                self._address.scheme,
                self._address.place,
            ):
                return f"{split.path}?{split.query}" if split.query else split.path or "/"
        raise DownError("the store redirects to another server, which is not followed")


def _part(response: HTTPResponse, asked: tuple[int, int | None]) -> Part | None:
    """The bytes of the request's range; None for a 304. Raises the error of the status."""
    status = response.status
    if status not in (200, 206):
        response.read(_READ)  # so that the connection can be used again
    if status == 304:
        return None
    if status in _AGAIN:
        raise _AgainError
    if status in (404, 410):
        raise GoneError("there is no such object")
    if status == 412:
        raise ChangedError("the object was replaced")
    if status == 403:
        raise RefusedError("the store does not let this service read it")
    if status == 416:
        return _empty(response, asked[0])
    coded = response.getheader("Content-Encoding", "identity") != "identity"
    if status not in (200, 206) or coded:
        raise DownError("the store gives an unexpected answer")
    return _body(response, asked)


def _empty(response: HTTPResponse, start: int) -> Part:
    """A file without bytes has no ranges; one that is shorter than before is another."""
    if start:
        raise ChangedError("the object was replaced")
    if response.getheader("Content-Range", _NO_BYTES) != _NO_BYTES:
        raise DownError("the store gives an unexpected answer")
    return Part(_stat(response, 0), 0, memoryview(b""))


def _body(response: HTTPResponse, asked: tuple[int, int | None]) -> Part:
    """The bytes of the range, also from a server that ignores ranges and sends all of it."""
    start, stop = asked
    if response.status == 206:
        first, last, size = content_range(response.getheader("Content-Range", ""))
        if first != start:
            raise DownError("the store answers with another range")
        stop = min(size if stop is None else stop, last + 1)
    else:
        length = response.getheader("Content-Length", "")
        if not _LENGTH.fullmatch(length):
            raise DownError("the store does not tell how many bytes there are")
        size = int(length)
        stop = size if stop is None else min(stop, size)
        _fill(response, memoryview(bytearray(min(_READ, start))), start)
    data = memoryview(bytearray(max(0, stop - start)))
    _fill(response, data, len(data))
    return Part(_stat(response, size), start, data.toreadonly())


def _fill(response: HTTPResponse, buffer: memoryview, length: int) -> None:
    """Read the next `length` bytes; where the buffer is too small, the first of them are lost."""
    at = 0
    while at < length:
        place = at % len(buffer)
        room = min(len(buffer) - place, length - at, _READ)
        count = response.readinto(buffer[place : place + room])
        if not count:
            raise _AgainError
        at += count


def _stat(response: HTTPResponse, size: int) -> Stat:
    modified = None
    with suppress(TypeError, ValueError, OverflowError):
        when = parsedate_to_datetime(response.getheader("Last-Modified", ""))
        modified = max(0, int(when.timestamp())) or None
    return Stat(size, response.getheader("ETag"), modified)
