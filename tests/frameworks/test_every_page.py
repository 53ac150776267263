"""Every snippet of every page runs: a new page is tested from its first line on.

The snippets of a page run in their order and share their names, as a reader would type them. They
assert the statements of the page. A page that has a test of its own is named there, and left out
here.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers import call_asgi, call_wsgi, plain_asgi, plain_wsgi
from imgmiddleware.cli.arguments import parser
from imgmiddleware.formats import registry
from pictures import quadrants, saved

ROOT = Path(__file__).parents[2]
TESTS = "".join(file.read_text() for file in ROOT.glob("tests/**/*.py") if file != Path(__file__))
PAGES = {
    str(p.relative_to(ROOT)): p.read_text() for p in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
}
OWN = [
    page for page in PAGES if re.search(rf'"{re.escape(Path(page).name)}"[^.]*\)\.read_text', TESTS)
]
#: The originals that pages speak of.
ORIGINALS = {
    "photos/cat.jpg": (1200, 900), "photos/none.png": (300, 200), "photos/logo.png": (120, 80),
    "photos/2024/cat.tif": (1200, 900), "scans/map.tif": (900, 600), "rasters/island.tif": (90, 60),
    "brand/logo.png": (120, 80),
}  # fmt: skip
#: The answers of some pages' applications, once their snippets have run.
ASKED = {
    "docs/coming_from.md": [(call_wsgi, "application", "/cat.jpg?w=90&txt=none"), (call_wsgi, "application", "/own")],
    "docs/fastapi.md": [(call_asgi, "app", "/image/cat.jpg"), (call_asgi, "app", "/cats/cat"), (call_asgi, "pictures", "/image/cat?w=90")],
    "docs/flask.md": [(call_wsgi, "app", "/image/cat.jpg?w=90"), (call_wsgi, "app", "/"), (call_wsgi, "app", "/album/cat.jpg", 403)],
    "docs/zoom.md": [(call_wsgi, "application", "/image/map.tif/info.json")],
    "docs/iiif.md": [(call_wsgi, "application", "/iiif/2/map.tif/full/full/0/default.jpg")],
}  # fmt: skip
SUFFIXES = {".jpg": "JPEG", ".png": "PNG", ".tif": "TIFF"}


def fences(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/")])
def test_it_can_be_read_to_its_end(page: str) -> None:
    assert len(PAGES[page].splitlines()) <= 250


def with_snippets() -> list[str]:
    return sorted(page for page in PAGES if page not in OWN and fences(PAGES[page], "python"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("IMAGE_KEY", "a secret of this test, of 32 bytes and more")
    for name, size in ORIGINALS.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(saved(quadrants(*size), SUFFIXES[file.suffix]))
    monkeypatch.chdir(tmp_path)
    formats = dict(registry._FORMATS)
    yield
    registry._FORMATS.clear()  # of what a page has registered
    registry._FORMATS.update(formats)


@pytest.mark.parametrize("page", with_snippets())
@pytest.mark.usefixtures("here")
def test_its_snippets_run(page: str, tmp_path: Path) -> None:
    names: dict[str, Any] = {"__name__": "__main__", "application": plain_wsgi, "app": plain_asgi}
    for folder in re.findall(r'"([a-z]\w*)/"', PAGES[page]):
        Path(folder).mkdir(exist_ok=True)
    for number, snippet in enumerate(fences(PAGES[page], "python")):
        here = snippet.replace("/var/cache/", f"{tmp_path}/var-cache/")
        exec(compile(here, f"{page}, snippet {number}", "exec"), names)
    for call, name, target, *status in ASKED.get(page, ()):
        assert call(names[name], target)[0] == (*status, 200)[0], target


@pytest.mark.parametrize("page", sorted(PAGES))
def test_its_commands_are_understood(page: str) -> None:
    for block in fences(PAGES[page], "console"):
        for line in block.replace("\\\n", " ").splitlines():
            for command in re.split(r" (?:\||&&) ", line):
                words = shlex.split(command, comments=True)
                if words and Path(words[0]).name == "imgmiddleware":
                    assert parser().parse_args(words[1:]).command == words[1]


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_test_runs_its_configurations(page: str) -> None:
    """Of a server in front: each stands below a mark by which a test finds it."""
    for mark, _ in re.findall(r"(.*)\n```(nginx|apache)\n", PAGES[page]):
        name = mark.removeprefix("<!-- ").removesuffix(" -->")
        assert mark in TESTS or f'"{name}"' in TESTS, mark or page
