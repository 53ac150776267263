"""A server that has to end in the middle of a render: its client's answer, and its remains."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

import parts
from imgmiddleware import ImageRequest, ImageService
from servers import processes
from servers.client import Answer, ask
from servers.processes import Command, running

WSGI, ASGI = "shutdown_app:wsgi", "shutdown_app:asgi"


def gunicorn(worker: str) -> Command:
    def command(port: int, folder: Path) -> list[str]:
        if worker == "gevent":
            parts.module("gevent")
        options = [*processes.gunicorn_options(port), "--worker-class", worker]
        return [processes.program("gunicorn"), *options, "--threads", "2", WSGI]

    return command


@dataclass(frozen=True)
class Server:
    command: Command
    #: Whether a request under way is answered. Else its connection is closed without a byte.
    finishes: bool = True


SERVERS = {
    "gunicorn-sync": Server(gunicorn("sync")),
    "gunicorn-gthread": Server(gunicorn("gthread")),
    "gunicorn-gevent": Server(gunicorn("gevent")),
    "uvicorn": Server(processes.uvicorn("httptools", ASGI)),
    "granian-wsgi": Server(processes.granian("wsgi", WSGI)),
    "granian-asgi": Server(processes.granian("asgi", ASGI)),
    # `--die-on-term` ends it at once; by itself a SIGTERM reloads it.
    "uwsgi": Server(processes.uwsgi(WSGI), finishes=False),
}


def until(condition: Callable[[], object], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def asked(port: int) -> Answer | None:
    try:
        return ask(port, "/image/cat.jpg?w=300&fm=png")
    except (OSError, AssertionError):  # reset, or closed without a whole head
        return None


def group(id: int) -> bool:
    """Whether a process of the group is left."""
    try:
        os.killpg(id, 0)
    except ProcessLookupError:
        return False
    return True


def made_by_the_next(photos: Path, cache: Path) -> bytes:
    """The answers of the next process from this folder: at once, whatever the last had begun."""
    service = ImageService(photos, cache_dir=cache, max_wait=1)
    answer = service.handle(ImageRequest("GET", "/image/cat.jpg", "w=300&fm=png"))
    assert answer is not None
    assert answer.status == 200
    assert isinstance(answer.body, bytes)
    return answer.body


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS.keys())
def test_it_ends_in_the_middle_of_a_render(server: Server, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    environment = {
        "IMGMIDDLEWARE_TEST_PHOTOS": str(photos),
        "IMGMIDDLEWARE_TEST_FOLDER": str(tmp_path),
        "TMPDIR": str(tmp_path / "tmp"),
    }
    with (
        running(server.command, tmp_path / "server", environment) as started,
        ThreadPoolExecutor(1) as client,
    ):
        answering = client.submit(asked, started.port)
        until((tmp_path / "begun").exists)
        started.process.terminate()
        threading.Timer(1, (tmp_path / "release").touch).start()
        answer = answering.result(60)
        started.process.wait(40)
        until(lambda: not group(started.process.pid))
    assert (answer is not None) is server.finishes, started.output
    again = made_by_the_next(photos, tmp_path / "cache")
    if answer is not None:
        assert (answer.status, answer.body) == (200, again)
    assert os.listdir(tmp_path / "tmp") == []
    assert os.listdir(tmp_path / "cache" / "claims") == []
    assert len(list((tmp_path / "cache").glob("*/bodies/*"))) == 1
