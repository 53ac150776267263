"""Two small protocol drivers that return the same: status, headers (lower case, sorted), body."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, unquote_to_bytes
from wsgiref.validate import validator

from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware

Answer = tuple[int, list[tuple[str, str]], bytes]


def call_wsgi(
    app: Any,
    target: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    mount: str = "",
) -> Answer:
    """One request of `app` behind wsgiref's validator, as a server of PEP 3333 would make it."""
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": mount.encode().decode("latin-1"),
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "testserver",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in (headers or {}).items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    started: list[Any] = []

    def start_response(status: str, answered: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started[:] = [int(status.split(maxsplit=1)[0]), answered]
        return lambda data: None

    parts = validator(app)(environ, start_response)
    try:
        body = b"".join(parts)
    finally:
        parts.close()
    status, answered = started
    return status, sorted((name.lower(), value) for name, value in answered), body


def asgi_scope(
    target: str, method: str = "GET", headers: Mapping[str, str] | None = None, mount: str = ""
) -> dict[str, Any]:
    path, _, query = (mount + target).partition("?")
    fields = {"host": "testserver"} | {k.lower(): v for k, v in (headers or {}).items()}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": mount,
        "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in fields.items()],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }


def call_asgi(
    app: Any,
    target: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    mount: str = "",
) -> Answer:
    """One request of `app` with a client that stays connected."""
    sent: list[dict[str, Any]] = []

    async def run() -> None:
        requests = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, Any]:
            if requests:
                return requests.pop()
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await app(asgi_scope(target, method, headers, mount), receive, send)

    asyncio.run(run())
    assert sent[0]["type"] == "http.response.start"
    assert not sent[-1].get("more_body")
    answered = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in sent[0]["headers"]
    ]
    assert all(name == name.lower() for name, _ in answered)
    return sent[0]["status"], sorted(answered), b"".join(m.get("body", b"") for m in sent[1:])


def both(
    source: Any,
    target: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    mount: str = "",
    **options: Any,
) -> Answer:
    """The answer through both adapters, which must be equal; `source` may be a service to share."""
    wsgi = WSGIImageMiddleware(plain_wsgi, source, **options)
    asgi = ASGIImageMiddleware(plain_asgi, source, **options)
    answer = call_wsgi(wsgi, target, method, headers, mount)
    assert answer == call_asgi(asgi, target, method, headers, mount)
    return answer


def plain_wsgi(environ: Any, start_response: Any) -> list[bytes]:
    """The application behind the middleware, which tells the path that reached it."""
    body = f"app {environ['REQUEST_METHOD']} {environ['PATH_INFO']}".encode("latin-1")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


async def plain_asgi(scope: Any, receive: Any, send: Any) -> None:
    """The same, for ASGI."""
    path = scope["path"].removeprefix(scope["root_path"])
    body = f"app {scope['method']} {path}".encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
