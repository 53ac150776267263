"""The two middlewares over a bucket, as one line of an application; the process says which one it is."""

import os
from typing import Any

from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware

ADDRESS = os.environ["STORE_ADDRESS"]


def told(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]


async def told_as_asgi(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


application = WSGIImageMiddleware(told, ADDRESS, recheck=0.0, cache_bytes=0)
asgi = ASGIImageMiddleware(told_as_asgi, ADDRESS, recheck=0.0, cache_bytes=0)
