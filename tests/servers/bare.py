"""The applications that are wrapped: each says what reached it, and knows nothing of pictures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    method, query = environ["REQUEST_METHOD"], environ["QUERY_STRING"]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    said = f"own: {method} {query} ".encode() + body
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(said)))])
    return [said]


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            assert (await receive())["type"] == f"lifespan.{phase}"
            await send({"type": f"lifespan.{phase}.complete"})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    said = f"own: {scope['method']} {scope['query_string'].decode()} ".encode() + body
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(said)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said})
