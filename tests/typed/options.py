"""A type checker's view of options; mypy reads it (`tox -e lint`), and it never runs.

An `ignore` that is not needed is an error: so each of these lines must be one that is complained of.
"""

from __future__ import annotations

from typing import Unpack
from uuid import UUID

from starlette.applications import Starlette

from imgmiddleware import ImageRequest, ImageService, Options, Settings
from imgmiddleware.asgi import ASGIImageApp, ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageApp, WSGIImageMiddleware

app = Starlette()
ImageService("photos/", max_age=60, widths=[320, 640], id_type=int, original_formats={"jpeg"})
ImageService("photos/", id_type=UUID)
Settings(max_agee=60)  # type: ignore[call-arg]
ImageService("photos/", id_type=float)  # type: ignore[arg-type]
ImageService("photos/", max_agee=60)  # type: ignore[call-arg]
ImageService("photos/", max_age="60")  # type: ignore[arg-type]
ASGIImageMiddleware(app, "photos/", missing="pass", max_wait=5)
ASGIImageMiddleware(app, "photos/", missing="500")  # type: ignore[arg-type]
app.add_middleware(ASGIImageMiddleware, source="photos/", default="w=800")
app.add_middleware(ASGIImageMiddleware, source="photos/", defualt="w=800")  # type: ignore[call-arg]


def wrapped(application: WSGIImageMiddleware, **options: Unpack[Options]) -> WSGIImageMiddleware:
    WSGIImageMiddleware(application, "photos/", prefx="/thumbs/")  # type: ignore[call-arg]
    Settings(**options)
    return WSGIImageMiddleware(application, "photos/", **options)


async def allowed(request: ImageRequest) -> bool:
    return bool(request.id == "cat.jpg")


ASGIImageMiddleware(app, "photos/", authorize=allowed, private=True)
ASGIImageMiddleware(app, "photos/", authorize=lambda request: request.context is not None)
ASGIImageMiddleware(app, "photos/", authorize=lambda: True)  # type: ignore[arg-type]
app.mount("/image", ASGIImageApp("photos/", authorize=allowed))
ASGIImageApp(app, "photos/")  # type: ignore[call-arg, arg-type]
WSGIImageApp("photos/", prefx="/thumbs/")  # type: ignore[call-arg]
