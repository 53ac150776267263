"""Servers that fork their workers, with and without the application loaded before, over a bucket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import obstore
import pytest

from pictures import opened, photo_like, saved
from servers import processes
from servers.client import ask
from storeservers import BUCKET, S3, new_name

HERE = Path(__file__).parent
APP = "stores.apps:application"


def gunicorn(*options: str) -> processes.Command:
    return lambda port, folder: [*processes.gunicorn(APP)(port, folder), "--workers", "2", *options]


def uvicorn(port: int, folder: Path) -> list[str]:
    return [*processes.uvicorn("h11", "stores.apps:asgi")(port, folder), "--workers", "2"]


def uwsgi(port: int, folder: Path) -> list[str]:
    """Of whose forks Python is told nothing."""
    return [*processes.uwsgi(APP)(port, folder), "--processes", "2"]


@pytest.mark.parametrize(
    "command",
    [gunicorn(), gunicorn("--preload"), uvicorn, uwsgi],
    ids=["gunicorn", "gunicorn --preload", "uvicorn", "uwsgi"],
)
def test_every_worker_reads_the_bucket(
    command: Callable[[int, Path], list[str]], server: S3, tmp_path: Path
) -> None:
    place = new_name()
    obstore.put(server.store(place), "a", saved(photo_like(900, 600), "JPEG", quality=90))
    environment = {**server.environment, "STORE_ADDRESS": f"s3://{BUCKET}/{place}"}
    with processes.running(command, tmp_path, environment, cwd=HERE.parent) as served:
        sizes, workers = [], set()

        def look(first: int) -> None:
            for width in range(first, first + 10):
                answer = ask(served.port, f"/image/a?w={width}&fm=png")
                assert answer.status == 200, served.output
                sizes.append(opened(answer.body).size[0])
                workers.add(ask(served.port, "/").body)

        threads = [threading.Thread(target=look, args=(at,)) for at in (100, 200, 300, 400)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(sizes) == [n for at in (100, 200, 300, 400) for n in range(at, at + 10)]
        until = time.monotonic() + 20  # a worker that was late
        while len(workers) < 2 and time.monotonic() < until:
            look(500)
        assert len(workers) == 2
