"""Servers whose threads are greenlets: a render keeps none of them from going on.

A render waits here in its real thread until it is released. In the thread of the greenlets, no
other request would be answered meanwhile.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

import parts
from servers import processes
from servers.client import ask, request
from servers.journal import Journal, journaling
from servers.processes import Command, Running
from servers.test_shutdown import until

APP = "greenlets_app:application"


def gunicorn(*options: str) -> Command:
    def command(port: int, folder: Path) -> list[str]:
        parts.module("gevent")
        given = [*processes.gunicorn_options(port), "--worker-class", "gevent", *options]
        return [processes.program("gunicorn"), *given, APP]

    return command


def eventlet(port: int, folder: Path) -> list[str]:
    """gunicorn has no worker for it any more."""
    if find_spec("eventlet") is None:  # to import it warns of its age
        parts.missing("eventlet", "pip install eventlet")
    start = "import eventlet; eventlet.monkey_patch(); import runpy; "
    start += "runpy.run_module('servers.greenlets_app', run_name='__main__')"
    return [sys.executable, "-W", "ignore", "-c", start, str(port)]


SERVERS: dict[str, Command] = {
    "gevent": gunicorn(),
    "gevent, loaded before": gunicorn("--preload"),
    "eventlet": eventlet,
}


@pytest.fixture(params=SERVERS.values(), ids=SERVERS.keys())
def server(request: pytest.FixtureRequest, journal: Journal, tmp_path: Path) -> Iterator[Running]:
    with journaling(request.param, journal, tmp_path) as started:
        yield started


def test_the_application_answers_while_a_picture_is_made_once(
    server: Running, journal: Journal
) -> None:
    with ThreadPoolExecutor(6) as clients:
        try:
            equal = [clients.submit(ask, server.port, "/image/a?w=40&fm=png") for _ in range(5)]
            journal.wait_for("render")
            assert ask(server.port, "/own?a=1").body == b"own: GET a=1 "
            assert ask(server.port, "/image/a?w=none").status == 400
            other = clients.submit(ask, server.port, "/image/b?w=50&fm=png")
            assert not any(each.done() for each in (*equal, other))
        finally:
            journal.release()
        bodies = {each.result(30).body for each in equal}
        assert other.result(30).status == 200
    assert len(bodies) == 1
    assert len(journal.of("render")) == 2  # one of five, and the other


def test_the_applications_code_is_called_in_its_own_thread(
    server: Running, journal: Journal
) -> None:
    journal.release()
    assert ask(server.port, "/image/a?w=40").status == 200
    assert ask(server.port, "/image/array?w=40").status == 200
    (own,) = {*journal.of("open"), *journal.of("read"), *journal.of("array")}
    assert journal.of("read")
    assert journal.of("array")
    assert own not in journal.of("render")


def test_who_hangs_up_leaves_nothing(server: Running, journal: Journal) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as gone:
        gone.sendall(request("/image/a?w=40", "GET", {}))
        journal.wait_for("render")
    journal.release()
    until(lambda: journal.of("close"))
    assert ask(server.port, "/image/b?w=50").status == 200  # the one slot is free


def test_what_a_render_reads_is_closed_after_it(server: Running, journal: Journal) -> None:
    """Also where its greenlet is told to end: here by a timeout of the application's."""
    with ThreadPoolExecutor(1) as clients:
        try:
            cut = clients.submit(ask, server.port, "/image/cut?w=40")
            journal.wait_for("render")
            time.sleep(0.5)  # by then it is told
            assert not journal.of("close")
        finally:
            journal.release()
        assert cut.result(30).status == 200
    done = [line.split()[0] for line in journal.lines()]
    assert done.index("rendered") < done.index("close")
