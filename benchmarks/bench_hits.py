"""How fast is a picture served that was made before, beside servers of static files?

One worker process a server, one client process (wrk, of Debian's package) with eight connections,
all on loopback; every candidate in turn, for several rounds.

    python -m benchmarks.bench_hits [--rounds 5] [--seconds 2]
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2

from benchmarks.photos import photo
from benchmarks.results import report
from benchmarks.servers import serving
from benchmarks.timing import machine, table
from imgmiddleware import ImageRequest, ImageService

QUERY = "w=800&q=85&fm=jpg"
OURS, STATIC = f"/image/photo.jpg?{QUERY}", "/static/hit.jpg"

PACKAGES = ("uvicorn", "granian", "gunicorn", "starlette", "whitenoise", "servestatic")

#: Server, its application, its path, and what it is.
CANDIDATES = (
    ("uvicorn", "bare_asgi", "/", "a bare Response from memory"),
    ("uvicorn", "headers_asgi", "/", "the same with our headers"),
    ("uvicorn", "memory_asgi", OURS, "imgmiddleware, memory"),
    ("uvicorn", "disk_asgi", OURS, "imgmiddleware, disk"),
    ("uvicorn", "starlette_asgi", STATIC, "Starlette StaticFiles"),
    ("uvicorn", "servestatic_asgi", STATIC, "ServeStatic"),
    ("granian", "bare_asgi", "/", "a bare Response from memory"),
    ("granian", "memory_asgi", OURS, "imgmiddleware, memory"),
    ("granian", "disk_asgi", OURS, "imgmiddleware, disk"),
    ("granian", "starlette_asgi", STATIC, "Starlette StaticFiles"),
    ("granian", "servestatic_asgi", STATIC, "ServeStatic"),
    ("gunicorn", "bare_wsgi", "/", "a bare response from memory"),
    ("gunicorn", "memory_wsgi", OURS, "imgmiddleware, memory"),
    ("gunicorn", "disk_wsgi", OURS, "imgmiddleware, disk"),
    ("gunicorn", "whitenoise_wsgi", STATIC, "WhiteNoise"),
    ("gunicorn", "servestatic_wsgi", STATIC, "ServeStatic"),
)


@dataclass(frozen=True)
class Server:
    name: str
    label: str
    url: str


def command(server: str, app: str, port: int) -> list[str]:
    beside = Path(sys.executable).parent
    target = f"benchmarks.hits_apps:{app}"
    return {
        "uvicorn": [
            *(f"{beside}/uvicorn", "--port", str(port), "--http", "httptools"),
            *("--loop", "asyncio", "--no-access-log", "--log-level", "error", target),
        ],
        "granian": [
            *(f"{beside}/granian", "--interface", "asgi", "--port", str(port)),
            *("--log-level", "error", "--loop", "asyncio", target),
        ],
        "gunicorn": [
            *(f"{beside}/gunicorn", "--bind", f"127.0.0.1:{port}", "--no-control-socket"),
            *("--threads", "8", "--log-level", "error", target),
        ],
    }[server]


def started(server: str, app: str, folder: Path) -> AbstractContextManager[int]:
    """A server in a process of its own, until it is left; its port."""
    return serving(partial(command, server, app), {"HITS_FOLDER": str(folder)})


def requests_a_second(url: str, seconds: int) -> float:
    run = subprocess.run(
        ["wrk", "-t1", "-c8", f"-d{seconds}s", url], capture_output=True, text=True, check=True
    )
    assert not re.search("Non-2xx|Socket errors", run.stdout), run.stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", run.stdout)
    assert found, run.stdout
    return float(found[1])


def prepared(folder: Path) -> int:
    """Write the original, and the result as a static file; its bytes."""
    cv2.imwrite(str(folder / "photo.jpg"), photo(2820, 1586)[1])
    service = ImageService(folder)
    answer = service.handle(ImageRequest("GET", "/image/photo.jpg", QUERY))
    assert answer is not None
    assert answer.status == 200
    (folder / "static").mkdir()
    (folder / "static" / "hit.jpg").write_bytes(answer.read())
    return len(answer.read())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    arguments = parser.parse_args()
    assert shutil.which("wrk"), "wrk is missing: apt-get install wrk"

    rates: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        size = prepared(folder)
        urls = {}
        for server, app, path, label in CANDIDATES:
            port = stack.enter_context(started(server, app, folder))
            urls[server, label] = f"http://127.0.0.1:{port}{path}"
        for number in range(arguments.rounds + 1):
            for candidate, url in urls.items():
                rate = requests_a_second(url, arguments.seconds if number else 1)
                if number:  # the first is to warm up
                    rates.setdefault(candidate, []).append(rate)
    about = f"A picture of {size} bytes; {machine(*PACKAGES)}. Medians (min to max).\n\n"
    head = ("server", "", "requests/s", "of a bare response")
    report("Hits", about + table(head, _rows(rates)))


def _rows(rates: dict[tuple[str, str], list[float]]) -> list[list[str]]:
    medians = {candidate: statistics.median(values) for candidate, values in rates.items()}
    bare = {server: rate for (server, label), rate in medians.items() if label.startswith("a bare")}
    return [
        [
            server,
            label,
            f"{medians[server, label]:.0f} ({min(values):.0f} to {max(values):.0f})",
            f"{medians[server, label] / bare[server]:.2f}",
        ]
        for (server, label), values in rates.items()
    ]


if __name__ == "__main__":
    main()
