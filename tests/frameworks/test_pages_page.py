"""docs/pages.md does what it says, in each framework: its snippets run, and its links are answered."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from drivers import call_asgi, call_wsgi, plain_wsgi
from frameworks import apps
from imgmiddleware.wsgi import WSGIImageMiddleware
from pictures import opened, quadrants, saved

PAGE = (Path(__file__).parents[2] / "docs" / "pages.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
TEMPLATE = re.findall(r"```html\n(\{%.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(saved(quadrants(1200, 900), "JPEG"))
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for snippet in SNIPPETS:
        exec(compile(snippet, "pages.md", "exec"), names)
    return names


def links(html: str) -> list[tuple[str, int]]:
    found = re.findall(r"([^ \",]+) (\d+)w", html.replace("&amp;", "&"))
    return [(url, int(width)) for url, width in found]


def test_the_page_shows_what_is_written(page: dict[str, Any]) -> None:
    assert len(SNIPPETS) == 9
    written = re.sub(r"v=[\w-]+", "v=...", page["html"])
    shown = re.findall(r"```html\n(<img.*?)```", PAGE, re.DOTALL)[0]
    start, end = " ".join(shown.split()).split("... ", 1)[0], shown.split("320w,\n... ")[1]
    assert start in written
    assert " ".join(end.split()) in written


def test_fastapi(page: dict[str, Any]) -> None:
    status, _, body = call_asgi(page["app"], "/cats")
    assert status == 200
    assert [width for _, width in links(body.decode())] == [400, 800, 1200]
    for url, width in links(body.decode()):
        assert opened(call_asgi(page["app"], url)[2]).size[0] == width
    assert re.search(' style="background-color:#[0-9a-f]{6}"', body.decode())
    told = json.loads(call_asgi(page["app"], "/cats.json")[2])
    assert f'srcset="{told["srcset"]}"'.replace("&", "&amp;") in body.decode()


def test_flask_below_a_path(page: dict[str, Any]) -> None:
    status, _, body = call_wsgi(page["site"], "/", mount="/shop")
    assert status == 200
    for url, width in links(body.decode()):
        answer = call_wsgi(page["site"], url.removeprefix("/shop"), mount="/shop")
        assert url.startswith("/shop/image/")
        assert opened(answer[2]).size[0] == width


def test_django(page: dict[str, Any]) -> None:
    apps.django_wsgi()  # configures it
    from django.template import Context, Engine
    from django.test import override_settings

    engine = Engine(libraries={"pictures": "imgmiddleware.frameworks.django_tags"})
    photo = {"path": "cat.jpg", "title": "<Cat>"}
    template = engine.from_string(TEMPLATE[0])
    with override_settings(IMGMIDDLEWARE_SERVICE=page["service"]):
        html, _, second = template.render(Context({"photo": photo})).strip().partition("\n")
    assert [width for _, width in links(second)] == [320, 640]
    assert 'alt="&lt;Cat&gt;"' in second
    assert html.startswith('<picture><source type="image/avif" srcset="')
    assert ' style="background:url(data:image/webp;base64,' in html
    app = WSGIImageMiddleware(plain_wsgi, page["service"])
    last = links(html)[-1]
    assert opened(call_wsgi(app, last[0])[2]).size[0] == last[1] == 1200
