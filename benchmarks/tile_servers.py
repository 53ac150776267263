"""The two servers of bench_tiles: each one process behind an nginx of its own, on one processor."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.servers import processor_seconds, running

#: What the two servers in front take by themselves: a tile that was made before.
BARE = "a bare application"
IIPIMAGE = "/usr/lib/iipimage-server/iipsrv.fcgi"

_NGINX = """daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    upstream behind {{ server 127.0.0.1:{behind}; keepalive 4; }}
    server {{ listen 127.0.0.1:{port}; location / {{ {passed} }} }}
}}
"""
_FASTCGI = "fastcgi_pass behind; fastcgi_keep_conn on; include /etc/nginx/fastcgi_params;"
_UWSGI = "uwsgi_pass behind; include /etc/nginx/uwsgi_params;"


_OURS = "/image/{name}?rect={left},{top},{side},{side}&w=256&q=75&fm=jpg"


@dataclass(frozen=True)
class Peer:
    """A server that listens; `path` has `{name}`, `{left}`, `{top}` and `{side}`, in pixels."""

    path: str
    port: int
    pids: tuple[int, ...]

    @property
    def seconds(self) -> float:
        """Of processor time, of all its processes, since they began."""
        return sum(processor_seconds(pid) for pid in self.pids)

    def connected(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def get(connection: socket.socket, path: str) -> bytes:
    """The body of an answer, which must be a 200."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(2**16)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head + body
    lowered = head.lower()
    if b"content-length:" in lowered:
        length = int(lowered.partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(2**16)
        return body
    while not body.endswith(b"\r\n0\r\n\r\n"):
        body += connection.recv(2**16)
    return _unchunked(body)


def _unchunked(body: bytes) -> bytes:
    parts = []
    while size := int(body.partition(b"\r\n")[0], 16):
        start = body.index(b"\r\n") + 2
        parts.append(body[start : start + size])
        body = body[start + size + 2 :]
    return b"".join(parts)


def _pinned(*command: str) -> list[str]:
    """To the first processor; the client has the others."""
    return ["taskset", "-c", "0", *command]


def _uwsgi(port: int, app: str = "ours") -> list[str]:
    beside = shutil.which("uwsgi", path=str(Path(sys.executable).parent)) or shutil.which("uwsgi")
    assert beside, "uWSGI is missing: pip install uWSGI"
    return _pinned(
        beside, "--socket", f"127.0.0.1:{port}", "--module", f"benchmarks.tile_servers:{app}()",
        "--processes", "1", "--disable-logging", "--need-app", "--die-on-term",
    )  # fmt: skip


def _nginx(folder: Path, behind: int, passed: str, port: int) -> list[str]:
    configuration = folder / "nginx.conf"
    text = _NGINX.format(folder=folder, behind=behind, port=port, passed=passed)
    configuration.write_text(text)
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    return _pinned(nginx, "-c", str(configuration), "-p", str(folder), "-e", f"{folder}/log")


@contextmanager
def peers(originals: Path, folder: Path) -> Iterator[dict[str, Peer]]:
    """Both, over the originals of a folder."""
    iip = {
        "FILESYSTEM_PREFIX": f"{originals}/", "MAX_IMAGE_CACHE_SIZE": "0", "VERBOSITY": "0",
        "LOGFILE": str(folder / "iip.log"), "URI_MAP": "iiif=>IIIF", "JPEG_QUALITY": "75",
    }  # fmt: skip
    here = {"TILES_FOLDER": str(originals)}
    ways = {
        "here": (_uwsgi, here, _UWSGI, _OURS),
        "here, stored_tiles=True": (_uwsgi, {**here, "TILES_STORED": "1"}, _UWSGI, _OURS),
        BARE: (partial(_uwsgi, app="bare"), {}, _UWSGI, _OURS),
        "IIPImage": (
            lambda port: _pinned(IIPIMAGE, "--bind", f"127.0.0.1:{port}"), iip, _FASTCGI,
            "/iiif/{name}/{left},{top},{side},{side}/256,256/0/default.jpg",
        ),
    }  # fmt: skip
    found = {}
    with ExitStack() as stack:
        for name, (command, environment, passed, path) in ways.items():
            own = folder / f"nginx-{len(found)}"
            own.mkdir()
            behind, pid = stack.enter_context(running(command, environment))
            front = partial(_nginx, own, behind, passed)
            port, nginx = stack.enter_context(running(front))
            found[name] = Peer(path, port, (pid, nginx))
        yield found


def ours() -> object:
    """The application: nothing is kept but what is known of a file's directories."""
    from imgmiddleware.wsgi import WSGIImageApp  # noqa: PLC0415

    return WSGIImageApp(
        os.environ["TILES_FOLDER"],
        prefix="/image/",
        stored_tiles="TILES_STORED" in os.environ,
        cache_bytes=0,
        decoded_bytes=0,
        recheck=0,
    )


def bare() -> Callable[[object, Callable[[str, list[tuple[str, str]]], object]], list[bytes]]:
    pixels = np.random.default_rng(1).integers(0, 256, (24, 24, 3), np.uint8)
    body = cv2.imencode(".jpg", cv2.resize(pixels, (256, 256)))[1].tobytes()
    head = [("Content-Type", "image/jpeg"), ("Content-Length", str(len(body)))]

    def application(
        _: object, start_response: Callable[[str, list[tuple[str, str]]], object]
    ) -> list[bytes]:
        start_response("200 OK", head)
        return [body]

    return application
