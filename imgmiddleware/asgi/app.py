"""Pictures alone, as an ASGI application to be mounted in another, or to be served by itself."""

from typing import Any, Unpack

from starlette.types import ASGIApp, Receive, Scope, Send

from imgmiddleware.asgi.middleware import ASGIImageMiddleware
from imgmiddleware.service import ImageService, mounted
from imgmiddleware.settings import Options
from imgmiddleware.sources import AsyncSourceLike


class ASGIImageApp:
    """An ASGI application that answers with pictures, and all other paths with a 404.

    >>> from starlette.applications import Starlette
    >>> app = Starlette()
    >>> app.mount("/image", ASGIImageApp("photos/", default="w=800"))

    `prefix` is "/" unless it is given: the path of the mount takes its place. `source` and
    `options` are those of `ASGIImageMiddleware`; an `ImageService` has its own `prefix`. Raises
    `ValueError` or `TypeError` that names the wrong option; `missing="pass"` is wrong too, as there
    is no application to pass to.
    """

    def __init__(
        self,
        source: AsyncSourceLike | ImageService,
        **options: Unpack[Options],
    ) -> None:
        self._images = _EveryPath(_else, source, **mounted(source, options))
        self.service = self._images.service
        """The service, for its `url` and `purge`: `url` takes the path of the mount, as `mount`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._images(scope, receive, send)


class _EveryPath(ASGIImageMiddleware):
    """The service answers on each path: with a 404 or the fallback where the path has no ID."""

    def __init__(self, app: ASGIApp, source: Any, **options: Unpack[Options]) -> None:
        super().__init__(app, source, **options)
        self._prefix = ""


async def _else(scope: Scope, receive: Receive, send: Send) -> None:
    """The events other than requests, in an application that has nothing but pictures."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})
    elif scope["type"] == "lifespan":
        await _live(receive, send)
    else:
        raise ValueError(f"a scope of type {scope['type']!r} is unknown to this application")


async def _live(receive: Receive, send: Send) -> None:
    """Nothing has to start or to stop."""
    for _ in range(2):
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
