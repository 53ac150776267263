"""Each example, started by the command in its own docstring, and fetched."""

from __future__ import annotations

import ast
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from servers import processes
from servers.client import Answer, ask
from servers.processes import ROOT, Running, running

EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class Start:
    """A docstring's one indented line: variables, then a server and its arguments."""

    variables: tuple[str, ...]
    words: tuple[str, ...]

    def command(self, port: int, folder: Path) -> list[str]:
        name, *arguments = self.words
        options = {
            "gunicorn": processes.gunicorn_options(port),
            "uvicorn": ["--port", str(port)],
        }
        return [processes.program(name), *options[name], *arguments]


def _start(example: Path) -> Start:
    docstring = ast.get_docstring(ast.parse(example.read_text())) or ""
    (line,) = (line for line in docstring.splitlines() if line.startswith("    "))
    words = shlex.split(line)
    variables = [word.partition("=")[0] for word in words if "=" in word]
    return Start(tuple(variables), tuple(words[len(variables) :]))


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    start = _start(EXAMPLES / request.param)
    environment = {name: {"PHOTOS": str(photos)}[name] for name in start.variables}
    folder = tmp_path_factory.mktemp(request.param)
    with running(start.command, folder, environment, cwd=EXAMPLES) as started:
        yield started


def _picture(answer: Answer) -> Image.Image:
    assert answer.status == 200, answer.body[:500]
    return Image.open(io.BytesIO(answer.body))


def example(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("server", [name], indirect=True)


def test_there_is_no_example_without_a_test() -> None:
    tests = Path(__file__).read_text()
    examples = [example.name for example in EXAMPLES.glob("*.py")]
    assert len(examples) >= 5
    assert [name for name in examples if f'"{name}"' not in tests] == []


@example("flask_blog_post.py")
def test_flask_blog_post(server: Running) -> None:
    page = ask(server.port, "/").body.decode()
    (link,) = re.findall('src="([^"]*)"', page)
    assert link == "/image/1"
    third = _picture(ask(server.port, link))
    assert (third.format, third.size) == ("PNG", (300, 200))  # of 900 x 600
    # With a query the default does not apply, and the format is a photo's.
    small = _picture(ask(server.port, "/image/1?w=90"))
    assert (small.format, small.size) == ("JPEG", (90, 60))
    for unknown in ("3", "0", "-1", "01", "cat"):
        assert ask(server.port, f"/image/{unknown}").status == 404


@example("fastapi_app.py")
def test_fastapi(server: Running) -> None:
    assert ask(server.port, "/").body == b'{"cat":"/image/cat.jpg?preset=thumb"}'
    assert _picture(ask(server.port, "/image/cat.jpg")).size == (800, 533)
    assert _picture(ask(server.port, "/image/cat.jpg?preset=thumb")).size == (200, 200)
    third = _picture(ask(server.port, "/image/cat.jpg?w=0.333333&fm=png"))
    assert (third.format, third.size) == ("PNG", (300, 200))


@pytest.mark.parametrize("server", ["django_wsgi.py", "django_asgi.py"], indirect=True)
def test_django(server: Running) -> None:
    page = ask(server.port, "/")
    assert page.status == 200
    (link,) = re.findall('src="([^"]*)"', page.body.decode())
    assert link == "/image/cat.jpg?w=400"
    assert _picture(ask(server.port, link)).size == (400, 267)
    assert _picture(ask(server.port, "/image/cat.jpg")).size == (800, 533)
    assert ask(server.port, "/none").header("content-type") == "text/html; charset=utf-8"


@example("heat_map.py")
def test_heat_map(server: Running) -> None:
    (link,) = re.findall('src="([^"]*)"', ask(server.port, "/").body.decode())
    whole = _picture(ask(server.port, link)).convert("RGB")
    assert whole.size == (256, 256)
    red, navy = (122, 4, 2), (48, 18, 59)  # the ends of Turbo, as its author publishes them
    # The hottest place is at a quarter of both sides; a corner is as cold as it gets.
    assert _near(whole.getpixel((64, 64)), red)
    assert _near(whole.getpixel((255, 0)), navy)
    # Of the 4 x 4 tiles of zoom 2, that place is the corner where four meet.
    for column, row, corner in ((0, 0, (255, 255)), (1, 0, (0, 255)), (1, 1, (0, 0))):
        tile = _picture(ask(server.port, f"/image/{column},{row},2")).convert("RGB")
        assert _near(tile.getpixel(corner), red)
    small = _picture(ask(server.port, "/image/0,0,0?w=64"))
    assert (small.format, small.size) == ("JPEG", (64, 64))
    for unknown in ("4,0,2", "0,1,0", "0,0,13", "a,b,c", "0,0"):
        assert ask(server.port, f"/image/{unknown}").status == 404


def _near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) <= 3
