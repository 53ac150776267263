"""What the soak's servers serve: a folder of originals, and a route of the application's own."""

from __future__ import annotations

import json
import os
from typing import Any

from benchmarks.soak_links import OWN
from imgmiddleware import ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware

_options: dict[str, Any] = json.loads(os.environ["SOAK_OPTIONS"])
_service = ImageService(os.environ["SOAK_PHOTOS"], **_options)


def _wsgi(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Length", str(len(OWN)))])
    return [OWN]


async def _asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":  # no lifespan is spoken of
        raise NotImplementedError
    length = [(b"content-length", str(len(OWN)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": OWN})


wsgi = WSGIImageMiddleware(_wsgi, _service)
asgi = ASGIImageMiddleware(_asgi, _service)
