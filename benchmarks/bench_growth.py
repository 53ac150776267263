"""How do time and memory of `w=800` grow with the original, from 1 to 400 megapixels?

A photo of 1 MP, repeated, in the kinds that are read in rows and those that are not, as far as
each format allows: here, with limits that allow it, and by libvips' thumbnail. Each picture is the
second one of its process, whose first one was of 1 MP; memory is the peak of resident memory above
what the process had before it.

    python -m benchmarks.bench_growth [--rounds 3] [--kinds jpeg png] [--most 400]
"""

from __future__ import annotations

import argparse
import struct
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import pyvips

from benchmarks.photos import photo
from benchmarks.renderers import ONE_THREAD, CannotError, Cost, Job, candidates
from benchmarks.results import report
from benchmarks.timing import machine, table

WIDE, HIGH = 1248, 800  # 1 MP; a row of bytes is a multiple of 4
#: How often the photo is repeated, across and down.
TIMES = (1, 2, 4, 8, 12, 16, 20)
#: From here on growth is that of pixels, and no longer that of what any picture takes.
FROM = 4

#: The suffix, how libvips writes it (BMP it does not), and the longest side that the format has.
KINDS: dict[str, tuple[str, dict[str, Any], int]] = {
    "jpeg": (".jpg", {"Q": 90}, 65500),
    "jpeg-progressive": (".jpg", {"Q": 90, "interlace": True}, 65500),
    "png": (".png", {"compression": 1}, 2**31 - 1),
    "tiff": (".tif", {"bigtiff": True}, 2**31 - 1),
    "tiff-lzw": (".tif", {"compression": "lzw", "predictor": "horizontal"}, 2**31 - 1),
    "webp": (".webp", {"Q": 80}, 16383),
    "bmp": (".bmp", {}, 2**31 - 1),
}


class Seen(NamedTuple):
    cost: Cost
    grown: int


def write(kind: str, times: int, folder: Path) -> Path:
    suffix, settings, _ = KINDS[kind]
    path = folder / f"{kind}-{times}" / f"original{suffix}"
    if path.exists():
        return path
    path.parent.mkdir(exist_ok=True)
    pixels = photo(WIDE, HIGH)[1]
    if kind == "bmp":
        _write_bmp(pixels, times, path)
    else:
        one = pyvips.Image.new_from_array(np.ascontiguousarray(pixels[..., ::-1]))
        image = one.copy(interpretation="srgb").replicate(times, times)
        image.write_to_file(str(path), **settings)
    return path


def _write_bmp(pixels: Any, times: int, path: Path) -> None:
    """Rows of 24 bits from the last one up, whose bytes are a multiple of 4 as they are."""
    rows = np.tile(pixels[::-1], (1, times, 1)).tobytes()
    size = WIDE * times, HIGH * times
    head = struct.pack("<2sIII", b"BM", 54 + len(rows) * times, 0, 54)
    with path.open("wb") as file:
        file.write(head + struct.pack("<IiiHH6I", 40, *size, 1, 24, *(0,) * 6))
        for _ in range(times):
            file.write(rows)


def one(by: str, path: Path, small: Path) -> Seen | None:
    """None where this renderer does not open it."""
    made = Job(str(path), 800, round(800 * HIGH / WIDE), "jpg", raised=True)
    first = Job(str(small), made.width, made.height, made.format)
    with candidates(None)[by].started(ONE_THREAD) as render:
        try:
            render(first)
            before = render.forget_peak()
            return Seen(render(made), render.peak() - before)
        except CannotError:
            return None


def figures(found: list[Seen]) -> tuple[float, float]:
    """Milliseconds of processor time, and megabytes."""
    return 1e3 * median(s.cost.cpu for s in found), median(s.grown for s in found) / 1e6


def curve(kind: str, folder: Path, most: int, rounds: int) -> list[list[object]]:
    """A row for each size; what is drawn is removed, as the largest ones are gigabytes."""
    rows: list[list[object]] = []
    small = write(kind, 1, folder)
    sizes = [n for n in TIMES if n * WIDE <= KINDS[kind][2] and n * n <= most]
    for times in sizes:
        path = write(kind, times, folder)
        seen: dict[str, list[Seen]] = {"plain": [], "libvips": []}
        for number in range(rounds):
            for by in [*seen][:: 1 if number % 2 else -1]:
                found = one(by, path, small)
                seen[by] += [found] if found else []
        cells = [figures(found) if found else None for found in seen.values()]
        rows.append([kind, times * times, *_cells(*cells)])
        print(*rows[-1], flush=True)
        if times > 1:
            path.unlink()
    return rows


def _cells(here: tuple[float, float] | None, vips: tuple[float, float] | None) -> list[str]:
    pair = [f"{one[0]:.0f}|{one[1]:.0f}".split("|") if one else ["", ""] for one in (here, vips)]
    ratio = (
        [f"{a / max(b, 0.1):.2f}" for a, b in zip(here, vips, strict=True)]
        if here and vips
        else ["", ""]
    )
    return [pair[0][0], pair[1][0], ratio[0], pair[0][1], pair[1][1], ratio[1]]


def steepness(rows: list[list[object]]) -> list[object]:
    """How many times as long and as large the last one is as that of `FROM` squared megapixels."""
    first = next(row for row in rows if row[1] == FROM**2)
    last = rows[-1]
    grown = [
        f"{float(str(b)) / max(float(str(a)), 1):.1f}" if a and b else ""
        for a, b in zip(first[2:], last[2:], strict=True)
    ]
    return [first[0], f"{first[1]} to {last[1]}", grown[0], grown[1], grown[3], grown[4]]


_HEAD = (
    "original", "MP", "ms here", "ms libvips", "ratio", "MB here", "MB libvips", "ratio",
)  # fmt: skip
_STEEP = (
    "original", "MP", "times the ms, here", "libvips", "times the MB, here", "libvips",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", choices=tuple(KINDS), default=tuple(KINDS))
    parser.add_argument("--most", type=int, default=400, help="megapixels")
    arguments = parser.parse_args()
    rows, steep = [], []
    with tempfile.TemporaryDirectory() as name:
        for kind in arguments.kinds:
            found = curve(kind, Path(name), arguments.most, arguments.rounds)
            rows += found
            steep.append(steepness(found))
    packages = machine("opencv-python-headless", "numpy", "simplejpeg", "pyspng", "pyvips")
    about = (
        f"{packages}. Processor time and growth of memory of `w=800` as JPEG, medians of "
        f"{arguments.rounds} processes each, one thread. WebP has at most 16,383 pixels a side."
    )
    report("Growth with the original", f"{about}\n\n{table(_HEAD, rows)}\n\n{table(_STEEP, steep)}")


if __name__ == "__main__":
    main()
