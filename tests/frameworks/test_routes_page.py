"""docs/routes.md does what it says: its snippets run, in the order in which they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from drivers import Answer, call_asgi, call_wsgi, plain_asgi, plain_wsgi
from pictures import opened, quadrants, saved

PAGE = (Path(__file__).parents[2] / "docs" / "routes.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(saved(quadrants(1200, 900), "JPEG"))
    monkeypatch.chdir(tmp_path)


def run(number: int, **names: Any) -> dict[str, Any]:
    names["__name__"] = "__main__"
    exec(compile(SNIPPETS[number], "routes.md", "exec"), names)
    return names


def width(answer: Answer) -> int:
    assert answer[0] == 200
    return opened(answer[2]).size[0]


def test_there_are_these_snippets() -> None:
    assert len(SNIPPETS) == 6


def test_another_prefix() -> None:
    app = run(0, application=plain_wsgi)["application"]
    assert width(call_wsgi(app, "/pictures/cat.jpg?w=90")) == 90
    assert call_wsgi(app, "/image/new")[2] == b"app GET /image/new"


def test_only_what_there_is() -> None:
    app = run(1, app=plain_asgi)["app"]
    assert width(call_asgi(app, "/image/cat.jpg?w=90")) == 90
    for method in ("GET", "POST"):
        assert call_asgi(app, "/image/new", method)[2] == f"app {method} /image/new".encode()


def test_a_mount_in_fastapi() -> None:
    names = run(2)
    app, link = names["app"], names["link"]
    assert width(call_asgi(app, "/image/cat.jpg")) == 800
    assert call_asgi(app, "/image/new")[2] == b'"a form"'
    assert width(call_asgi(app, link)) == 400
    assert "immutable" in dict(call_asgi(app, link)[1])["cache-control"]


def test_a_mount_in_flask() -> None:
    app = run(3)["app"]
    assert width(call_wsgi(app, "/image/cat.jpg?w=90")) == 90
    assert dict(call_wsgi(app, "/own")[1])["content-type"] == "text/html; charset=utf-8"


def test_a_mount_beside_any_asgi_application() -> None:
    app = run(4, application=plain_asgi)["application"]
    assert width(call_asgi(app, "/image/cat.jpg?w=90")) == 90
    assert call_asgi(app, "/own")[2] == b"app GET /own"


def test_a_route() -> None:
    app = run(5)["app"]
    assert width(call_wsgi(app, "/image/cat.jpg")) == 800
    assert width(call_wsgi(app, "/mascot?w=90")) == 90
    assert call_wsgi(app, "/image/none.jpg")[0] == 404
