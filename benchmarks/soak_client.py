"""A client of the soak: it asks, as browsers and viewers do, and has each answer judged."""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.soak_links import Link

#: Seconds. Nobody is to be without an answer for longer.
PATIENCE = 60
#: How many of those who have a picture ask for it again, in other ways; and how many hang up.
_AGAIN, _HANG_UP = 0.35, 0.01


@dataclass(frozen=True)
class Asked:
    """A request, and what came of it. Times are of `time.monotonic`; no `status`: nothing came."""

    link: Link
    method: str
    headers: dict[str, str]
    began: float
    ended: float
    status: int = 0
    got: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""


Judge = Callable[[Asked, "Asked | None"], None]


class Client:
    """One of them, with a connection that it uses again. `judge` is given each answer."""

    def __init__(self, port: int, judge: Judge, chance: random.Random) -> None:
        self._port, self._judge, self._chance = port, judge, chance
        self._connection: http.client.HTTPConnection | None = None

    def run(self, following: Callable[[random.Random], Link], stop: threading.Event) -> None:
        while not stop.is_set():
            link = following(self._chance)
            if self._chance.random() < _HANG_UP:
                self._hang_up(link)
                continue
            answer = self._asked(link, link.method, {})
            self._judge(answer, None)
            if answer.status == 503:
                stop.wait(self._chance.uniform(0.2, 1))
            elif answer.status == 200 and link.media and self._chance.random() < _AGAIN:
                self._again(answer)
        self._close()

    def answers(self, link: Link) -> bool:
        """Whether there is an answer, on a connection of its own."""
        self._close()
        return bool(self._tried(link, "GET", {}).status)

    def _again(self, whole: Asked) -> None:
        """The same picture once more: whether it is another, a part of it, or its head."""
        etag, length = whole.got.get("etag", ""), len(whole.body)
        start = self._chance.randrange(length)
        stop = self._chance.randint(start, length - 1)
        method, headers = self._chance.choice(
            [
                ("GET", {"If-None-Match": etag}),
                ("GET", {"If-None-Match": f'W/"other", {etag}'}),
                ("GET", {"Range": f"bytes={start}-{stop}", "If-Range": etag}),
                ("GET", {"Range": f"bytes=-{length - start}", "If-Range": etag}),
                ("GET", {"Range": f"bytes={length}-", "If-Range": etag}),
                ("HEAD", {}),
                ("HEAD", {"If-None-Match": etag}),
            ]
        )
        self._judge(self._asked(whole.link, method, headers), whole)

    def _asked(self, link: Link, method: str, headers: dict[str, str]) -> Asked:
        """Of a connection that was used before the server may have tired: then once more."""
        used = self._connection is not None
        answer = self._tried(link, method, headers)
        if answer.error and used:
            answer = self._tried(link, method, headers)
        return answer

    def _tried(self, link: Link, method: str, headers: dict[str, str]) -> Asked:
        began = time.monotonic()
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, PATIENCE)
            sent = {"Accept": link.accept, **headers}
            self._connection.request(method, link.target, headers=sent)
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._close()
            told = f"{type(error).__name__}: {error}"
            return Asked(link, method, headers, began, time.monotonic(), error=told)
        got = {name.lower(): value for name, value in answer.getheaders()}
        if answer.will_close or self._chance.random() < 0.1:
            self._close()
        return Asked(link, method, headers, began, time.monotonic(), answer.status, got, body)

    def _hang_up(self, link: Link) -> None:
        """Ask, and be gone before there is an answer, or in the middle of it."""
        request = f"GET {link.target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE) as gone:
                gone.sendall(request)
                time.sleep(self._chance.uniform(0, 0.3))
        except OSError:
            pass  # whoever was there was killed

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
