"""What bench_render measured, as the project's goals put it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from benchmarks.likeness import reference, shown, ssim
from benchmarks.photos import FOLDER, PHOTOS, write_original
from benchmarks.render_cells import Measured, Originals
from benchmarks.renderers import ONE_THREAD, Candidate, Job, Renderer

#: What a page with `srcset` asks for.
WIDTHS = (320, 480, 640, 800, 1200)

#: Qualities between which the bytes at libvips' SSIM are interpolated.
GRID = (20, 30, 40, 50, 60, 70, 80, 90)


def goals(found: Sequence[Measured]) -> Iterator[str]:
    """Ratios to libvips over all cells that both have, then those to the blog post's code."""
    by = {(one.cell, one.by): one for one in found}
    ours = [one for one in found if one.by == "plain"]
    pairs = [(one, by[one.cell, "libvips"]) for one in ours if (one.cell, "libvips") in by]
    if not pairs:
        return
    yield from _against_libvips("plain", pairs)
    for one in ours:
        peer = by.get((one.cell, "cv2"))
        if one.memory and peer and peer.memory and one.cell.original == "bmp":
            yield (
                f"plain: {_cell(one)} against the blog post's code: time "
                f"{one.wall.median / peer.wall.median:.2f}, processor time "
                f"{one.cpu.median / peer.cpu.median:.2f}, memory {one.memory / peer.memory:.2f}"
            )


def _against_libvips(name: str, pairs: Sequence[tuple[Measured, Measured]]) -> Iterator[str]:
    kinds: Mapping[str, Callable[[Measured], bool]] = {
        "all": lambda one: True,
        **{
            format: lambda one, format=format: one.cell.format == format  # type: ignore[misc]
            for format in dict.fromkeys(one.cell.format for one, _ in pairs)
        },
    }
    for kind, belongs in kinds.items():
        some = [(one, peer) for one, peer in pairs if belongs(one)]
        wall = [(one.wall.median / peer.wall.median, _cell(one)) for one, peer in some]
        cpu = [(one.cpu.median / peer.cpu.median, _cell(one)) for one, peer in some]
        near = [(one.psnr - peer.psnr, _cell(one)) for one, peer in some]
        size = [one.bytes / peer.bytes for one, peer in some]
        yield (
            f"{name} against libvips, {kind} ({len(some)} cells): time, median "
            f"{_middle(wall):.2f}, worst {_named(max(wall))}; processor time, median "
            f"{_middle(cpu):.2f}, worst {_named(max(cpu))}; PSNR, median {_middle(near):+.1f} dB, "
            f"worst {min(near)[0]:+.1f} dB ({min(near)[1]}); bytes, median {median(size):.2f}"
        )


def _middle(values: Sequence[tuple[float, str]]) -> float:
    return median(value for value, _ in values)


def _named(value: tuple[float, str]) -> str:
    return f"{value[0]:.2f} ({value[1]})"


def _cell(one: Measured) -> str:
    cell = one.cell
    return f"{cell.original} {cell.size} MP to {cell.width} {cell.format}"


def equal_ssim(makers: Mapping[str, Candidate], folder: Path) -> Iterator[str]:
    """AVIF, 800 pixels wide, at the SSIM that libvips reaches with all its defaults."""
    if "libvips" not in makers or "plain" not in makers:
        return
    photos = [FOLDER / name for name in PHOTOS if (FOLDER / name).exists()]
    rows = [_at_equal_ssim(makers, folder, path) for path in photos]
    if not rows:
        return
    wall, cpu, size = np.median(rows, axis=0)
    yield (
        f"AVIF at 800 px against libvips' default, at its SSIM, medians of {len(rows)} photos: "
        f"time {wall:.3f}, processor time {cpu:.3f}, bytes {size:.2f} "
        f"({min(row[2] for row in rows):.2f} to {max(row[2] for row in rows):.2f})"
    )


def _at_equal_ssim(
    makers: Mapping[str, Candidate], folder: Path, path: Path
) -> tuple[float, float, float]:
    """Time, processor time and bytes as ratios, between the qualities that were tried."""
    # As a file without a profile, which some would convert.
    with tempfile.TemporaryDirectory(dir=folder) as place:
        bare = write_original(Path(place), "jpeg", np.asarray(cv2.imread(str(path))))
        return _compared(makers, bare, Path(place, "result.avif"))


def _compared(
    makers: Mapping[str, Candidate], path: Path, result: Path
) -> tuple[float, float, float]:
    original = np.asarray(cv2.imread(str(path)))
    height = round(800 * original.shape[0] / original.shape[1])
    ideal = reference(original, (800, height))
    job = Job(str(path), 800, height, "avif", to=str(result))

    def told(render: Renderer, job: Job) -> tuple[float, float, float, float]:
        cost = render(job)
        return ssim(shown(result.read_bytes()), ideal), np.log(cost.bytes), cost.wall, cost.cpu

    with makers["libvips"].started(ONE_THREAD) as render:
        render(replace(job, width=32, height=round(height / 25)))  # to warm up
        wanted, size, wall, cpu = told(render, job)
    with makers["plain"].started(ONE_THREAD) as render:
        render(job)  # to warm up
        scores, sizes, walls, cpus = np.array(
            sorted(told(render, replace(job, q=q)) for q in GRID)
        ).T
    at = [float(np.interp(wanted, scores, values)) for values in (walls, cpus, sizes)]
    return at[0] / wall, at[1] / cpu, float(np.exp(at[2] - size))


def five_widths(
    originals: Originals, maker: Candidate, kinds: Sequence[str], rounds: int
) -> Iterator[str]:
    """Five widths of one photo by one service that is new, against one width, and one each."""
    *others, last = WIDTHS
    for kind in kinds:
        path = str(originals.path(kind, "9"))
        one, widest = (Job(path, width, 0, "jpg", q=80) for width in (800, last))
        seconds: dict[str, list[float]] = {"five": [], "one": [], "widest": [], "each": []}
        with maker.started(ONE_THREAD) as render:
            for number in range(rounds + 1):
                costs = {
                    "five": render(replace(widest, also=others)).cpu,
                    "one": render(one).cpu,
                    "widest": render(widest).cpu,
                    "each": sum(render(replace(one, width=width)).cpu for width in WIDTHS),
                }
                for name, cost in costs.items():
                    if number:
                        seconds[name].append(cost)
        middle = {name: median(values) for name, values in seconds.items()}
        yield (
            f"five widths ({', '.join(map(str, WIDTHS))}) of one photo, {kind} 9 MP, processor "
            f"time: {middle['five'] / middle['one']:.2f} of the one 800 wide, "
            f"{middle['five'] / middle['widest']:.2f} of the widest, "
            f"{middle['five'] / middle['each']:.2f} of each by a service of its own"
        )
