"""The examples of docs/login.md behind real servers and databases, with and without rights."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest
from PIL import Image

import parts
from servers import processes
from servers.client import Answer, ask
from servers.postgres import cluster
from servers.processes import ROOT, Command, Running, running

EXAMPLES = ROOT / "examples" / "login"


@dataclass
class Visitor:
    """A browser of one visitor, with the cookies that the site gave to it."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = ask(self.port, target, method, sent, body)
        for key, value in answer.headers:
            if key == "set-cookie":
                self._keep(value)
        return answer

    def _keep(self, cookie: str) -> None:
        first, *attributes = cookie.split(";")
        name, _, value = first.strip().partition("=")
        ended = any(
            attribute.strip().lower() in ("max-age=0", "expires=thu, 01 jan 1970 00:00:00 gmt")
            for attribute in attributes
        )
        if ended:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value

    def log_in(self, name: str, form: str) -> Answer:
        given = {"name": name, "password": name * 2}
        if form == "json":
            return self.ask(
                "/login", "POST", json.dumps(given).encode(), Content_Type="application/json"
            )
        return self.ask("/login", "POST", urlencode(given).encode(), Content_Type="application/x-www-form-urlencoded")  # fmt: skip


@dataclass(frozen=True)
class Example:
    """The command that starts an example, and its peculiarities."""

    command: Command
    #: Where its users are; Django makes them itself.
    database: str = "people"
    #: The pictures of ann and of bob.
    pictures: tuple[str, str] = ("/image/1", "/image/2")
    form: str = "urlencoded"
    #: The answer to a visitor without a login.
    refused: int = 403


FOLDERS = ("/image/ann/cat.jpg", "/image/bob/cat.jpg")
EXAMPLE = {
    "flask-session": Example(processes.gunicorn("flask_session:app")),
    "flask-login": Example(processes.waitress("flask_login_view:app"), refused=302),
    "fastapi": Example(processes.uvicorn("h11", "fastapi_depends:app"), form="json"),
    "starlette": Example(processes.uvicorn("httptools", "starlette_session:app"), form="json"),
    "django-wsgi": Example(processes.gunicorn("django_view:application"), "sqlite", FOLDERS),
    "django-around": Example(
        processes.uvicorn("h11", "django_around:application"), "postgresql", FOLDERS
    ),
    "django-asgi": Example(processes.uvicorn("h11", "django_view:asgi"), "postgresql", FOLDERS),
}


@pytest.fixture(scope="module", params=EXAMPLE.values(), ids=EXAMPLE)
def example(request: pytest.FixtureRequest) -> Example:
    return request.param


