"""docs/frameworks.md does what it says: each of its snippets runs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from drivers import Answer, call_asgi, call_wsgi, plain_asgi
from frameworks import apps
from imgmiddleware.asgi import ASGIImageMiddleware
from pictures import opened, quadrants, saved

PAGE = (Path(__file__).parents[2] / "docs" / "frameworks.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(saved(quadrants(1200, 900), "JPEG"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


def run(number: int, **names: Any) -> dict[str, Any]:
    names["__name__"] = "__main__"
    exec(compile(SNIPPETS[number], "frameworks.md", "exec"), names)
    return names


def width(answer: Answer) -> int:
    assert answer[0] == 200
    return opened(answer[2]).size[0]


def test_flask() -> None:
    assert len(SNIPPETS) == 3
    app = run(0)["app"]
    assert width(call_wsgi(app, "/image/cat.jpg?w=90")) == 90
    assert call_wsgi(app, "/image/dog.jpg")[0] == 404


def test_django(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apps.django_wsgi()  # with settings of its own
    found = {"1": SimpleNamespace(file=SimpleNamespace(path=str(photos / "cat.jpg")))}

    class Photos:
        def filter(self, pk: str) -> Any:
            return SimpleNamespace(first=lambda: found.get(pk))

    models: Any = ModuleType("photos.models")
    models.Photo = SimpleNamespace(objects=Photos())
    monkeypatch.setitem(sys.modules, "photos", ModuleType("photos"))
    monkeypatch.setitem(sys.modules, "photos.models", models)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "none")
    application = run(1)["application"]
    assert width(call_wsgi(application, "/image/1?w=90")) == 90
    assert call_wsgi(application, "/image/2")[0] == 404


def test_anything_else() -> None:
    entered: list[str] = []

    class Session:
        def __call__(self) -> None:
            entered.append("begin")

        def remove(self) -> None:
            entered.append("end")

    def find(id: str) -> str:
        assert entered[-1] == "begin"
        return f"photos/{id}"

    names = {"Session": Session(), "find": find, "ASGIImageMiddleware": ASGIImageMiddleware}
    app = run(2, app=plain_asgi, **names)["app"]
    assert width(call_asgi(app, "/image/cat.jpg?w=90")) == 90
    assert entered == ["begin", "end"]
