"""A client that hangs up while its request waits for a slot is not rendered for.

Of the two protocols only ASGI can tell of a client that has gone; a WSGI application learns of it
when it writes.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from servers import processes
from servers.client import ask, request
from servers.journal import Journal, journaling
from servers.processes import Command, Running

APP = "queue_app:application"

SERVERS: dict[str, Command] = {
    "uvicorn-h11": processes.uvicorn("h11", APP),
    "uvicorn-httptools": processes.uvicorn("httptools", APP),
    "hypercorn": processes.hypercorn(APP),
    "daphne": processes.daphne(APP),
    "granian": processes.granian("asgi", APP),
}


@pytest.fixture(params=SERVERS.values(), ids=SERVERS.keys())
def server(request: pytest.FixtureRequest, journal: Journal, tmp_path: Path) -> Iterator[Running]:
    with journaling(request.param, journal, tmp_path) as started:
        yield started


def test_who_has_gone_is_not_rendered_for(server: Running, journal: Journal) -> None:
    with ThreadPoolExecutor(2) as clients:
        try:
            held = clients.submit(ask, server.port, "/image/held?w=8")
            journal.wait_for("render held")
            kept = clients.submit(ask, server.port, "/image/kept?w=8")
            journal.wait_for("open kept")
            with socket.create_connection(("127.0.0.1", server.port), timeout=15) as leaving:
                leaving.sendall(request("/image/gone?w=8", "GET", {}))
                journal.wait_for("open gone")
            # Closed. It leaves the queue while the slot is still held.
            journal.wait_for("close gone")
            assert "close held" not in journal.lines()
        finally:
            journal.release()
        assert held.result(30).status == 200
        assert kept.result(30).status == 200
    journal.wait_for("close kept")
    rendered = [line for line in journal.lines() if line.startswith("render ")]
    assert rendered == ["render held", "render kept"]
    # An application that ends without an answer is an error to a server, but not in this case.
    assert not re.search("error|exception|traceback", server.output, re.IGNORECASE)
