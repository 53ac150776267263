"""Real servers, which fork, preload and have greenlets: pictures are there, and no worker stays."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import parts
from asking import get
from imgmiddleware import ImageService
from pictures import photo_like, saved

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc")
HERE = Path(__file__).parent


def gunicorn(*more: str) -> Callable[[int, Path], list[str]]:
    return lambda port, photos: [
        *(parts.program("gunicorn"), *more, "--bind", f"127.0.0.1:{port}"),
        *("--chdir", str(HERE), "isolated_app:application"),
    ]


def of_the_command_line(port: int, photos: Path) -> list[str]:
    parts.module("uvicorn")
    given = "serve", str(photos), "--isolate", "--no-cache-dir", "--port", str(port)
    return [sys.executable, "-m", "imgmiddleware", *given]


def gevent(port: int, photos: Path) -> list[str]:
    parts.module("gevent")
    return gunicorn("-k", "gevent")(port, photos)


@contextmanager
def running(command: Callable[[int, Path], list[str]], photos: Path) -> Iterator[tuple[int, int]]:
    """The port and the number of a server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "IMGMIDDLEWARE_PHOTOS": str(photos)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    server = subprocess.Popen(
        command(port, photos), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(30)


def fetched(port: int, query: str) -> bytes:
    """Asked for again until the server listens."""
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/image/a.png?{query}") as answer:
                body: bytes = answer.read()
                return body
        except ConnectionError as error:
            failed = error
        except OSError as error:
            if not isinstance(error.__cause__ or getattr(error, "reason", None), ConnectionError):
                raise
            failed = error
        if time.monotonic() > until:
            raise failed
        time.sleep(0.1)


def descendants(pid: int) -> set[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found |= {child} | descendants(child)
    return found


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(gunicorn("--preload", "--workers", "2"), id="gunicorn, preloaded"),
        pytest.param(gunicorn("-k", "gthread", "--threads", "4"), id="gunicorn, threads"),
        pytest.param(gevent, id="gunicorn, gevent"),
        pytest.param(of_the_command_line, id="serve --isolate"),
    ],
)
def test_a_server(command: Callable[[int, Path], list[str]], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(saved(photo_like(90, 60), "png"))
    here = ImageService(tmp_path)
    with running(command, tmp_path) as (port, server):
        for width in range(10, 16):
            expected = get(here, f"w={width}&fm=png", "a.png").read()
            assert fetched(port, f"w={width}&fm=png") == expected
        workers = [
            pid
            for pid in descendants(server)
            if b"imgmiddleware.service.isolated.worker" in _line(pid)
        ]
        assert workers
    until = time.monotonic() + 20
    while any(map(_line, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(_line, workers))


def _line(pid: int) -> bytes:
    """The command line; empty of one that is dead."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
