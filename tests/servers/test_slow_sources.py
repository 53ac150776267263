"""Thirty requests for originals that hang, of servers with eight threads: hits are answered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from servers import processes
from servers.client import Answer, ask
from servers.processes import Command, running

SLOW = 30
#: Seconds: half of the time of a source that holds them up.
SOON = 20


def preloading(port: int, folder: Path) -> list[str]:
    options = [*processes.gunicorn_options(port), "--preload", "--threads", "8"]
    return [processes.program("gunicorn"), *options, "slow_app:wsgi"]


def uwsgi(port: int, folder: Path) -> list[str]:
    command = processes.uwsgi("slow_app:wsgi")(port, folder)
    command[command.index("--threads") + 1] = "8"
    return command


def granian_wsgi(port: int, folder: Path) -> list[str]:
    return [*processes.granian("wsgi", "slow_app:wsgi")(port, folder), "--blocking-threads", "8"]


SERVERS: dict[str, Command] = {
    "gunicorn": preloading,
    "uwsgi": uwsgi,
    "granian-wsgi": granian_wsgi,
    "granian-asgi": processes.granian("asgi", "slow_app:asgi"),
    "uvicorn": processes.uvicorn("httptools", "slow_app:asgi"),
}


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def refused(asked: list[Future[Answer]]) -> int:
    """How many were told to come back."""
    codes = [json.loads(each.result().body)["code"] for each in asked if each.done()]
    assert set(codes) <= {"busy"}
    return len(codes)


@pytest.mark.parametrize("command", SERVERS.values(), ids=SERVERS.keys())
def test_hits_do_not_wait_for_slow_originals(command: Command, tmp_path: Path) -> None:
    environment = {"IMGMIDDLEWARE_TEST_FOLDER": str(tmp_path)}
    with running(command, tmp_path / "server", environment) as server:
        made = ask(server.port, "/image/quick?w=30&fm=png")
        assert made.status == 200
        with ThreadPoolExecutor(SLOW) as clients:
            asked = [
                clients.submit(ask, server.port, f"/image/slow{number}") for number in range(SLOW)
            ]
            try:
                began = time.monotonic()
                for _ in range(20):
                    hit = ask(server.port, "/image/quick?w=30&fm=png")
                    assert (hit.status, hit.body) == (200, made.body)
                assert time.monotonic() - began < SOON
                assert ask(server.port, "/other").body == b"own: GET  "
                # One in a thread of the server, four behind the bulkhead.
                until(lambda: refused(asked) >= SLOW - 5)
                assert not all(each.done() for each in asked)
            finally:
                (tmp_path / "release").touch()
            assert [each.result(60).status for each in asked].count(200) >= 4
        assert ask(server.port, "/image/slow1").status == 200
