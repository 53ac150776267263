"""Servers of several processes that share a cache folder, and the journal of their renders."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from servers import processes
from servers.processes import Running, running

HERE = Path(__file__).parent
WORKERS = 4


def gunicorn(port: int, folder: Path) -> list[str]:
    options = [*processes.gunicorn_options(port), "--workers", str(WORKERS), "--threads", "64"]
    return [processes.program("gunicorn"), *options, "apps:wsgi"]


def uvicorn(port: int, folder: Path) -> list[str]:
    return [
        *(processes.program("uvicorn"), "--port", str(port), "--workers", str(WORKERS)),
        "apps:asgi",
    ]


SERVERS = {"gunicorn": gunicorn, "uvicorn": uvicorn}


@dataclass(frozen=True)
class Site:
    """A folder with originals, a cache and a journal, and servers over them."""

    folder: Path

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @contextmanager
    def served(self, command: processes.Command, **environment: str) -> Iterator[Running]:
        names = {"journal": self.folder / "journal", "photos": self.folder / "photos"}
        named = {f"IMGMIDDLEWARE_TEST_{k.upper()}": str(v) for k, v in names.items()}
        environment = {"IMGMIDDLEWARE_TEST_CACHE": str(self.cache), **named, **environment}
        with running(command, self.folder / "server", environment, cwd=HERE) as server:
            yield server

    def made_by(self) -> list[int]:
        """The processes that made a picture, a number for each."""
        lines = (self.folder / "journal").read_text().split("\n")
        return [int(line.split()[1]) for line in lines if line]

    def hold(self) -> None:
        (self.folder / "hold").touch()

    def release(self) -> None:
        (self.folder / "hold").unlink()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "photos").mkdir()
    (tmp_path / "journal").touch()
    gradient = Image.linear_gradient("L").resize((1200, 900))
    picture = Image.merge("RGB", (gradient, gradient.rotate(180), gradient.transpose(0)))
    picture.save(tmp_path / "photos" / "a.jpg", quality=92)
    return Site(tmp_path)


@pytest.fixture(params=SERVERS.values(), ids=SERVERS.keys())
def command(request: pytest.FixtureRequest) -> processes.Command:
    return request.param


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
