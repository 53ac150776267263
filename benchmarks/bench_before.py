"""What a render takes here beside an older version of this package, in pairs.

Each version is a process of its own, and they take turns, so that what else the machine does slows
both. Processor time, as others may want the machine too.

    git worktree add ../before REVISION
    python -m benchmarks.bench_before ../before --starts 8
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import product
from pathlib import Path
from statistics import median

from benchmarks.bench_render import job_of
from benchmarks.photos import KINDS
from benchmarks.render_cells import Cell, Originals
from benchmarks.renderers import ONE_THREAD, Candidate, Cost, Job, Renderer, candidates
from benchmarks.timing import table

LARGE = ("9", 800, ("jpg", "webp", "avif", "png"))
SMALL = ("2", 301, ("jpg", "png"))
#: What is freed stays with the process (mallopt(3)). Else the C library gives the top of its heap
#: back after one render and not after another, by what lies beside it: of equal versions one has
#: eight times the page faults, and takes 1.1 of the time.
KEPT = {"MALLOC_TRIM_THRESHOLD_": str(2**30), "MALLOC_MMAP_THRESHOLD_": str(2**30)}

Pairs = list[tuple[Cost, Cost]]
HEAD = ("original", "MP", "width", "result", "ms before", "ms now", "median of ratios", "bytes")


def of(folder: Path) -> Candidate:
    """The version in a folder, and not that of the one where this is started (-P)."""
    python, *rest = candidates(None)["plain"].command
    return Candidate((python, "-P", *rest), {"PYTHONPATH": str(folder.resolve()), **KEPT})


def pairs(before: Renderer, now: Renderer, job: Job, rounds: int) -> Pairs:
    """What each of the two took, round by round; they take turns in who goes first."""
    before(job), now(job)
    found = []
    for number in range(rounds):
        if number % 2:
            old, new = before(job), now(job)
        else:
            new, old = now(job), before(job)
        found.append((old, new))
    return found


def row(found: Pairs) -> list[object]:
    times = (
        f"{1e3 * median(cost.cpu for cost in costs):.1f}" for costs in zip(*found, strict=True)
    )
    ratio = median(new.cpu / old.cpu for old, new in found)
    old, new = found[0]
    return [*times, f"{ratio:.2f}", f"{new.bytes / old.bytes:.3f}"]


def measured(
    before: Path, cells: list[Cell], path: Path, starts: int, rounds: int
) -> dict[Cell, Pairs]:
    """The pairs of all cells of one original, from several starts of both versions.

    Where buffers come to lie is by chance when a process starts, and stays so.
    """
    found: dict[Cell, Pairs] = {cell: [] for cell in cells}
    for _ in range(starts):
        with of(before).started(ONE_THREAD) as old, of(Path()).started(ONE_THREAD) as new:
            for cell in cells:
                found[cell] += pairs(old, new, job_of(cell, path), rounds)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("--kinds", nargs="+", choices=tuple(KINDS), default=tuple(KINDS))
    parser.add_argument("--starts", type=int, default=4, help="of each version, for each kind")
    parser.add_argument("--rounds", type=int, default=6, help="of each start")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        originals = Originals(Path(name))
        for (size, width, results), kind in product((LARGE, SMALL), arguments.kinds):
            cells = [Cell(kind, size, width, result) for result in results]
            path = originals.path(kind, size)
            found = measured(arguments.before, cells, path, arguments.starts, arguments.rounds)
            for cell in cells:
                rows.append([kind, size, width, cell.format, *row(found[cell])])
                print(*rows[-1], flush=True)
    print(table(HEAD, rows))


if __name__ == "__main__":
    main()
