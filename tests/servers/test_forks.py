"""Servers that fork their workers while a thread of the application renders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from servers import processes
from servers.client import ask

APP = "servers.warming_app:application"


def preloading(port: int, folder: Path) -> list[str]:
    return [*processes.gunicorn(APP)(port, folder), "--preload", "--workers", "2"]


def uwsgi(*options: str) -> Callable[[int, Path], list[str]]:
    """Its workers, of whose fork it tells Python nothing unless told to."""
    return lambda port, folder: [
        *(each for each in processes.uwsgi(APP)(port, folder) if each not in ("--threads", "4")),
        *("--processes", "2", *options),
    ]


@pytest.mark.parametrize(
    "command",
    [
        preloading,
        uwsgi(),
        uwsgi("--enable-threads"),
        uwsgi("--enable-threads", "--py-call-uwsgi-fork-hooks"),
    ],
    ids=["gunicorn", "uwsgi", "uwsgi with threads", "uwsgi with hooks"],
)
def test_workers_make_what_their_parent_was_making(
    command: processes.Command, tmp_path: Path
) -> None:
    with processes.running(command, tmp_path, {}) as server:
        for query in ("w=100", "w=101", "w=102", "w=100"):
            assert ask(server.port, f"/image/a?{query}").status == 200, server.output


@pytest.mark.parametrize(
    "command",
    [
        processes.uvicorn("httptools", "loading_app:application"),
        processes.granian("asgi", "loading_app:application"),
    ],
    ids=["uvicorn", "granian"],
)
def test_workers_that_load_the_application_themselves(
    command: processes.Command, tmp_path: Path
) -> None:
    """The statement of docs/deployment.md on these: nothing of ours has begun when they fork."""

    def workers(port: int, folder: Path) -> list[str]:
        return [*command(port, folder), "--workers", "2"]

    with processes.running(workers, tmp_path, {}) as server:
        with urlopen(f"http://127.0.0.1:{server.port}/", timeout=60) as answer:
            loaded_in, answers = answer.read().split()
        assert loaded_in == answers
