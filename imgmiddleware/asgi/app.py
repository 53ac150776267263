"""Pictures alone, as an ASGI application to be mounted in another, or to be served by itself."""

from typing import Any, Unpack

from starlette.types import ASGIApp, Receive, Scope, Send

from imgmiddleware.asgi.middleware import ASGIImageMiddleware
from imgmiddleware.service import ImageService, mounted
from imgmiddleware.settings import Options
from imgmiddleware.sources import AsyncSourceLike


class ASGIImageApp:
    """An ASGI application that answers with pictures, and with a 404 to all else.

    >>> from starlette.applications import Starlette
    >>> app = Starlette()
    >>> app.mount("/image", ASGIImageApp("photos/", default="w=800"))

    `prefix` is "/" unless it is given: the path of the mount takes its place. `source` and
    `options` are those of `ASGIImageMiddleware`; an `ImageService` has its own `prefix`. Raises
    `ValueError` or `TypeError` that names an option which is wrong: `missing="pass"` too, as there
    is nothing to pass to.
    """

    def __init__(
        self,
        source: AsyncSourceLike | ImageService,
        **options: Unpack[Options],
    ) -> None:
        self._images = _EveryPath(_else, source, **mounted(source, options))
        self.service = self._images.service
        """The service that answers, for its `url` and `purge`: `url` takes the path of the mount,
        as `mount`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._images(scope, receive, send)


class _EveryPath(ASGIImageMiddleware):
    """The service answers on each path: by a 404, and a fallback for it, where no ID can be."""

    def __init__(self, app: ASGIApp, source: Any, **options: Unpack[Options]) -> None:
        super().__init__(app, source, **options)
        self._prefix = ""


async def _else(scope: Scope, receive: Receive, send: Send) -> None:
    """What there is but requests in an application whose pictures are all that it has."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})
    elif scope["type"] == "lifespan":
        await _live(receive, send)
    else:
        raise ValueError(f"a scope of type {scope['type']!r} is not known here")


async def _live(receive: Receive, send: Send) -> None:
    """There is nothing to start or to stop."""
    for _ in range(2):
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
