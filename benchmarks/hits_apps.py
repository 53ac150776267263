"""What bench_hits serves: one picture, in each of the ways that are compared.

The folder HITS_FOLDER has `photo.jpg`, the original; `static/hit.jpg`, the bytes of the result; and
`.cache`, which this fills.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from servestatic import ServeStatic, ServeStaticASGI
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from whitenoise import WhiteNoise

from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware

FOLDER = Path(os.environ.get("HITS_FOLDER", "."))
STATIC = FOLDER / "static"
BODY = (STATIC / "hit.jpg").read_bytes() if STATIC.is_dir() else b""

_MEMORY: dict[str, Any] = {}
_DISK: dict[str, Any] = {"cache_dir": FOLDER / ".cache", "cache_bytes": 0}


#: What an answer of ours has beside its type and length.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Accept-Ranges": "bytes",
    "ETag": '"BqGweLS68xyVR0G8oXdchg"',
    "Cache-Control": "public, max-age=300",
    "Last-Modified": "Sun, 29 Nov 2026 13:21:09 GMT",
    "Content-Disposition": 'inline; filename="photo.jpg"',
}


async def _bare_asgi(scope: Any, receive: Any, send: Any) -> None:
    await Response(BODY, media_type="image/jpeg")(scope, receive, send)


def _bare_wsgi(environ: Any, start_response: Any) -> list[bytes]:
    headers = [("Content-Type", "image/jpeg"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)
    return [BODY]


async def _headers_asgi(scope: Any, receive: Any, send: Any) -> None:
    await Response(BODY, headers=_HEADERS, media_type="image/jpeg")(scope, receive, send)


bare_asgi = _bare_asgi
headers_asgi = _headers_asgi
bare_wsgi = _bare_wsgi
memory_asgi = ASGIImageMiddleware(_bare_asgi, FOLDER, **_MEMORY)
memory_wsgi = WSGIImageMiddleware(_bare_wsgi, FOLDER, **_MEMORY)
disk_asgi = ASGIImageMiddleware(_bare_asgi, FOLDER, **_DISK)
disk_wsgi = WSGIImageMiddleware(_bare_wsgi, FOLDER, **_DISK)
starlette_asgi = Starlette(
    routes=[
        Route("/bare", lambda request: Response(BODY, media_type="image/jpeg")),
        Mount("/static", StaticFiles(directory=STATIC, check_dir=False)),
    ]
)
whitenoise_wsgi = WhiteNoise(_bare_wsgi, root=STATIC, prefix="static/")
servestatic_wsgi = ServeStatic(_bare_wsgi, root=STATIC, prefix="static/")
servestatic_asgi = ServeStaticASGI(_bare_asgi, root=STATIC, prefix="static/")
