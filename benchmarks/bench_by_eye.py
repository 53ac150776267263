"""What `q=auto` takes beside the default quality, in bytes and time, and what it looks like.

The scores are SSIMULACRA2's (package `ssimulacra2`), of five photos of Debian's `mate-backgrounds`.
With `--fit` it prints instead what the weights of `pixels/distance.py` are from: its three terms,
fitted to the scores of these photos (and at a third of the weight, of drawings) in three formats,
and how far a score that is told by the distance is from the true one; of eleven other photos, too.

    python -m benchmarks.bench_by_eye [--width 800] [--formats jpg,webp,avif,jxl] [--fit]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np

from benchmarks.bench_quality import score
from benchmarks.drawings import chart, screenshot, shapes
from benchmarks.likeness import psnr
from benchmarks.photos import FOLDER, PHOTOS
from benchmarks.results import report
from benchmarks.timing import machine, table
from imgmiddleware.formats.encode import encode
from imgmiddleware.formats.encode_by_eye import encode_by_eye
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.operations.output import QUALITY
from imgmiddleware.pixels import distance as measure
from imgmiddleware.pixels.resample import resample

#: Photos that no weight was fitted to.
OTHERS = (
    "nature/Blinds.jpg", "nature/FreshFlower.jpg", "nature/Garden.jpg", "nature/GreenMeadow.jpg",
    "nature/RainDrops.jpg", "nature/TwoWings.jpg", "nature/Wood.jpg", "nature/YellowFlower.jpg",
    "abstract/Flow.png", "abstract/Silk.png", "abstract/Waves.png",
)  # fmt: skip

FITTED = ("jpg", "webp", "avif")
TRIED = (25, 35, 45, 55, 65, 75, 85, 92)
#: Scores that are fitted to, and those of which it is told how far they are.
_RANGE, _TOLD = (50, 88), (65, 85)
_POWER = 0.6276
_DRAWINGS = 0.3


def read(name: str, width: int) -> Any:
    pixels = np.asarray(cv2.imread(str(FOLDER / name)))
    height = round(pixels.shape[0] * width / pixels.shape[1])
    return resample(pixels, (width, height), alpha=False)


def drawings() -> Iterator[Any]:
    for pixels in (chart(), screenshot(), shapes()):
        yield np.ascontiguousarray(pixels[:600, :900])


def terms(original: Any, made: Any) -> list[float]:
    """The distance with one of its weights at 1, and the others at 0."""
    names, found = ("_FINE", "_COARSE", "_COLOR"), []
    kept = {name: getattr(measure, name) for name in names}
    for name in names:
        for other in names:
            setattr(measure, other, float(other == name))
        found.append(measure.distance(original, made))
    for name, value in kept.items():
        setattr(measure, name, value)
    return found


def samples(pictures: list[Any], folder: str) -> Any:
    """Rows of a score, the distance, PSNR and the terms."""
    rows = []
    for pixels in pictures:
        for format in FITTED:
            for quality in TRIED:
                data = encode(pixels, format, quality)
                made = RESULTS[format].read(data)  # type: ignore[misc]
                told = measure.distance(pixels, made), psnr(made, pixels.astype(float))
                rows.append((score(pixels, data, folder), *told, *terms(pixels, made)))
    return np.array(rows)


def of_score(scores: Any) -> Any:
    """The distance that stands for a score."""
    return ((100 - scores) / 10) ** (1 / _POWER)


def within(rows: Any, limits: tuple[int, int]) -> Any:
    return rows[(rows[:, 0] > limits[0]) & (rows[:, 0] < limits[1])]


def fit(width: int, folder: str) -> None:
    photos = samples([read(name, width) for name in PHOTOS], folder)
    drawn = samples([*drawings()], folder)
    others = samples([read(name, width) for name in OTHERS], folder)
    parts = [(within(photos, _RANGE), 1.0), (within(drawn, _RANGE), _DRAWINGS)]
    wanted = np.concatenate([of_score(rows[:, 0]) for rows, _ in parts])
    weights = np.concatenate([np.full(len(rows), weight) for rows, weight in parts]) / wanted
    shares = np.concatenate([rows[:, 3:] for rows, _ in parts])
    found = np.linalg.lstsq(shares * weights[:, None], wanted * weights, rcond=None)[0]
    print("weights:", ", ".join(f"{weight:.1f}" for weight in found))
    line = np.polyfit(*within(photos, _RANGE)[:, [2, 0]].T, 1)
    lines = []
    for name, rows in (("five photos", photos), ("eleven others", others), ("drawings", drawn)):
        seen = within(rows, _TOLD)
        off = 100 - 10 * seen[:, 1] ** _POWER - seen[:, 0]
        by_psnr = np.polyval(line, seen[:, 2]) - seen[:, 0]
        lines.append((name, f"{off.mean():+.1f}", f"{off.std():.1f}", f"{by_psnr.std():.1f}"))
    print(table(("pictures", "mean", "standard deviation", "the same by PSNR"), lines))


def seconds(call: Callable[[], object], rounds: int = 5) -> float:
    """The median processor time."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def compare(width: int, formats: list[str], folder: str) -> str:
    photos = [read(name, width) for name in PHOTOS]
    lines: list[tuple[object, ...]] = []
    for format in formats:
        rows = []
        for pixels in photos:
            quality, auto = encode_by_eye(pixels, format)
            fixed = encode(pixels, format, QUALITY)
            scores = [score(pixels, data, folder) for data in (fixed, auto)]
            times = [
                seconds(lambda p=pixels, f=format: encode(p, f, QUALITY)),
                seconds(lambda p=pixels, f=format: encode_by_eye(p, f)),
            ]
            rows.append((quality, len(auto) / len(fixed), *scores, *(1000 * t for t in times)))
        columns = [sorted(column) for column in zip(*rows, strict=True)]
        spread = [f"{min(column):.0f} to {max(column):.0f}" for column in columns]
        middle = [statistics.median(column) for column in columns]
        total = sum(len(encode_by_eye(p, format)[1]) for p in photos) / sum(
            len(encode(p, format, QUALITY)) for p in photos
        )
        bytes_ = f"{middle[1]:.2f} ({columns[1][0]:.2f} to {columns[1][-1]:.2f})"
        times_ = f"{middle[4]:.0f} ms", f"{middle[5]:.0f} ms"
        lines.append((format, spread[0], bytes_, f"{total:.2f}", spread[2], spread[3], *times_))
    head = (
        "format", "`q` found", "bytes / those of `q=75`", "of all five", "scores at `q=75`",
        "scores with `auto`", "encoding", "with `auto`",
    )  # fmt: skip
    return table(head, lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=800)
    parser.add_argument("--formats", default="jpg,webp,avif", help="jxl too, by its extra")
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    told = machine("opencv-python-headless", "ssimulacra2")
    with tempfile.TemporaryDirectory() as folder:
        if arguments.fit:
            print(told)
            fit(arguments.width, folder)
        else:
            found = compare(arguments.width, arguments.formats.split(","), folder)
            text = f"{told}; five photos, {arguments.width} pixels wide; processor time.\n\n{found}"
            report("Quality by eye", text)


if __name__ == "__main__":
    main()
