"""What bench_render measured, as the project's goals put it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.likeness import shown, ssim
from benchmarks.render_cells import Measured, Originals
from benchmarks.renderers import ONE_THREAD, Candidate, Job

OURS = ("plain", "fast")

#: What a page with `srcset` asks for.
WIDTHS = (320, 480, 640, 800, 1200)

#: Qualities between which the bytes at libvips' SSIM are interpolated.
GRID = (40, 50, 60, 70, 80, 90)


def goals(found: Sequence[Measured]) -> Iterator[str]:
    """Ratios to libvips over all cells that both have, then those to the blog post's code."""
    by = {(one.cell, one.by): one for one in found}
    for name in OURS:
        pairs = [
            (one, by[one.cell, "libvips"])
            for one in found
            if one.by == name and (one.cell, "libvips") in by
        ]
        if not pairs:
            continue
        yield from _against_libvips(name, pairs)
        for one in found:
            peer = by.get((one.cell, "cv2"))
            if (
                one.by == name
                and one.memory
                and peer
                and peer.memory
                and one.cell.original == "bmp"
            ):
                yield (
                    f"{name}: {_cell(one)} against the blog post's code: time "
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


def equal_ssim(
    path: Path, makers: Mapping[str, Candidate], folder: Path, originals: Originals
) -> Iterator[str]:
    """AVIF, 800 pixels wide, at the SSIM that libvips reaches with all its defaults."""
    if "libvips" not in makers or "plain" not in makers:
        return
    result = folder / "result.avif"
    job = Job(str(path), 800, 450, "avif", to=str(result))

    def told(render: Any, job: Job) -> tuple[float, float, float, float]:
        cost = render(job)
        pixels = shown(result.read_bytes())
        likeness = ssim(pixels, originals.ideal(path, pixels.shape[1::-1]))
        return likeness, float(np.log(cost.bytes)), cost.wall, cost.cpu

    with makers["libvips"].started(ONE_THREAD) as render:
        wanted, size, wall, cpu = told(render, job)
    with makers["plain"].started(ONE_THREAD) as render:
        render(job)  # to warm up
        points = [told(render, replace(job, q=q)) for q in GRID]
    scores, sizes, walls, cpus = np.array(sorted(points)).T
    bytes_ = np.exp(np.interp(wanted, scores, sizes) - size)
    yield (
        f"AVIF at 800 px against libvips' default, at its SSIM of {wanted:.4f}: time "
        f"{np.interp(wanted, scores, walls) / wall:.3f}, processor time "
        f"{np.interp(wanted, scores, cpus) / cpu:.3f}, bytes {bytes_:.2f}"
    )


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
