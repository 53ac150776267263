"""What `isolate=True` costs, and what it gains: pictures a second with and without.

One thread, and two of one process, ask for originals of their own, over and over, with no result
cached: once they render themselves, once workers do. The two take turns, and the ratio is that of
neighbouring turns, of the calmer half of them. Beside it stands the ratio of the processors' time
that a picture takes, of all processes together, which other work on the machine touches less.

On a busy machine run it at real-time priority (`chrt -r 1`), with a pause before each turn: each
worker is a session of its own, and Linux gives each session the same share.

    python -m benchmarks.bench_isolate [--rounds 12] [--seconds 1] [--pause 0] [--kinds jpeg,bmp]
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.photos import SIZES, photo, write_original
from benchmarks.results import report
from benchmarks.timing import machine, table
from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.service.isolated.isolated import Isolated

_THREADS = 2
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Turn:
    rate: float
    spent: float  # seconds of processors, a picture
    others: float  # what others took of the machine meanwhile, in processors


class Service:
    """One of the two, and what its processes have taken."""

    def __init__(self, folder: Path, *, isolate: bool, held: bool) -> None:
        kept = {} if held else {"decoded_bytes": 0}
        self._service = ImageService(
            folder, isolate=isolate, cache_bytes=0, render_slots=_THREADS, lend_slots=False, **kept
        )
        self._isolate = isolate

    def turn(self, paths: list[str], seconds: float) -> Turn:
        made: list[int] = []
        threads = [
            threading.Thread(target=self._work, args=(path, seconds, made)) for path in paths
        ]
        before, busy, start = self._spent(), _busy(), time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken, spent = time.perf_counter() - start, self._spent() - before
        return Turn(sum(made) / taken, spent / sum(made), (_busy() - busy - spent) / taken)

    def _work(self, path: str, seconds: float, made: list[int]) -> None:
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            answer = self._service.handle(ImageRequest("GET", path, f"w={780 + count % 40}&fm=jpg"))
            assert answer
            assert answer.status == 200
            count += 1
        made.append(count)

    def _spent(self) -> float:
        making = self._service._pictures._making
        workers = making._pool.workers if isinstance(making, Isolated) else []
        return time.process_time() + sum(_seconds(worker.pid) for worker in workers)

    def memory(self) -> int:
        """Bytes of each worker that no other process has, in the mean (proc(5), smaps_rollup)."""
        making = self._service._pictures._making
        assert isinstance(making, Isolated)
        pids = [worker.pid for worker in making._pool.workers]
        return sum(map(_private, pids)) // len(pids)


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _private(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def _busy() -> float:
    """Seconds that the machine's processors worked (proc(5))."""
    ticks = [int(text) for text in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / _TICK


def row(rounds: list[tuple[Turn, Turn]]) -> list[str]:
    calm = sorted(rounds, key=lambda pair: max(turn.others for turn in pair))
    calm = calm[: -(-len(rounds) // 2)]
    rates = [apart.rate / here.rate for here, apart in calm]
    spent = [apart.spent / here.spent for here, apart in calm]
    return [
        f"{median(here.rate for here, _ in calm):.1f}",
        f"{median(apart.rate for _, apart in calm):.1f}",
        f"{median(rates):.2f} ({min(rates):.2f} to {max(rates):.2f})",
        f"{median(spent):.2f} ({min(spent):.2f} to {max(spent):.2f})",
        f"{median(max(turn.others for turn in pair) for pair in calm):.1f}",
    ]


def measured(
    folder: Path, paths: list[str], rounds: int, seconds: float, pause: float, *, held: bool
) -> tuple[list[tuple[Turn, Turn]], int]:
    """The turns, without the first; and the bytes of a worker."""
    services = [Service(folder, isolate=isolate, held=held) for isolate in (False, True)]
    turns: list[tuple[Turn, Turn]] = []
    for _ in range(rounds + 1):
        pair = []
        for service in services:
            time.sleep(pause)
            pair.append(service.turn(paths, seconds))
        turns.append((pair[0], pair[1]))
    return turns[1:], services[1].memory()


def originals(folder: Path, kind: str) -> list[str]:
    """The paths of one for each thread."""
    paths = [write_original(folder, kind, photo(*SIZES["9"])[1])]
    for number in range(1, _THREADS):
        paths.append(paths[0].with_stem(f"photo{number}"))
        shutil.copyfile(paths[0], paths[-1])
    return [f"/image/{path.relative_to(folder)}" for path in paths]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds before each turn")
    parser.add_argument("--kinds", default="jpeg,bmp,png,webp")
    given = parser.parse_args()
    rows, memory = [], 0
    with tempfile.TemporaryDirectory() as temporary:
        for kind in given.kinds.split(","):
            paths = originals(Path(temporary), kind)
            times = given.rounds, given.seconds, given.pause
            for asking, held in ((1, False), (2, False), (1, True), (2, True)):
                turns, memory = measured(Path(temporary), paths[:asking], *times, held=held)
                what = f"{kind} 9 MP, " + ("held decoded" if held else "decoded each time")
                rows.append([what, str(asking), *row(turns)])
                print(rows[-1], flush=True)
    head = ["original", "threads", "here", "in workers", "workers / here"]
    head += ["processors' time, workers / here", "others"]
    how = " at real-time priority" if os.sched_getscheduler(0) == os.SCHED_RR else ""
    text = (
        f"{machine('opencv-python-headless', 'numpy')}; {os.cpu_count()} processors{how}, load "
        f"{os.getloadavg()[0]:.1f} at the end. Threads that ask, each for an original of its "
        "own; two slots, about 800 pixels wide as jpg. Pictures a second, medians of the calmer "
        "half of "
        f"{given.rounds} pairs of {given.seconds:g} s; ratios are the median (least to most) of "
        "those of neighbours. Others is how many processors other work took meanwhile. A worker "
        f"had {memory >> 20} MB of its own.\n\n"
    )
    report("What isolation costs", text + table(head, rows))


if __name__ == "__main__":
    main()
