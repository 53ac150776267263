"""Two threads of one process, beside two processes of one thread: pictures a second.

Each thread renders an original of its own to one width again and again, with nothing cached and
everything else at its default. The two take turns, and the ratio is that of neighbouring turns.
Where the machine has other work two threads take turns, as one processor's would, and hardly
meet at Python's lock. So the calmer half of the rounds counts, and beside the ratio stands that of
the time a picture takes of its thread, whatever others do: running, or waiting for the lock.

    python -m benchmarks.bench_threads [--rounds 12] [--seconds 0.5] [--kinds jpeg,bmp] [--sizes 9]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.photos import KINDS, SIZES, photo, write_original
from benchmarks.results import report
from benchmarks.timing import machine, table

THREADS = 2


@dataclass(frozen=True)
class Turn:
    """Pictures a second; how much of it threads slept; the seconds that a picture ran and slept;
    and what others took of the machine.
    """

    rate: float
    asleep: float
    own: float
    others: float


class Process:
    """One of `threads_child`, that waits for its turns."""

    def __init__(self, paths: list[Path], width: int, format: str) -> None:
        child = [sys.executable, "-m", "benchmarks.threads_child"]
        self._process = subprocess.Popen(
            [*child, str(width), format, *map(str, paths)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, seconds: float) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()

    def told(self) -> tuple[float, float, float]:
        assert self._process.stdout
        rate, asleep, used = map(float, self._process.stdout.readline().split())
        return rate, asleep, used

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)


def together(processes: list[Process], seconds: float) -> Turn:
    """A turn of all of them at once."""
    before = _busy()
    for process in processes:
        process.start(seconds)
    rates, asleep, used = zip(*(process.told() for process in processes), strict=True)
    busy, all_of_it = (now - then for now, then in zip(_busy(), before, strict=True))
    slept = sum(asleep) / len(asleep)
    own = (sum(used) / seconds + THREADS * slept) / sum(rates)
    return Turn(sum(rates), slept, own, (busy - sum(used)) / all_of_it)


def _busy() -> tuple[float, float]:
    """Seconds that the machine's processors worked, and all of them (Linux, proc(5))."""
    ticks = [int(text) for text in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    second = os.sysconf("SC_CLK_TCK")
    return (sum(ticks) - ticks[3] - ticks[4]) / second, sum(ticks) / second


@dataclass(frozen=True)
class Round:
    """Neighbouring turns: of one thread, of two, and of two processes."""

    one: Turn
    threads: Turn
    processes: Turn

    @property
    def others(self) -> float:
        return max(self.threads.others, self.processes.others)


def row(rounds: list[Round]) -> list[str]:
    calm = sorted(rounds, key=lambda round: round.others)[: -(-len(rounds) // 2)]
    ratios = [round.threads.rate / round.processes.rate for round in calm]
    owns = [round.processes.own / round.threads.own for round in rounds]
    return [
        f"{median(round.one.rate for round in calm):.1f}",
        f"{median(round.threads.rate for round in calm):.1f}",
        f"{median(round.processes.rate for round in calm):.1f}",
        f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        f"{median(owns):.2f} ({min(owns):.2f} to {max(owns):.2f})",
        f"{median(round.threads.asleep for round in calm):.1%}",
        f"{median(round.others for round in calm):.0%}",
    ]


def measured(path: Path, width: int, format: str, rounds: int, seconds: float) -> list[Round]:
    with ExitStack() as stack:
        paths = [path.parent / str(number) / path.name for number in range(THREADS)]
        for copy in paths:
            copy.parent.mkdir()
            shutil.copy(path, copy)
        processes = [Process(whose, width, format) for whose in (paths, paths[:1], paths[1:])]
        for process in processes:
            stack.callback(process.close)
        both, one, other = processes
        whose = [[one], [both], [one, other]]
        made = []
        for number in range(rounds):
            order = (0, 1, 2) if number % 2 else (2, 1, 0)
            turns = {at: together(whose[at], seconds) for at in order}
            made.append(Round(turns[0], turns[1], turns[2]))
        return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--kinds", default="jpeg,bmp,tiff,png,webp")
    parser.add_argument("--sizes", default="18,9")
    parser.add_argument("--width", type=int, default=800)
    parser.add_argument("--format", default="jpg")
    arguments = parser.parse_args()

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in arguments.sizes.split(","):
            name, pixels = photo(*SIZES[size])
            for kind in arguments.kinds.split(","):
                assert kind in KINDS, kind
                path = write_original(Path(folder), kind, pixels)
                made = measured(
                    path, arguments.width, arguments.format, arguments.rounds, arguments.seconds
                )
                rows.append([f"{kind} {size} MP", *row(made)])
                print(rows[-1], flush=True)
    text = (
        f"{machine('opencv-python-headless', 'numpy')}; {os.cpu_count()} processors, load "
        f"{os.getloadavg()[0]:.1f} at the end; {name} to {arguments.width} pixels as "
        f"{arguments.format}. Pictures a second, medians of the calmer half of {arguments.rounds} "
        f"rounds of {arguments.seconds:g} s; ratios are the median (least to most) of those of "
        "neighbours. Own time is what a picture runs and sleeps, of all rounds; asleep is how much "
        "of its time each of two threads waited, mostly for Python's lock; others is what they "
        "took of the machine.\n\n"
    )
    head = ["original", "one thread", "two threads", "two processes", "threads / processes"]
    head += ["own time, processes / threads", "asleep", "others"]
    report("Two threads of one process", text + table(head, rows))


if __name__ == "__main__":
    main()
