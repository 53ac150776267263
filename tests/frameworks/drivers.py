"""Requests through one application, as a server would send them: exact, and without a server.

More than `tests/drivers.py` has, for the sake of the frameworks: requests with bodies, a lifespan
around all of them, and headers in the order sent.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.util import setup_testing_defaults


@dataclass(frozen=True)
class Answer:
    """Header names are lower case; their order is the application's."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        (value,) = (value for key, value in self.headers if key == name)
        return value


class WSGIDriver:
    def __init__(self, app: Any) -> None:
        self._app = app

    def __enter__(self) -> WSGIDriver:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def ask(
        self,
        target: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "text/plain",
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.input": io.BytesIO(body),
            **{f"HTTP_{k.upper().replace('-', '_')}": v for k, v in (headers or {}).items()},
        }
        setup_testing_defaults(environ)
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
            started.append((status, headers))
            return None

        chunks = self._app(environ, start_response)
        try:
            sent = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        status, sent_headers = started[-1]
        return Answer(int(status[:3]), tuple((k.lower(), v) for k, v in sent_headers), sent)


class ASGIDriver:
    """A context: the application's lifespan runs from its start to its end, where it has one."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __enter__(self) -> ASGIDriver:
        self._runner = asyncio.Runner()
        self._runner.run(self._start())
        return self

    def __exit__(self, *exc: object) -> None:
        self._runner.run(self._stop())
        self._runner.close()

    def ask(
        self,
        target: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        path, _, query = target.partition("?")
        sent = {"host": "127.0.0.1", "content-length": str(len(body)), **(headers or {})}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote_to_bytes(path).decode(),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in sent.items()],
            "client": ("127.0.0.1", 40000),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
        return self._runner.run(self._asked(scope, body))

    async def _asked(self, scope: dict[str, Any], body: bytes) -> Answer:
        ended = asyncio.Event()
        requests = [{"type": "http.request", "body": body, "more_body": False}]
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if requests:
                return requests.pop()
            await ended.wait()  # a client that is still there sends nothing more
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            messages.append(dict(message))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended.set()

        await asyncio.wait_for(self._app(scope, receive, send), 30)
        start, *parts = messages
        assert start["type"] == "http.response.start"
        return Answer(
            start["status"],
            tuple((k.decode().lower(), v.decode("latin-1")) for k, v in start["headers"]),
            b"".join(part.get("body", b"") for part in parts),
        )

    async def _start(self) -> None:
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        self._lifespan = asyncio.ensure_future(
            self._app(scope, self._to_app.get, self._from_app.put)
        )
        # An application that refuses the scope has no lifespan, says the specification.
        self.has_lifespan = await self._told("startup")

    async def _stop(self) -> None:
        if self.has_lifespan:
            assert await self._told("shutdown")
            await asyncio.wait_for(self._lifespan, 30)

    async def _told(self, what: str) -> bool:
        await self._to_app.put({"type": f"lifespan.{what}"})
        reply = asyncio.ensure_future(self._from_app.get())
        await asyncio.wait({reply, self._lifespan}, return_when="FIRST_COMPLETED", timeout=30)
        if not reply.done():
            reply.cancel()
            assert self._lifespan.exception() is not None
            return False
        assert reply.result()["type"] == f"lifespan.{what}.complete"
        return True
