"""What does the disk cache cost, beside a file that is just opened, and beside diskcache?

Bodies of 20 kB, 10,000 of them; diskcache with its own verification, which is none. Keys are chosen
at random, so that the same are asked of both.

    python -m benchmarks.bench_disk
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import diskcache

from benchmarks.timing import Timing, interleaved, machine, table
from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.messages import Result

SIZE = 20_000


def key(number: int) -> str:
    return f"{number:022x}"


def files(folder: Path, entries: int) -> Callable[[], None]:
    folder.mkdir()
    for i in range(entries):
        (folder / key(i)).write_bytes(os.urandom(SIZE))

    def read() -> None:
        with open(folder / key(random.randrange(entries)), "rb", 0) as file:
            file.read()

    return read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--entries", type=int, default=10_000)
    arguments = parser.parse_args()
    entries = arguments.entries
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        most = entries * 2 * SIZE
        disk = DiskStore(folder / "disk", most)
        era = disk.era()
        other = diskcache.Cache(
            str(folder / "other"), size_limit=most, eviction_policy="least-recently-used"
        )
        bare = files(folder / "files", entries)
        for i in range(entries):
            body = os.urandom(SIZE)
            disk.put(key(i), Result(body, "image/webp"), ("id",), era)
            other.set(key(i), body, tag="id")
        for i in range(entries):  # as after some minutes: each was read once
            disk.get(key(i)).close()  # type: ignore[union-attr]
        news = itertools.count(entries)
        body = os.urandom(SIZE)
        result = Result(body, "image/webp")

        def hit() -> None:
            found = disk.get(key(random.randrange(entries)))
            if found:
                found.close()

        def hit_read() -> None:
            found = disk.get(key(random.randrange(entries)))
            if found:
                found.read()

        def first_hit() -> None:
            number = key(random.randrange(entries))
            disk._verified.forget(number)
            found = disk.get(number)
            if found:
                found.close()

        def claim() -> None:
            taken = disk.claim(key(0))
            if taken:
                taken.release()

        timings = interleaved(
            {
                "a bare file opened and read": bare,
                "hit, opened": hit,
                "hit, opened and read": hit_read,
                "first hit of a process: checksum": first_hit,
                "miss": lambda: disk.get("no"),
                "put": lambda: disk.put(key(next(news)), result, ("id",), era),
                "claim, taken and released": claim,
                "diskcache: hit, read": lambda: other.get(key(random.randrange(entries))),
                "diskcache: miss": lambda: other.get("no"),
                "diskcache: put": lambda: other.set(key(next(news)), body, tag="id"),
            },
            arguments.rounds,
            arguments.calls,
        )
        disk.close()
        other.close()
    print(machine("diskcache"))
    print(table(("", "µs", "of a bare read"), [row(name, timings) for name in timings]))


def row(name: str, timings: dict[str, Timing]) -> tuple[str, str, str]:
    timing, bare = timings[name], timings["a bare file opened and read"]
    median, least, most = (1e6 * t for t in (timing.median, timing.least, timing.most))
    return name, f"{median:.1f} ({least:.1f} to {most:.1f})", f"{timing.median / bare.median:.2f}"


if __name__ == "__main__":
    main()
