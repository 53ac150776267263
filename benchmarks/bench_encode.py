"""How fast are results encoded, per format, quality and size, beside Pillow?

One thread, and all cores at once: what a server's worker gets, and what the machine gives. OpenCV's
own threads are switched off for the measurement, so that one thread is one.

    python -m benchmarks.bench_encode [--sizes 320x180,800x450,1920x1080] [--formats jpg,webp]
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.photos import photo
from benchmarks.timing import machine, table
from imgmiddleware.formats.encode import encode
from imgmiddleware.formats.results import RESULTS

#: The settings that are measured; lossless formats have none.
QUALITIES = {"jpg": (50, 75, 90), "webp": (50, 75, 90), "avif": (50, 75)}

#: Pillow's names and settings that come nearest to what OpenCV does by default.
PILLOW: dict[str, tuple[str, dict[str, Any]]] = {
    "jpg": ("JPEG", {}),
    "png": ("PNG", {"compress_level": 1}),
    "webp": ("WEBP", {}),
    "avif": ("AVIF", {"speed": 9}),
    "gif": ("GIF", {}),
    "bmp": ("BMP", {}),
    "tif": ("TIFF", {"compression": "tiff_lzw"}),
}

Encode = Callable[[], bytes]


def ours(pixels: Any, format: str, quality: int) -> Encode:
    return lambda: encode(pixels, format, quality)


def pillows(pixels: Any, format: str, quality: int) -> Encode:
    name, options = PILLOW[format]
    image = Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))
    if format in QUALITIES:
        options = {**options, "quality": RESULTS[format].own(quality)}  # the same for both

    def call() -> bytes:
        file = io.BytesIO()
        image.save(file, name, **options)
        return file.getvalue()

    return call


def rate(call: Encode, threads: int, seconds: float) -> float:
    """Pictures a second of `threads` threads that encode for `seconds`."""
    stop = time.perf_counter() + seconds

    def work() -> int:
        count = 0
        while not count or time.perf_counter() < stop:
            call()
            count += 1
        return count

    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(lambda _: work(), range(threads)))
    return done / (time.perf_counter() - start)


def measured(
    candidates: dict[str, Encode], cores: int, seconds: float, rounds: int
) -> dict[tuple[str, int], tuple[float, float, float]]:
    """Median, least and most pictures a second by candidate and threads, interleaved."""
    rates: dict[tuple[str, int], list[float]] = {}
    for call in candidates.values():
        call()  # warm-up
    for _ in range(rounds):
        for threads in sorted({1, cores}):
            for name, call in candidates.items():
                rates.setdefault((name, threads), []).append(rate(call, threads, seconds))
    return {key: (statistics.median(r), min(r), max(r)) for key, r in rates.items()}


def rows_of(
    pixels: Any, format: str, quality: int, cores: int, seconds: float, rounds: int
) -> list[tuple[object, ...]]:
    height, width = pixels.shape[:2]
    candidates = {"ours": ours(pixels, format, quality), "Pillow": pillows(pixels, format, quality)}
    sizes = {name: len(call()) for name, call in candidates.items()}
    rates = measured(candidates, cores, seconds, rounds)
    rows = []
    for (name, threads), (median, least, most) in rates.items():
        baseline = rates["Pillow", threads][0]
        rows.append(
            (
                format, quality if format in QUALITIES else "-", f"{width}x{height}", name, threads,
                f"{median:.1f} ({least:.1f} to {most:.1f})", f"{median * width * height / 1e6:.1f}",
                f"{median * sizes[name] / 1e6:.1f}", sizes[name], f"{median / baseline:.2f}",
            )
        )  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="320x180,800x450,1920x1080")
    parser.add_argument("--formats", default=",".join(RESULTS))
    parser.add_argument("--seconds", type=float, default=0.3, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    cv2.setNumThreads(1)
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    rows: list[tuple[object, ...]] = []
    name = ""
    for size in arguments.sizes.split(","):
        width, height = map(int, size.split("x"))
        name, pixels = photo(width, height)
        for format in arguments.formats.split(","):
            for quality in QUALITIES.get(format, (75,)):
                rows += rows_of(pixels, format, quality, cores, arguments.seconds, arguments.rounds)
    print(machine("opencv-python-headless", "pillow"))
    print(f"{name}; pictures a second: median (least to most) of {arguments.rounds} rounds\n")
    head = (
        "format",
        "q",
        "size",
        "by",
        "threads",
        "pictures/s",
        "MP/s",
        "MB/s",
        "bytes",
        "x Pillow",
    )
    print(table(head, rows))


if __name__ == "__main__":
    main()
