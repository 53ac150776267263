"""The ASGI adapter: it translates, and decides nothing. The loop never runs pixels or disk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
from anyio import from_thread, to_thread
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from imgmiddleware.flight import ClientGoneError
from imgmiddleware.messages import FileBody, ImageRequest, ImageResponse
from imgmiddleware.service import ImageService, as_service
from imgmiddleware.sources import SourceLike
from imgmiddleware.sources.function import is_async

#: Threads for answers that need no pixels, whatever is rendered or waits to be.
_SPARE_THREADS = 16


class ASGIImageMiddleware:
    """Answers `/image/<ID>`; all else, lifespan and websocket included, goes to `app` untouched.

    `source` is a directory, a function `id -> path | bytes | numpy array | None` (async or not), a
    `Source`, or an `ImageService` to share; the options are those of `Settings`.
    """

    def __init__(self, app: ASGIApp, source: SourceLike | ImageService, **options: Any) -> None:
        self.app = app
        self.service = as_service(_on_loop(source) if is_async(source) else source, options)
        self._prefix = self.service.prefix
        # Threads that wait for a slot are cheap, and the service bounds their number.
        settings = self.service.settings
        self._threads = anyio.CapacityLimiter(
            settings.slots + settings.max_waiting + _SPARE_THREADS
        )
        # Looking for a disconnect takes messages that would be missing if the request went on.
        self._watches = settings.missing != "pass"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Most requests are not ours: the cheapest test comes first, and finds a mount's path too.
        if (
            scope["type"] != "http"
            or self._prefix not in scope["path"]
            or not _path(scope).startswith(self._prefix)
        ):
            await self.app(scope, receive, send)
            return
        request = _read(scope)
        response = self.service.ready(request)
        if response is not None:  # in memory: a thread would cost two thirds of the throughput
            await _written(response)(scope, receive, send)
            return
        handle = partial(self.service.handle, request)
        try:
            if self._watches:
                response = await self._watching(handle, receive)
            else:
                response = await to_thread.run_sync(handle, limiter=self._threads)
        except ClientGoneError:
            return
        if response is None:
            await self.app(scope, receive, send)
        elif isinstance(response.body, FileBody):
            await self._send_file(response, response.body, scope, send)
        else:
            await _written(response)(scope, receive, send)

    async def _send_file(
        self, response: ImageResponse, body: FileBody, scope: Scope, send: Send
    ) -> None:
        """By the server, where it can (ASGI's Path Send); else in pieces that a thread reads."""
        head = {"type": "http.response.start", "status": response.status}
        await send({**head, "headers": _raw(response)})
        pathsend = "http.response.pathsend" in (scope.get("extensions") or {})
        try:
            path = body.path() if pathsend and body.whole else None
            if path is not None:
                await send({"type": "http.response.pathsend", "path": path})
                return
            pieces, left = iter(body), len(body)
            while left:
                piece = await to_thread.run_sync(next, pieces, limiter=self._threads)
                left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
        finally:
            body.close()

    async def _watching(
        self, handle: Callable[..., ImageResponse | None], receive: Receive
    ) -> ImageResponse | None:
        """Run `handle` in a thread, told as soon as the client has gone."""
        gone = threading.Event()
        failure: Exception | None = None
        response: ImageResponse | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_watch, receive, gone, tasks.cancel_scope)
            try:
                response = await to_thread.run_sync(handle, gone.is_set, limiter=self._threads)
            except Exception as error:  # noqa: BLE001 - raised below, not inside of a group
                failure = error
            tasks.cancel_scope.cancel()
        if gone.is_set():
            raise ClientGoneError
        if failure is not None:
            raise failure
        return response


async def _watch(receive: Receive, gone: threading.Event, waiting: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()
    waiting.cancel()


def _on_loop(function: Any) -> Callable[[Any], Any]:
    """An async function as a plain one, for threads: it runs on the loop that sent them."""
    return partial(from_thread.run, function)


def _path(scope: Scope) -> str:
    """The path without the mount, which ASGI keeps in `path`; a mount ends at a slash."""
    path: str = scope["path"]
    mount: str = scope.get("root_path", "")
    if mount and path.startswith(mount) and path[len(mount) : len(mount) + 1] == "/":
        return path[len(mount) :]
    return path


def _read(scope: Scope) -> ImageRequest:
    connection = HTTPConnection(scope)
    headers: dict[str, str] = {}
    for name, value in connection.headers.items():
        joint = "; " if name == "cookie" else ", "  # RFC 6265 and 9113, section 8.2.3
        headers[name] = headers[name] + joint + value if name in headers else value
    return ImageRequest(
        method=scope["method"],
        path=_path(scope),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        scheme=scope.get("scheme", "http"),
        host=headers.get("host", ""),
        mount=scope.get("root_path", ""),
    )


def _written(response: ImageResponse) -> Response:
    written = Response(response.body, response.status)
    written.raw_headers = _raw(response)
    return written


def _raw(response: ImageResponse) -> list[tuple[bytes, bytes]]:
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers
    ]
