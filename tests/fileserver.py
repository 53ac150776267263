"""A server of files on loopback, which behaves as a store does, and as one should not."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit


class FileServer:
    """`files` by path, with ranges and conditions as RFC 9110 has them; `asked` are its requests.

    `before` is called with each request, and may answer it with a status, headers and a body.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.before: Callable[[str], tuple[int, dict[str, str], bytes] | None] = lambda path: None
        self.ranges = self.etags = self.dated = True
        self.weak = False
        self.seconds = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet
            disable_nagle_algorithm = True

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                path = unquote(urlsplit(self.path).path)
                outer.asked.append((self.command, self.path, dict(self.headers)))
                status, headers, body = outer.before(path) or outer._answer(path, self.headers)
                time.sleep(outer.seconds)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:  # clients hang up
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.place = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.place}/photos"

    def _answer(self, path: str, asked: Any) -> tuple[int, dict[str, str], bytes]:
        name = path.removeprefix("/photos/")
        if name not in self.files:
            return 404, {}, b""
        data = self.files[name]
        etag = f'"{hashlib.md5(data).hexdigest()}"'
        etag = f"W/{etag}" if self.weak else etag
        headers = {"ETag": etag} if self.etags else {}
        if self.dated:
            headers["Last-Modified"] = "Sun, 06 Nov 1994 08:49:37 GMT"
        if self.etags and asked.get("If-None-Match") == etag:
            return 304, headers, b""
        if asked.get("If-Match") not in (None, etag) or (self.weak and asked.get("If-Match")):
            return 412, headers, b""
        if not (self.ranges and "Range" in asked):
            return 200, headers, data
        first, last = asked["Range"].removeprefix("bytes=").split("-")
        start, stop = int(first), min(int(last or len(data)) + 1, len(data))
        if start >= len(data):
            return 416, headers | {"Content-Range": f"bytes */{len(data)}"}, b""
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
        return 206, headers, data[start:stop]

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
