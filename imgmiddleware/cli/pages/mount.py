"""An application below a path of its site, behind a proxy that cuts this path away or leaves it."""

from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send


def mount_of(scope: Scope) -> str:
    """The application's path, as links have it."""
    return quote(scope.get("root_path", ""))


class Below:
    """`app`, which learns from the scope that it stands below `path`: "/pictures".

    ASGI has the whole path in `path`, and its mount in `root_path`. A part that a proxy has cut
    away is put back, so that the application sees the same path either way.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path
        self._raw = quote(path).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = {**scope, "root_path": self._path}
            if not f"{scope['path']}/".startswith(f"{self._path}/"):
                scope["path"] = self._path + scope["path"]
                scope["raw_path"] = self._raw + (scope.get("raw_path") or b"")
        await self._app(scope, receive, send)
