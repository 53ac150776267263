"""How many pictures a second does a server make, over HTTP, when none of them is cached?

Eight clients (throughput_client.py), two worker processes each, JPEG about 800 pixels wide; every
candidate in turn for several rounds. Beside it the blog post's Flask application, one written by
hand with Starlette and pyvips, and thumbor; and the floor, an application that decodes as this one
does and then answers nothing. Each request is for another copy of its original, so that nothing can
be shared; `--copies 1` lets those share a decode who wait for it at the same time.
`--threads` asks instead how many threads OpenCV and BLAS should have.

    python -m benchmarks.bench_throughput                # 10 minutes
    python -m benchmarks.bench_throughput --thumbor ~/thumbor/bin/thumbor
    python -m benchmarks.bench_throughput --threads --originals jpeg:9,bmp:18
    python -m benchmarks.bench_throughput --workers 1 --only uvicorn --originals jpeg:9,png:9

thumbor needs an older Pillow: `python -m venv ~/thumbor && ~/thumbor/bin/pip install thumbor`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.photos import SIZES, photo, write_original
from benchmarks.renderers import libvips_version
from benchmarks.results import report
from benchmarks.servers import serving
from benchmarks.throughput_apps import QUALITY
from benchmarks.timing import machine, table

#: Kind and megapixels.
ORIGINALS = (
    ("jpeg", "9"), ("jpeg", "18"), ("bmp", "18"), ("tiff", "18"), ("tiff-lzw", "18"), ("png", "9"),
    ("webp", "9"),
)  # fmt: skip

CLIENTS, WORKERS = 8, 2

#: Neither ours nor a peer: what no picture made of the same decode can be faster than.
_FLOOR = "decoding alone, uvicorn"

#: Originals that differ in nothing but their names.
COPIES = 16

#: What the others do without being told is to be asked for here.
_PATH = f"/image/{{name}}?w={{width}}&fm=jpg&q={QUALITY}"


@dataclass(frozen=True)
class Candidate:
    """A server's command for a port, its environment, and the path of a picture."""

    command: Callable[[int], list[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    path: str = _PATH


@dataclass(frozen=True)
class Seen:
    """Pictures a second, and the median seconds of one, each in every round; or what was wrong."""

    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    wrong: str = ""


def uvicorn(app: str, port: int, workers: int = WORKERS) -> list[str]:
    return [
        *(sys.executable, "-m", "uvicorn", "--factory", "--port", str(port)),
        *("--workers", str(workers), "--no-access-log", "--log-level", "error"),
        f"benchmarks.throughput_apps:{app}",
    ]


def gunicorn(app: str, port: int, workers: int = WORKERS) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--no-control-socket"),
        *("--workers", str(workers), "--threads", "4", "--log-level", "error"),
        f"benchmarks.throughput_apps:{app}()",
    ]


def thumbor(executable: str, folder: Path, port: int) -> list[str]:
    configuration = folder / "thumbor.conf"
    configuration.write_text(
        "LOADER = 'thumbor.loaders.file_loader'\n"
        f"FILE_LOADER_ROOT_PATH = {str(folder)!r}\n"
        "STORAGE = 'thumbor.storages.no_storage'\n"
        f"QUALITY = {QUALITY}\n"
    )
    return [executable, "-p", str(port), "-c", str(configuration), "--processes", str(WORKERS)]


def peers(folder: Path, thumbors: str | None, workers: int, only: str) -> dict[str, Candidate]:
    wsgi, asgi = partial(gunicorn, workers=workers), partial(uvicorn, workers=workers)
    found = {
        "here, gunicorn": Candidate(partial(wsgi, "ours_wsgi")),
        "here, uvicorn": Candidate(partial(asgi, "ours_asgi")),
        "blog post, Flask, gunicorn": Candidate(partial(wsgi, "blog_post_wsgi")),
        "Starlette, pyvips, uvicorn": Candidate(
            partial(asgi, "libvips_asgi"), {"VIPS_CONCURRENCY": "1"}
        ),
        _FLOOR: Candidate(partial(asgi, "decoding_asgi")),
    }
    if thumbors:
        found["thumbor"] = Candidate(
            partial(thumbor, thumbors, folder),
            path="/unsafe/{width}x0/filters:format(jpeg)/{name}",
        )
    return {name: one for name, one in found.items() if only in name}


def threads() -> dict[str, Candidate]:
    """The same application, with as many threads for OpenCV and BLAS as they like, or one."""
    one = {"THROUGHPUT_CV2_THREADS": "1"}, {"OPENBLAS_NUM_THREADS": "1"}
    ways = {"default": {}, "OpenCV 1": one[0], "BLAS 1": one[1], "both 1": {**one[0], **one[1]}}
    return {
        name: Candidate(partial(uvicorn, "ours_asgi"), environment)
        for name, environment in ways.items()
    }


def write_copies(folder: Path, kind: str, size: str) -> str:
    """One file under many names, each of which is an original of its own; their names."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        path = write_original(Path(name), kind, photo(*SIZES[size])[1])
        for number in range(COPIES):
            os.link(path, folder / f"{kind}-{size}-{number}{path.suffix}")
        return f"{kind}-{size}-{{number}}{path.suffix}"


def asked(url: str, seconds: float, clients: int, copies: int) -> tuple[float, float, str]:
    """Pictures a second, the median seconds of one, and what was wrong."""
    command = [sys.executable, "-m", "benchmarks.throughput_client", url, str(seconds)]
    run = subprocess.run(
        [*command, str(clients), str(copies)], capture_output=True, text=True, check=True
    )
    seen = json.loads(run.stdout)
    return seen["rate"], median(seen["taken"] or [0]), seen["wrong"]


def measured(
    makers: Mapping[str, Candidate], name: str, clients: int, arguments: argparse.Namespace
) -> dict[str, Seen]:
    """Every server in turn, after a round to warm up; those that wait take no time."""
    seen = {maker: Seen() for maker in makers}
    with ExitStack() as stack:
        folder = {"THROUGHPUT_FOLDER": str(arguments.folder)}
        ports = {
            maker: stack.enter_context(serving(one.command, {**folder, **one.environment}))
            for maker, one in makers.items()
        }
        for number in range(arguments.rounds + 1):
            for maker, one in makers.items():
                if seen[maker].wrong:
                    continue
                path = one.path.replace("{name}", name)
                url = f"http://127.0.0.1:{ports[maker]}{path}"
                most = arguments.seconds if number else 0.5
                rate, seconds, wrong = asked(url, most, clients, arguments.copies)
                if wrong:
                    seen[maker] = Seen(wrong=wrong)
                elif number:
                    seen[maker].rates.append(rate)
                    seen[maker].seconds.append(seconds)
    return seen


def row(seen: Mapping[str, Seen], key: Callable[[Seen], list[float]], form: str) -> list[str]:
    return [
        f"{median(key(one)):{form}} ({min(key(one)):{form}} to {max(key(one)):{form}})"
        if key(one)
        else "cannot"
        for one in seen.values()
    ]


def rows_of_peers(
    arguments: argparse.Namespace, makers: Mapping[str, Candidate]
) -> list[list[str]]:
    rows = []
    for kind, size in arguments.originals:
        name = write_copies(arguments.folder, kind, size)
        seen = measured(makers, name, CLIENTS, arguments)
        rates = {maker: median(one.rates) for maker, one in seen.items() if one.rates}
        floor = rates.pop(_FLOOR, math.nan)
        ours, best = (
            max(rate for maker, rate in rates.items() if maker.startswith("here") is here)
            for here in (True, False)
        )
        cells = row(seen, lambda one: one.rates, ".1f")
        ratios = f"{ours / best:.2f}", f"{floor / best:.2f}"
        rows.append([f"{size} MP {kind}", *cells, *ratios])
        print(*rows[-1], *(one.wrong for one in seen.values() if one.wrong), flush=True)
    return rows


def rows_of_threads(
    arguments: argparse.Namespace, makers: Mapping[str, Candidate]
) -> list[list[str]]:
    rows = []
    for kind, size in arguments.originals:
        name = write_copies(arguments.folder, kind, size)
        busy = measured(makers, name, CLIENTS, arguments)
        idle = measured(makers, name, 1, arguments)
        what = f"{size} MP {kind}"
        rows.append([what, "pictures/s, busy", *row(busy, lambda one: one.rates, ".1f")])
        in_ms = row(idle, lambda one: [1e3 * value for value in one.seconds], ".0f")
        rows.append([what, "ms, idle", *in_ms])
        print(*rows[-2], "|", *rows[-1], flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--copies", type=int, default=COPIES, help="of each original")
    parser.add_argument("--thumbor", help="its executable")
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes of each server")
    parser.add_argument("--only", default="", help="part of the names of those to compare")
    parser.add_argument("--threads", action="store_true")
    parser.add_argument("--originals", default=",".join(f"{k}:{s}" for k, s in ORIGINALS))
    arguments = parser.parse_args()
    arguments.originals = [tuple(text.split(":")) for text in arguments.originals.split(",")]

    with tempfile.TemporaryDirectory() as folder:
        arguments.folder = Path(folder)
        asked = arguments.folder, arguments.thumbor, arguments.workers, arguments.only
        makers = threads() if arguments.threads else peers(*asked)
        head: Sequence[str]
        if arguments.threads:
            title, head = "Threads of OpenCV and BLAS", ["original", "", *makers]
            rows = rows_of_threads(arguments, makers)
        else:
            one = ", of one photo" if arguments.copies == 1 else ""
            alone = ", one process" if arguments.workers == 1 else ""
            title = f"Throughput over HTTP{one}{alone}"
            head = ["original", *makers, "here / best peer", "decoding alone / best peer"]
            rows = rows_of_peers(arguments, makers)
    packages = ("opencv-python-headless", "pillow", "gunicorn", "uvicorn", "flask", "starlette")
    about = (
        f"{machine(*packages)}; libvips {libvips_version()}. "
        f"{CLIENTS} clients, {arguments.workers} workers, about 800 pixels wide, q={QUALITY}; "
        f"median (min to max) of {arguments.rounds} rounds of {arguments.seconds:g} s.\n"
    )
    report(title, f"{about}\n{table(head, rows)}")


if __name__ == "__main__":
    main()
