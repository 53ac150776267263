"""Translation between ASGI and the service: a scope becomes a request, an answer is sent."""

import os
from functools import lru_cache

from anyio import to_thread
from starlette.types import Scope, Send

from imgmiddleware.asgi.threads import LoopThreads
from imgmiddleware.messages import FileBody, ImageRequest, ImageResponse


def path_of(scope: Scope) -> str:
    """The path without the mount, which ASGI leaves in `path`. A mount ends before a slash."""
    path: str = scope["path"]
    mount: str = scope.get("root_path", "")
    if not mount:
        return path
    rest = _below(mount, path)
    if rest is None:
        # A proxy has cut away the path above the application; the part that Starlette has mounted
        # is left.
        rest = _below(mount.removeprefix(scope.get("app_root_path", "")), path)
    return path if rest is None else rest


def _below(mount: str, path: str) -> str | None:
    end = len(mount)
    return path[end:] if path.startswith(mount) and path[end : end + 1] in ("", "/") else None


def read(scope: Scope) -> ImageRequest:
    """The request that a server or a framework has put into `scope`."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    headers = dict(pairs)
    if len(headers) < len(pairs):
        headers = _joined(pairs)
    return ImageRequest(
        method=scope["method"],
        path=path_of(scope),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        scheme=scope.get("scheme", "http"),
        host=headers.get("host", ""),
        mount=scope.get("root_path", ""),
        sends_files=sends_paths(scope),
        raw_path=(scope.get("raw_path") or b"").decode("latin-1"),
        context=scope,
    )


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """The headers, where some came twice: all values of each, joined (RFC 9113, section 8.2.3)."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        joint = "; " if name == "cookie" else ", "
        headers[name] = headers[name] + joint + value if name in headers else value
    return headers


def sends_paths(scope: Scope) -> bool:
    """Whether the server sends a file by its path (Path Send)."""
    return "http.response.pathsend" in (scope.get("extensions") or {})


def _text(path: str | None) -> str | None:
    """The path in characters, as a server outside of Python takes it, whatever the locale."""
    if path is None or path.isascii():
        return path
    try:
        return os.fsencode(path).decode()
    except UnicodeDecodeError:
        return None


def fields(headers: tuple[tuple[str, str], ...]) -> list[tuple[bytes, bytes]]:
    """The headers as ASGI has them: encoded, their names in lower case."""
    if headers[-1][0] == "Server-Timing":  # another each time, and always the last
        return [*_encoded(headers[:-1]), *_encoded.__wrapped__(headers[-1:])]
    return [*_encoded(headers)]


@lru_cache(maxsize=1024)  # equal answers repeat
def _encoded(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
    )


async def send_response(
    response: ImageResponse,
    scope: Scope,
    send: Send,
    threads: LoopThreads | None = None,
) -> None:
    """Send it, and close it."""
    head = {"type": "http.response.start", "status": response.status}
    try:
        await send({**head, "headers": fields(response.headers)})
        await send_body(response.body, scope, send, threads)
    finally:
        response.close()


async def send_body(
    body: bytes | FileBody, scope: Scope, send: Send, threads: LoopThreads | None = None
) -> None:
    """Send the bytes, or have the server send the file (Path Send), or send pieces that `threads`
    read.

    A file whose path takes the disk to be found has been `named` by now. The caller closes the
    body.
    """
    if not isinstance(body, FileBody):
        await send({"type": "http.response.body", "body": body})
        return
    path = _text(body.path()) if sends_paths(scope) and body.whole else None
    if path is not None:
        await send({"type": "http.response.pathsend", "path": path})
        return
    limiter = None if threads is None else threads.limiter()
    pieces, left = body.pieces(), len(body)
    while left:
        piece = await to_thread.run_sync(next, pieces, limiter=limiter)
        left -= len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
