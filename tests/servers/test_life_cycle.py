"""Sources and `authorize` within the framework's life cycle, on real servers over real databases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

import parts
from servers import processes
from servers.client import ask
from servers.postgres import cluster
from servers.processes import Command, Running, running

#: Clients at once, and how often all of them ask.
CLIENTS = 20
REQUESTS = 120


def gunicorn(app: str) -> Command:
    return lambda port, folder: [
        *(processes.program("gunicorn"), *processes.gunicorn_options(port)),
        *("--threads", "12", f"{app}:wsgi"),
    ]


def uvicorn(app: str) -> Command:
    return processes.uvicorn("httptools", f"{app}:asgi")


SERVERS = pytest.mark.parametrize("server", [gunicorn, uvicorn])
DATABASES = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


@pytest.fixture(scope="module")
def postgres() -> Iterator[Mapping[str, str]]:
    parts.module("psycopg")
    with cluster() as variables:
        yield variables


@contextmanager
def database_of(postgres: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """An empty database in the cluster."""
    import psycopg

    host, user = postgres["PGHOST"], postgres["PGUSER"]
    with psycopg.connect(host=host, user=user, dbname="postgres", autocommit=True) as connection:
        connection.execute("create database life")
        try:
            yield {**postgres, "PGDATABASE": "life"}
        finally:
            connection.execute("drop database life with (force)")


def connections(postgres: Mapping[str, str]) -> int:
    import psycopg

    host, user = postgres["PGHOST"], postgres["PGUSER"]
    with psycopg.connect(host=host, user=user, dbname="postgres") as connection:
        row = connection.execute("select count(*) from pg_stat_activity where datname = 'life'")
        found = row.fetchone()
    assert found
    return int(found[0])


def ask_often(server: Running, prefix: str) -> None:
    def asked(number: int) -> int:
        return ask(server.port, f"{prefix}a?w={number % 30 + 1}").status

    with ThreadPoolExecutor(CLIENTS) as clients:
        assert set(clients.map(asked, range(REQUESTS))) == {200}, server.output


def told(server: Running, path: str) -> int:
    """A number that the application answers with, in whatever framing."""
    with urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=60) as answer:
        return int(answer.read())


def least(count: Callable[[], int], expected: int) -> int:
    """The count once it is no more than expected; threads end a moment after their answer."""
    until = time.monotonic() + 10
    while (found := count()) > expected and time.monotonic() < until:
        time.sleep(0.05)
    return found


@SERVERS
@DATABASES
def test_django_closes_its_connections(
    server: Callable[[str], Command], database: str, tmp_path: Path, request: Any
) -> None:
    own = database_of(request.getfixturevalue("postgres")) if database == "postgresql" else None
    name = "life" if own else str(tmp_path / "file.sqlite")
    with own or nullcontext({}) as variables:
        environment = {"IMGMIDDLEWARE_TEST_DATABASE": name, **variables}
        with running(server("life_django"), tmp_path / "server", environment) as started:

            def count() -> int:
                if own:
                    return connections(variables)
                return told(started, "/opened")

            ask_often(started, "/image/")
            assert least(count, 2) <= 2
            ask_often(started, "/bare/")
            assert count() >= 5, "nothing was to be closed"


@SERVERS
@DATABASES
def test_flask_has_what_a_view_has(
    server: Callable[[str], Command], database: str, tmp_path: Path, request: Any
) -> None:
    parts.module("flask_sqlalchemy")
    parts.module("a2wsgi")
    own = database_of(request.getfixturevalue("postgres")) if database == "postgresql" else None
    url = "postgresql+psycopg://" if own else f"sqlite:///{tmp_path / 'file.sqlite'}"
    with own or nullcontext({}) as variables:
        environment = {"IMGMIDDLEWARE_TEST_DATABASE": url, **variables}
        with running(server("life_flask"), tmp_path / "server", environment) as started:
            ask_often(started, "/image/")
            assert ask(started.port, "/image/b").status == 404
            assert ask(started.port, "/image/secret").status == 403
            assert least(lambda: told(started, "/held"), 0) == 0
