"""One render on a machine that is idle but for it: with slots lent to its pieces, and without.

Each in a process of its own, by turns; ratios are medians of those of neighbours. The blog post's
code stands beside what it can do, and an older version where a folder of it is given. Then eight
clients ask at once, and nothing is idle: lending must cost nothing there.

    python -m benchmarks.bench_idle [--rounds 15] [--before FOLDER] [--seconds 1]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import cv2

from benchmarks.photos import KINDS, SIZES, photo, write_original
from benchmarks.results import report
from benchmarks.timing import machine, table

KINDS["tiff-deflate"] = (".tif", [cv2.IMWRITE_TIFF_COMPRESSION, 8])

#: What is made of which original: kind, megapixels, query, and whether the blog post's code can.
CELLS = (
    ("tiff-lzw", "18", "w=800&fm=jpg&q=80", False),
    ("tiff-deflate", "18", "w=800&fm=jpg&q=80", False),
    ("bmp", "2", "fm=png", False),
    ("jpeg", "2", "fm=png", False),
    ("bmp", "2", "fm=avif", False),
    ("bmp", "18", "w=800&fm=jpg&q=80", True),
    ("bmp", "18", "w=0.333333&fm=png", True),
    ("jpeg", "18", "w=0.333333&fm=png", True),
)
#: What eight clients ask for.
LOADS = (
    ("tiff-lzw", "9", "w=800&fm=jpg"),
    ("bmp", "9", "w=800&fm=jpg"),
    ("jpeg", "9", "w=800&fm=png"),
)
CLIENTS = 8


class Child:
    """One of `idle_child`; of the version in `folder`, if given."""

    def __init__(self, name: str, folder: str | None = None) -> None:
        # This file's benchmarks are used with any version: they stand behind it in the path.
        here = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join([folder, here] if folder else [here])
        script = Path(__file__).with_name("idle_child.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script), name],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, **job: Any) -> dict[str, float]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)


@contextmanager
def children(before: str | None) -> Iterator[dict[str, Child]]:
    with ExitStack() as stack:
        started = {name: Child(name) for name in ("lent", "alone", "blog")}
        if before:
            started["before"] = Child("plain", str(Path(before).resolve()))
        for child in started.values():
            stack.callback(child.close)
        yield started


def by_turns(asked: Mapping[str, Child], rounds: int, **job: Any) -> dict[str, list[Any]]:
    """What each answers, after a round to warm up; nobody always follows the same one."""
    names, found = [*asked], {name: [] for name in asked}
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            answer = asked[name](**job)
            if number:
                found[name].append(answer)
            time.sleep(0.01)
    return found


def ratio(one: Sequence[Any], other: Sequence[Any], key: str = "wall") -> str:
    ratios = sorted(mine[key] / its[key] for mine, its in zip(one, other, strict=True))
    quarter = len(ratios) // 4
    return f"{median(ratios):.2f} ({ratios[quarter]:.2f} to {ratios[-quarter - 1]:.2f})"


def row(name: str, found: Mapping[str, list[Any]]) -> list[str]:
    sizes = {answer["bytes"] for key in ("lent", "alone") for answer in found[key]}
    assert len(sizes) == 1, sizes
    lent, alone = found["lent"], found["alone"]

    def ms(which: str, key: str = "wall") -> str:
        times = [1000 * answer[key] for answer in found[which]] if which in found else []
        return f"{median(times):.0f}" if times else ""

    def against(which: str) -> str:
        return ratio(lent, found[which]) if which in found else ""

    own = [ms("alone"), ms("lent"), ratio(lent, alone), ratio(lent, alone, "cpu")]
    return [name, *own, ms("before"), against("before"), ms("blog"), against("blog")]


def copies(path: Path) -> list[str]:
    """Files with one content: clients that ask for one of them share its decode."""
    found = []
    for number in range(CLIENTS):
        place = path.parent / str(number) / path.name
        place.parent.mkdir(exist_ok=True)
        shutil.copy(path, place)
        found.append(str(place))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--turns", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--before")
    arguments = parser.parse_args()

    rows, loads = [], []
    with tempfile.TemporaryDirectory() as folder, children(arguments.before) as asked:
        for kind, size, query, blog in CELLS:
            path = write_original(Path(folder), kind, photo(*SIZES[size])[1])
            who = {name: child for name, child in asked.items() if blog or name != "blog"}
            found = by_turns(who, arguments.rounds, paths=[str(path)], query=query)
            rows.append(row(f"{kind} {size} MP, {query}", found))
            print(rows[-1], flush=True)
        for kind, size, query in LOADS:
            paths = copies(write_original(Path(folder), kind, photo(*SIZES[size])[1]))
            job = {"query": query, "seconds": arguments.seconds, "clients": CLIENTS}
            who = {name: asked[name] for name in ("lent", "alone")}
            found = by_turns(who, arguments.turns, paths=paths, **job)
            rates = [f"{median(one['rate'] for one in found[name]):.1f}" for name in who]
            both = ratio(found["lent"], found["alone"], "rate")
            loads.append([f"{kind} {size} MP, {query}", rates[1], rates[0], both])
            print(loads[-1], flush=True)
    head = ["one render", "ms alone", "ms lent", "lent / alone", "processor time, lent / alone"]
    head += ["ms before", "lent / before", "ms, blog post", "lent / blog post"]
    text = (
        f"{machine('opencv-python-headless', 'numpy', 'pillow')}; {os.cpu_count()} processors, "
        f"load {os.getloadavg()[0]:.1f} at the end. Medians of {arguments.rounds} rounds by turns; "
        "ratios are medians (and quartiles) of those of neighbours.\n\n"
        f"{table(head, rows)}\n\n{CLIENTS} clients, pictures a second:\n\n"
        f"{table(['original', 'alone', 'lent', 'lent / alone'], loads)}"
    )
    report("One render on an idle machine", text)


if __name__ == "__main__":
    main()
