"""What a render takes here beside an older version of this package, in pairs.

Each version is a process of its own, and they take turns, so that what else the machine does slows
both. Processor time, as others may want the machine too.

    git worktree add ../before REVISION
    python -m benchmarks.bench_before ../before --rounds 16
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.bench_render import job_of
from benchmarks.photos import KINDS
from benchmarks.render_cells import Cell, Originals
from benchmarks.renderers import ONE_THREAD, Candidate, Job, Renderer, candidates
from benchmarks.timing import table

LARGE = ("9", 800, ("jpg", "webp", "avif", "png"))
SMALL = ("2", 301, ("jpg", "png"))
HEAD = ("original", "MP", "width", "result", "ms before", "ms now", "median of ratios", "bytes")


def of(folder: Path) -> Candidate:
    """The version in a folder, and not that of the one where this is started (-P)."""
    python, *rest = candidates(None)["plain"].command
    return Candidate((python, "-P", *rest), {"PYTHONPATH": str(folder.resolve())})


def pairs(before: Renderer, now: Renderer, job: Job, rounds: int) -> list[object]:
    before(job), now(job)
    old, new = [], []
    for number in range(rounds):
        for render, costs in ((before, old), (now, new))[:: 1 if number % 2 else -1]:
            costs.append(render(job))
    ratios = [b.cpu / a.cpu for a, b in zip(old, new, strict=True)]
    times = (f"{1e3 * median(cost.cpu for cost in costs):.1f}" for costs in (old, new))
    return [*times, f"{median(ratios):.2f}", f"{new[0].bytes / old[0].bytes:.3f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("--rounds", type=int, default=16)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        originals = Originals(Path(name))
        for size, width, results in (LARGE, SMALL):
            for kind in KINDS:
                path = originals.path(kind, size)
                # Others each time: where large buffers come to lie is by chance, and stays so.
                with (
                    of(arguments.before).started(ONE_THREAD) as before,
                    of(Path()).started(ONE_THREAD) as now,
                ):
                    for result in results:
                        cell = Cell(kind, size, width, result)
                        found = pairs(before, now, job_of(cell, path), arguments.rounds)
                        rows.append([kind, size, width, result, *found])
                        print(*rows[-1], flush=True)
    print(table(HEAD, rows))


if __name__ == "__main__":
    main()
