"""One original to one result: how long, how much memory, how many bytes, how near to the ideal?

Here, beside the blog post's code (`cv2.imread`, `cv2.resize`,
`cv2.imencode`), Pillow's and libvips' `thumbnail`, and sharp, each in a process of its own that has
one thread. Nothing is cached. What is near is told by PSNR and SSIM against Lanczos-3 in floats of
the whole original. Last come the project's goals, as far as what was measured tells them.

    python -m benchmarks.bench_render            # a few minutes
    python -m benchmarks.bench_render --all      # every size and width, grouped; an hour
    python -m benchmarks.bench_render --originals bmp,tiff-lzw --sizes 18,2 --results jpg,avif
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.likeness import psnr, shown, ssim
from benchmarks.photos import KINDS, SIZES, photo
from benchmarks.render_cells import Cell, Measured, Originals
from benchmarks.render_goals import equal_ssim, five_widths, goals
from benchmarks.renderers import (
    ONE_THREAD,
    Candidate,
    CannotError,
    Cost,
    Job,
    Renderer,
    candidates,
    libvips_version,
)
from benchmarks.results import report
from benchmarks.timing import Timing, machine, table
from imgmiddleware.formats.results import RESULTS

#: `q` of lossy results; the others are given the same encoder's own quality.
QUALITY = 80

#: Who takes longer than these seconds to warm up is not asked again: that time counts.
PATIENCE = 2.0

#: Shown at least, because goals are about them.
GOALS = (("bmp", "18", 800, "jpg"), ("jpeg", "9", 800, "avif"))

#: Of these, five widths are asked for.
FIVE = ("jpeg", "bmp", "png", "tiff", "tiff-lzw", "webp")


def job_of(cell: Cell, path: Path) -> Job:
    width, height = SIZES[cell.size]
    own = RESULTS[cell.format].own(QUALITY)
    height = round(cell.width * height / width)
    return Job(str(path), cell.width, height, cell.format, own, QUALITY)


def timed(renderers: dict[str, Renderer], job: Job, rounds: int) -> dict[str, list[Cost]]:
    """Interleaved, after a round to warm up; without those that cannot."""
    costs: dict[str, list[Cost]] = {}
    for name, render in renderers.items():
        try:
            first = render(job)
        except CannotError:
            continue
        costs[name] = [first] if first.wall > PATIENCE else []
    waiting = [name for name, seen in costs.items() if not seen]
    for number in range(rounds):
        turn = number % len(waiting) if waiting else 0  # nobody always follows the same one
        for name in waiting[turn:] + waiting[:turn]:
            costs[name].append(renderers[name](job))
    return costs


def memory(candidate: Candidate, environment: dict[str, str], job: Job, tiny: Path) -> int:
    """The peak above idle of a process that has rendered a tiny original of the same kind."""
    with candidate.started(environment) as render:
        render(replace(job, path=str(tiny), width=32, height=18))
        idle = render.forget_peak()
        render(job)
        return render.peak() - idle


@contextmanager
def sharp_folder(wanted: bool) -> Iterator[str | None]:
    """A temporary folder with sharp, from npm."""
    if not wanted:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "install", "--silent", "--prefix", folder, "sharp"], check=True)
        yield folder


def measured(
    cells: Sequence[Cell],
    makers: dict[str, Candidate],
    arguments: argparse.Namespace,
    originals: Originals,
    folder: Path,
) -> Iterator[Measured]:
    environment = ONE_THREAD if arguments.threads == "1" else {}
    weighed: set[tuple[str, str]] = set()
    with ExitStack() as stack:
        renderers = {
            name: stack.enter_context(maker.started(environment)) for name, maker in makers.items()
        }
        for cell in cells:
            path = originals.path(cell.original, cell.size)
            job = job_of(cell, path)
            # What a result adds to what its original takes is little: once for each will do.
            weigh = (cell.original, cell.size) not in weighed or arguments.memory
            weighed.add((cell.original, cell.size))
            for name, costs in timed(renderers, job, arguments.rounds).items():
                result = folder / f"result.{cell.format}"
                renderers[name](replace(job, to=str(result)))
                pixels = shown(result.read_bytes())
                ideal = originals.ideal(path, pixels.shape[1::-1])
                tiny = originals.tiny(cell.original)
                yield Measured(
                    cell,
                    name,
                    _timing([cost.wall for cost in costs]),
                    _timing([cost.cpu for cost in costs]),
                    memory(makers[name], environment, job, tiny) if weigh else None,
                    costs[0].bytes,
                    psnr(pixels, ideal),
                    ssim(pixels, ideal),
                )


def _timing(seconds: Sequence[float]) -> Timing:
    return Timing(median(seconds), min(seconds), max(seconds))


def rows_of(found: Sequence[Measured]) -> list[list[str]]:
    libvips = {one.cell: one for one in found if one.by == "libvips"}
    rows = []
    for one in found:
        cell, wall, peer = one.cell, one.wall, libvips.get(one.cell)
        rows.append(
            [
                *(cell.original, cell.size, str(cell.width), cell.format, one.by),
                f"{1e3 * wall.median:.0f} ({1e3 * wall.least:.0f} to {1e3 * wall.most:.0f})",
                f"{1e3 * one.cpu.median:.0f}",
                f"{wall.median / peer.wall.median:.2f}" if peer else "",
                f"{one.cpu.median / peer.cpu.median:.2f}" if peer else "",
                "" if one.memory is None else f"{one.memory / 1e6:.0f}",
                str(one.bytes),
                *(f"{one.psnr:.1f}", f"{one.ssim:.4f}"),
            ]
        )
    return rows


def grouped(found: Sequence[Measured]) -> list[list[str]]:
    """A row for each kind of original and result: ours against libvips, over sizes and widths."""
    peers = {one.cell: one for one in found if one.by == "libvips"}
    groups: dict[tuple[str, str], list[tuple[Measured, Measured]]] = {}
    for one in found:
        if one.by == "plain" and one.cell in peers:
            group = groups.setdefault((one.cell.original, one.cell.format), [])
            group.append((one, peers[one.cell]))
    rows = []
    for names, pairs in groups.items():
        wall = [one.wall.median / peer.wall.median for one, peer in pairs]
        cpu = [one.cpu.median / peer.cpu.median for one, peer in pairs]
        near = [one.psnr - peer.psnr for one, peer in pairs]
        size = [one.bytes / peer.bytes for one, peer in pairs]
        times = [f"{median(ratios):.2f} ({max(ratios):.2f})" for ratios in (wall, cpu)]
        psnr = f"{median(near):+.1f} ({min(near):+.1f})"
        rows.append([*names, str(len(pairs)), *times, psnr, f"{median(size):.2f}"])
    return rows


GROUPED = (
    *("original", "result", "cells", "time / libvips' (worst)", "processor / libvips' (worst)"),
    *("PSNR - libvips' (worst)", "bytes / libvips'"),
)

HEAD = (
    *("original", "MP", "width", "result", "by", "ms (min to max)", "processor ms"),
    *("time / libvips'", "processor / libvips'", "peak MB", "bytes", "PSNR", "SSIM"),
)


def chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--originals", default=",".join(KINDS))
    parser.add_argument("--sizes", default="9", help=f"megapixels: {','.join(SIZES)}")
    parser.add_argument("--widths", default="800")
    parser.add_argument("--results", default="jpg,png")
    parser.add_argument("--all", action="store_true", help="every size, width and result")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", choices=("1", "default"), default="1")
    parser.add_argument("--memory", action="store_true", help="of every cell")
    parser.add_argument("--sharp", action="store_true", help="install it from npm, and ask it too")
    parser.add_argument("--by", default="", help="only these, of those in the table")
    arguments = parser.parse_args()
    if arguments.all:
        arguments.sizes, arguments.widths = ",".join(SIZES), "301,800,1600"
        arguments.results = "jpg,webp,avif,png"
    return arguments


def cells_of(arguments: argparse.Namespace) -> list[Cell]:
    cells = [
        Cell(original, size, int(width), format)
        for original in arguments.originals.split(",")
        for size in arguments.sizes.split(",")
        for width in arguments.widths.split(",")
        for format in arguments.results.split(",")
    ]
    wanted = (Cell(*goal) for goal in GOALS)
    return [*cells, *(cell for cell in wanted if cell not in cells)]


def main() -> None:
    arguments = chosen()
    with sharp_folder(arguments.sharp) as sharp, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        makers = candidates(sharp)
        if arguments.by:
            makers = {by: makers[by] for by in arguments.by.split(",")}
        originals = Originals(folder)
        ask = partial(measured, arguments=arguments, originals=originals, folder=folder)
        found = []
        for one in ask(cells_of(arguments), makers):
            print(*rows_of([one])[0], flush=True)
            found.append(one)
        lines = [
            *goals(found),
            *equal_ssim(makers, folder),
            *five_widths(originals, makers["plain"], FIVE, arguments.rounds),
        ]
    versions = machine("opencv-python-headless", "numpy", "pillow", "simplejpeg")
    about = (
        f"{versions}; libvips {libvips_version()}; {photo(64, 36)[0]}. "
        f"q={QUALITY}; threads: {arguments.threads}; "
        f"medians of {arguments.rounds} rounds, or the one round of what takes over "
        f"{PATIENCE:.0f} s. Memory is the peak of a process above idle.\n"
    )
    summary = "\n".join(f"- {line}" for line in lines)
    goal = (
        "How sharp the resampler is, PNG tells; of the others PSNR is that of their encoders too."
    )
    title = "Every render" if arguments.all else "One render"
    rows = table(GROUPED, grouped(found)) if arguments.all else table(HEAD, rows_of(found))
    report(title, f"{about}\n{goal}\n\n{summary}\n\n{rows}")


if __name__ == "__main__":
    main()
