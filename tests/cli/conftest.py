"""A tiny original, the served application in process, and the command line as a real process."""

import asyncio
import os
import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
import uvicorn
from PIL import Image

from imgmiddleware.cli.serve import application

ROOT = Path(__file__).parents[2]
RED, GREEN = (200, 30, 40), (30, 160, 60)
#: Seconds for a process to start, or to end, on a busy machine.
PATIENCE = 60


def picture(width=400, height=300, color=RED):
    return Image.new("RGB", (width, height), color)


@pytest.fixture
def photos(tmp_path):
    directory = tmp_path / "photos"
    directory.mkdir()
    picture().save(directory / "red.png")
    return directory


@pytest.fixture(autouse=True)
def cache_home(tmp_path_factory, monkeypatch):
    """These tests read and leave nothing in the user's own cache folder."""
    home = tmp_path_factory.mktemp("cache-home")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def stopped(monkeypatch):
    """uvicorn without its loop, as if Ctrl-C came at once: the options and ports it was given.

    For each test, lest one whose wrong option goes unnoticed serves for ever.
    """
    seen = {}

    def run(server, sockets):
        seen.update(config=server.config, port=sockets[0].getsockname()[1])
        sockets[0].close()
        raise KeyboardInterrupt

    monkeypatch.setattr(uvicorn.Server, "run", run)
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: seen.update(options, app=app))
    # The logger is the whole process's, and other tests look at its lines.
    monkeypatch.setattr(uvicorn.Config, "configure_logging", lambda config: None)
    return seen


class Served:
    """The application that `serve` serves, asked without a socket."""

    def __init__(self, directory, **options):
        self.app = application(
            os.fspath(directory) if isinstance(directory, os.PathLike) else directory, options
        )

    def get(self, path, method="GET", root_path="", headers=None):
        async def ask():
            transport = httpx.ASGITransport(self.app, root_path=root_path)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(ask())

    def page(self, path="/", root_path=""):
        answer = self.get(path, root_path=root_path)
        assert answer.status_code == 200, answer.text
        return Parsed(answer.text)


@pytest.fixture
def served():
    return Served


class Parsed(HTMLParser):
    """The page as a browser sees it: elements with their attributes, and some of their texts."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.texts, self._open = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        self.texts.append((self._open[-1] if self._open else "", data))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self):
        return "".join(data for tag, data in self.texts if tag != "style")

    def names(self):
        return [attributes["title"] for attributes in self.all("h2") if "title" in attributes]

    def links(self):
        """Every URL of a picture on the page, and of a page of one."""
        found = [
            a["href"] for a in self.all("a") if not re.match(r"(/site)?/(\?(?!v=|w=)|$)", a["href"])
        ]
        for image in self.all("img"):
            found.append(image["src"])
            found += [part.split()[0] for part in image.get("srcset", "").split(", ") if part]
        return found


class Process:
    """`python -m imgmiddleware ...`, its output in files, in a process group of its own."""

    def __init__(self, directory, arguments):
        self.out, self.err = directory / "out.txt", directory / "err.txt"
        environment = {**os.environ, "PYTHONPATH": os.fspath(ROOT), "TMPDIR": os.fspath(directory)}
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "imgmiddleware", *map(os.fspath, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment,
                start_new_session=True,
            )

    def output(self):
        return self.out.read_text() + self.err.read_text()

    def url(self):
        """Where it serves, once it answers there."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(r"on (http://\S+/)", self.out.read_text())
            if found and self._answers(found[1]):
                return found[1]
            time.sleep(0.05)
        raise AssertionError(f"it does not serve: {self.output()}")

    def _answers(self, url):
        try:
            return httpx.get(url, timeout=PATIENCE).status_code < 500
        except httpx.TransportError:
            return False

    def interrupt(self, number):
        """As a terminal does on Ctrl-C: to the process and to all that it started."""
        os.killpg(self.process.pid, number)
        return self.process.wait(PATIENCE)

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)
            self.process.wait(PATIENCE)


@pytest.fixture
def start(tmp_path):
    started = []

    def begin(*arguments):
        directory = tmp_path / f"process{len(started)}"
        directory.mkdir()
        started.append(Process(directory, arguments))
        return started[-1]

    yield begin
    for process in started:
        process.end()
