"""Every file of a folder through this package, and through Pillow and libvips beside it.

    python -m benchmarks.corpus FOLDER [--sheet sheet.png] [--list list.tsv]

For who moves an archive, and for who looks for the next fault. Each file is read by each reader in
a child with bounds of time and memory, the pictures are compared, and the file is put into one
class. What is different is drawn side by side on the sheet. Needs pyvips, with libvips.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw

from benchmarks.corpus_readers import READERS, Reading, read_in_child

#: The classes, in the order in which one wants to look at them.
CLASSES = (
    "crashed",  # or an exception that is no answer
    "slow",  # over the bounds, where another reader was not
    "refused though opened elsewhere",
    "different",
    "opened here alone",
    "same",
    "refused by all",
)
FAULTS = CLASSES[:4]

#: Levels that two resamplers may be apart: on average, and for all but a hundredth of the pixels.
#: JPEG decoders that smooth chroma in their own ways are 1 to 2 apart on average; a wrong gamma,
#: profile or range is 10 and more.
_MEAN, _MOST = 4.0, 40.0


@dataclass(frozen=True)
class Compared:
    """One file: its class, and what each reader made of it."""

    path: Path
    kind: str
    readings: dict[str, Reading]

    @property
    def line(self) -> str:
        """Tab-separated: the class, the file, and what each reader did, took and said."""
        words = [
            " ".join(f"{name}: {r.end} {r.seconds:.2f} s {r.mebibytes} MiB {r.said}".split())
            for name, r in self.readings.items()
        ]
        return "\t".join((self.kind, str(self.path), *words))


def distance(one: Any, other: Any) -> tuple[float, float]:
    """The mean, and the hundredth largest, of the levels between two pictures; infinite where their
    sides differ by more than the pixel that rounding may be.
    """
    if any(abs(a - b) > 1 for a, b in zip(one.shape[:2], other.shape[:2], strict=True)):
        return float("inf"), float("inf")
    height, width = (min(a, b) for a, b in zip(one.shape[:2], other.shape[:2], strict=True))
    # A blur takes the sharpness of the resamplers, and a shift by a fraction of a pixel, away.
    soft = [
        cv2.GaussianBlur(cv2.resize(pixels, (width, height)).astype(np.float32), (0, 0), 1.5)
        for pixels in (one, other)
    ]
    levels = np.abs(soft[0] - soft[1])
    return float(levels.mean()), float(np.percentile(levels, 99))


def compared(path: Path, side: int, *, seconds: float, mebibytes: int) -> Compared:
    readings = {
        name: read_in_child(reader, path, side, seconds=seconds, mebibytes=mebibytes)
        for name, reader in READERS.items()
    }
    return Compared(path, _class_of(**readings), readings)


def _class_of(package: Reading, **others: Reading) -> str:
    shown = [reading for reading in others.values() if reading.end == "shown"]
    if package.end in ("crashed", "failed"):
        return "crashed"
    if package.end == "slow":
        return "slow" if shown else "refused by all"
    if package.end == "refused":
        return "refused though opened elsewhere" if shown else "refused by all"
    if not shown:
        return "opened here alone"
    apart = [distance(package.pixels, reading.pixels) for reading in shown]
    same = any(mean <= _MEAN and most <= _MOST for mean, most in apart)
    return "same" if same else "different"


def files(folder: Path) -> Iterator[Path]:
    """All that are regular files, in the order of their names."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def sheet(rows: Iterable[Compared], side: int) -> Image.Image:
    """A row a file, a column a reader: what it shows, or what it says."""
    rows = list(rows)
    step, label = side + 8, 16
    drawn = Image.new("RGB", (step * len(READERS), max(1, len(rows)) * (step + label)), "silver")
    draw = ImageDraw.Draw(drawn)
    for number, row in enumerate(rows):
        top = number * (step + label)
        draw.text((4, top + 2), f"{row.path.name}: {row.kind}", "black")
        for column, (name, reading) in enumerate(row.readings.items()):
            left = column * step + 4
            if reading.pixels is not None:
                drawn.paste(Image.fromarray(reading.pixels), (left, top + label))
            else:
                words = f"{name}: {reading.end}\n" + "\n".join(_wrapped(reading.said, side // 6))
                draw.text((left, top + label), words, "maroon")
    return drawn


def _wrapped(text: str, columns: int) -> list[str]:
    return [text[start : start + columns] for start in range(0, len(text), columns)][:12]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, default=200, help="longest side that is compared")
    parser.add_argument("--seconds", type=float, default=10, help="processor time of one read")
    parser.add_argument("--mebibytes", type=int, default=2048, help="memory of one read")
    parser.add_argument("--sheet", type=Path, help="a picture of all that is different")
    parser.add_argument("--list", type=Path, help="a line for each file")
    given = parser.parse_args()

    counted: Counter[str] = Counter()
    faults: list[Compared] = []
    bounds = {"seconds": given.seconds, "mebibytes": given.mebibytes}
    with open(given.list or os.devnull, "w") as listed:
        for path in files(given.folder):
            row = compared(path, given.side, **bounds)
            counted[row.kind] += 1
            print(row.line, file=listed, flush=True)
            if row.kind in FAULTS:
                faults.append(row)
    for kind in CLASSES:
        print(f"{counted[kind]:6}  {kind}")
    if given.sheet:
        faults.sort(key=lambda row: (CLASSES.index(row.kind), row.path))
        sheet(faults, given.side).save(given.sheet)


if __name__ == "__main__":
    main()
