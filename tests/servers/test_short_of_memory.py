"""Servers whose process gets no memory for a decode: 503, ask again, and then the picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servers import processes
from servers.client import ask
from servers.processes import Command, running

WSGI, ASGI = "short_app:wsgi", "short_app:asgi"
SERVERS: dict[str, Command] = {
    "gunicorn": lambda port, folder: [*processes.gunicorn(WSGI)(port, folder), "--preload"],
    "uwsgi": processes.uwsgi(WSGI),
    "granian": processes.granian("asgi", ASGI),
    "uvicorn": processes.uvicorn("httptools", ASGI),
}


@pytest.mark.parametrize("command", SERVERS.values(), ids=SERVERS.keys())
def test_a_decode_without_memory(command: Command, tmp_path: Path) -> None:
    environment = {"IMGMIDDLEWARE_TEST_FOLDER": str(tmp_path)}
    with running(command, tmp_path / "server", environment) as server:
        short = tmp_path / "short"
        short.touch()
        for width in (300, 301):
            refused = ask(server.port, f"/image/a?w={width}")
            assert refused.status == 503, server.output
            assert json.loads(refused.body)["code"] == "busy"
            assert refused.header("retry-after") == "1"
        assert ask(server.port, "/other").status == 200
        short.unlink()
        assert ask(server.port, "/image/a?w=300").status == 200, server.output
