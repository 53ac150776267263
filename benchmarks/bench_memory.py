"""Does a process keep to `max_memory`, and does it give back what it no longer needs?

Sixteen threads ask one process for pictures of eight originals of 24 MP, each another width, so
that nothing is made twice. Its peak of resident memory above idle is held against `max_memory`; and
what it has after a minute of rest against idle and what its caches may hold.

    python -m benchmarks.bench_memory [--rest 60] [--kinds jpeg webp png tiff]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import cv2

from benchmarks.photos import photo
from benchmarks.results import report
from benchmarks.servers import running
from benchmarks.timing import machine, table

MEMORY, SOURCE = 350 * 10**6, 200 * 10**6
CACHED = {"cache_bytes": 16 * 2**20, "decoded_bytes": 64 * 2**20}
#: Seconds: what is slow here is to be seen as slow, not refused.
PATIENCE = 300
THREADS, ORIGINALS, REQUESTS = 16, 8, 64
SIZE = 6000, 4000
#: How OpenCV writes each kind, and the widths that are asked for.
KINDS = {
    "jpeg": ("jpg", ()),
    "webp": ("webp", (cv2.IMWRITE_WEBP_QUALITY, 80)),
    "png": ("png", (cv2.IMWRITE_PNG_COMPRESSION, 1)),
    "tiff": ("tif", (cv2.IMWRITE_TIFF_COMPRESSION, 5)),
}
SERVERS = {
    "gunicorn, 16 threads": lambda port: [
        *(sys.executable, "-m", "gunicorn", "--no-control-socket", "--threads", str(THREADS)),
        *("--bind", f"127.0.0.1:{port}", "benchmarks.memory_apps:wsgi"),
    ],
    "uvicorn": lambda port: [
        *(sys.executable, "-m", "uvicorn", "--log-level", "error", "--port", str(port)),
        "benchmarks.memory_apps:asgi",
    ],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rest", type=float, default=60)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS))
    parser.add_argument("--servers", nargs="+", default=list(SERVERS))
    parser.add_argument("--tuned", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--dry", action="store_true", help="write nothing into RESULTS.md")
    given = parser.parse_args()
    rows = []
    for kind in given.kinds:
        with tempfile.TemporaryDirectory() as folder:
            _write(Path(folder), kind)
            for server in given.servers:
                for tuned in given.tuned:
                    row = _measured(server, kind, Path(folder), given.rest, tuned=bool(tuned))
                    rows.append(row)
                    print(*row, flush=True)
    if not given.dry:
        report("Memory that holds", _about() + table(_HEAD, rows))


_HEAD = (
    *("original", "server", "tune_malloc", "idle MB", "peak above idle / max_memory"),
    *("at rest / idle and caches", "pictures/s"),
)


def _about() -> str:
    return (
        f"{machine('opencv-python-headless')}. {ORIGINALS} originals of 24 MP, {REQUESTS} "
        f"pictures of them, {THREADS} clients, max_memory {MEMORY // 10**6} MB. "
        "The goals are 1.1 and 1.2.\n\n"
    )


def _write(folder: Path, kind: str) -> None:
    suffix, flags = KINDS[kind]
    _, pixels = photo(*SIZE)
    for number in range(ORIGINALS):
        cv2.imwrite(f"{folder}/{number}.{suffix}", cv2.add(pixels, number), flags)


def _measured(server: str, kind: str, folder: Path, rest: float, *, tuned: bool) -> list[object]:
    bounds = {"max_memory": MEMORY, "max_source_memory": SOURCE}
    options: dict[str, object] = {**bounds, **CACHED, "max_wait": PATIENCE}
    if tuned:
        options["tune_malloc"] = True
    environment = {
        "BENCH_MEMORY_FOLDER": str(folder),
        "BENCH_MEMORY_OPTIONS": json.dumps(options),
    }
    suffix = KINDS[kind][0]
    with running(SERVERS[server], environment) as (port, pid):
        url = f"http://127.0.0.1:{port}/"
        _get(f"{url}none.{suffix}")
        worker = _worker(pid)
        idle = _resident(worker)
        began = time.perf_counter()
        with _highest(worker) as peak, ThreadPoolExecutor(THREADS) as clients:
            links = (
                f"{url}{n % ORIGINALS}.{suffix}?w={700 + 20 * n}&fm=jpg" for n in range(REQUESTS)
            )
            statuses = list(clients.map(_get, links))
        took = time.perf_counter() - began
        assert statuses == [200] * REQUESTS, statuses
        time.sleep(rest)
        at_rest = _resident(worker)
    caches = sum(CACHED.values())
    above = (peak[0] - idle) / MEMORY
    return [
        *(kind, server, "on" if tuned else "off", f"{idle / 1e6:.0f}"),
        *(f"{above:.2f}", f"{at_rest / (idle + caches):.2f}", f"{REQUESTS / took:.1f}"),
    ]


def _get(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _worker(pid: int) -> int:
    """The process that renders: the one child of gunicorn's, uvicorn's own."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid


def _resident(pid: int) -> int:
    """Bytes of a process that are in memory and not a file's (proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])


@contextmanager
def _highest(pid: int) -> Iterator[list[int]]:
    """The most that it is seen to have, looked at 200 times a second."""
    peak, done = [_resident(pid)], threading.Event()

    def look() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], _resident(pid))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield peak
    finally:
        done.set()
        looking.join()


if __name__ == "__main__":
    main()