@pytest.fixture(scope="module")
def server(
    example: Example, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    environment = request.getfixturevalue(example.database)
    folder = tmp_path_factory.mktemp("server")
    with running(example.command, folder, environment, cwd=EXAMPLES) as started:
        yield started


@pytest.fixture(scope="module")
def people(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """ann and bob in an SQLite file, with a picture each."""
    database = str(tmp_path_factory.mktemp("people") / "people.db")
    made = {"SECRET_KEY": "of the tests", "DATABASE": database}
    _run(made, "people.py", "ann", str(photos / "cat.jpg"), "bob", str(photos / "café.jpg"))
    return made


@pytest.fixture(scope="module")
def folders(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """A folder of pictures for each."""
    folder = tmp_path_factory.mktemp("folders")
    for name in ("ann", "bob"):
        (folder / name).mkdir()
        shutil.copy(photos / "cat.jpg", folder / name)
    return {"PHOTOS": str(folder)}


@pytest.fixture(scope="module")
def sqlite(
    folders: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    made = {**folders, "DATABASE": str(tmp_path_factory.mktemp("sqlite") / "people.db")}
    _run(made, "-c", _IN_DJANGO)
    return made


@pytest.fixture(scope="module")
def postgresql(folders: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    parts.module("psycopg")
    with cluster() as variables:
        made = {**folders, **variables, "ENGINE": "postgresql", "DATABASE": "postgres"}
        _run(made, "-c", _IN_DJANGO)
        yield made


#: The commands of the docstring of `django_view.py`, in one process.
_IN_DJANGO = """
import os
import django_view
from django.core.management import call_command
call_command("migrate", verbosity=0)
for name in ("ann", "bob"):
    os.environ["DJANGO_SUPERUSER_PASSWORD"] = name * 2
    call_command("createsuperuser", interactive=False, username=name, email="", verbosity=0)
"""


def _run(environment: Mapping[str, str], *words: str) -> None:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=EXAMPLES,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def visitor(server: Running) -> Visitor:
    return Visitor(server.port)


def logged_in(name: str, server: Running, example: Example) -> Visitor:
    visitor = Visitor(server.port)
    assert visitor.log_in(name, example.form).status < 400
    assert visitor.cookies
    return visitor


@pytest.fixture(scope="module")
def ann(server: Running, example: Example) -> Visitor:
    return logged_in("ann", server, example)


def test_who_is_not_logged_in_sees_nothing(
    visitor: Visitor, ann: Visitor, example: Example
) -> None:
    for target in example.pictures:
        tag = ann.ask(target).header("etag") or "*"
        for method, headers in (
            ("GET", {}),
            ("HEAD", {}),
            ("GET", {"If_None_Match": tag}),
            ("GET", {"Range": "bytes=0-9"}),
        ):
            answer = visitor.ask(target, method, **headers)
            assert answer.status == example.refused
            assert answer.header("etag") is None
            assert "public" not in (answer.header("cache-control") or "")
    if example.refused == 302:
        assert (visitor.ask(example.pictures[0]).header("location") or "").startswith(
            "/login?next="
        )


def test_ones_own_picture_is_for_oneself_alone(ann: Visitor, example: Example) -> None:
    mine = example.pictures[0]
    answer = ann.ask(f"{mine}?w=90&fm=png")
    assert (answer.status, answer.header("content-type")) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.body)).size == (90, 60)
    assert answer.header("cache-control") == "private, max-age=300"
    assert answer.header("content-length") == str(len(answer.body))
    head = ann.ask(f"{mine}?w=90&fm=png", "HEAD")
    assert (head.status, head.own_headers, head.body) == (200, answer.own_headers, b"")
    part = ann.ask(f"{mine}?w=90&fm=png", Range="bytes=1-3")
    assert (part.status, part.body) == (206, b"PNG")
    again = ann.ask(f"{mine}?w=90&fm=png", If_None_Match=answer.header("etag") or "")
    assert (again.status, again.body) == (304, b"")
    for name in ("etag", "last-modified", "cache-control"):
        assert again.header(name) == answer.header(name)
    assert again.header("content-type") is None


def test_anothers_picture_is_a_403(ann: Visitor, server: Running, example: Example) -> None:
    mine, his = example.pictures
    assert ann.ask(his).status == 403
    assert ann.ask(his, If_None_Match="*").status == 403
    bob = logged_in("bob", server, example)
    assert bob.ask(his).status == 200
    assert bob.ask(mine).status == 403


def test_whether_there_is_such_a_picture_is_not_told_to_others(
    ann: Visitor, example: Example
) -> None:
    none = example.pictures[1].replace("2", "3").replace("cat", "none")
    assert ann.ask(none).status == 403


def test_pictures_do_not_end_the_session(server: Running, example: Example) -> None:
    ann = logged_in("ann", server, example)
    before = ann.ask("/").body
    for target in example.pictures * 2:
        ann.ask(target)
    assert ann.ask("/").body == before
    assert ann.ask(example.pictures[0]).status == 200
    assert ann.ask("/logout", "POST").status < 400
    assert ann.ask(example.pictures[0]).status == example.refused


def test_a_wrong_password_opens_nothing(visitor: Visitor, example: Example) -> None:
    given = {"name": "ann", "password": "bobbob"}
    body = json.dumps(given) if example.form == "json" else urlencode(given)
    kind = "application/json" if example.form == "json" else "application/x-www-form-urlencoded"
    assert visitor.ask("/login", "POST", body.encode(), Content_Type=kind).status == 403
    assert visitor.ask(example.pictures[0]).status == example.refused
