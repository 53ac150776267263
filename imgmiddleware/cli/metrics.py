"""`imgmiddleware serve --metrics PATH`: the metrics for Prometheus, beside the pictures."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from anyio import to_thread
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from imgmiddleware.asgi.scope import path_of
from imgmiddleware.cli.arguments import UsageError

#: The environment variable by which prometheus-client's processes know of each other.
_SHARED = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """`app`, but for one path, which shows the observer's counts."""

    def __init__(self, app: ASGIApp, path: str, observer: Any) -> None:
        self._app = app
        self._path = path
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or path_of(scope) != self._path:
            await self._app(scope, receive, send)
            return
        text = await to_thread.run_sync(self._text)
        headers = {"Content-Type": self._observer.content_type, "Cache-Control": "no-store"}
        await Response(text, headers=headers)(scope, receive, send)

    def _text(self) -> bytes:
        """The counts of all processes; uvicorn does not say which have ended."""
        from imgmiddleware.observing.prometheus import leave_out_ended  # noqa: PLC0415 - an extra

        leave_out_ended()
        text: bytes = self._observer.exposition()
        return text


def make_observer() -> Any:
    """The observer, which is an extra. Raises `UsageError` that says how to install it."""
    try:
        from imgmiddleware.observing.prometheus import PrometheusObserver  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UsageError(f"--metrics: {error}") from error
    return PrometheusObserver()


@contextmanager
def shared() -> Iterator[None]:
    """A folder in which processes started inside count together, unless there is one."""
    if os.environ.get(_SHARED):
        yield
        return
    with TemporaryDirectory(prefix="imgmiddleware-metrics-") as folder:
        os.environ[_SHARED] = folder
        try:
            yield
        finally:
            del os.environ[_SHARED]
