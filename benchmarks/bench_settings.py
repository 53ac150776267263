"""Which settings of an encoder are worth their time?

For JPEG, WebP, AVIF and JPEG XL: the time, and the bytes at the SSIM that libvips reaches with its
defaults, as ratios to libvips'; medians over five photos. For PNG: time and bytes as ratios to
OpenCV's defaults, on photos and drawings. Without libvips OpenCV's defaults stand in its place.
Processor time is of all threads; where the wall clock is ahead of it, the encoder has threads of
its own.

    python -m benchmarks.bench_settings [--width 800] [--formats jpg,webp,avif,jxl,png] [--rounds 5]
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.drawings import chart, screenshot, shapes
from benchmarks.likeness import shown, ssim
from benchmarks.photos import FOLDER, PHOTOS
from benchmarks.timing import machine, table
from imgmiddleware.formats import native
from imgmiddleware.formats.encode import encode
from imgmiddleware.formats.metadata import NO_METADATA
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.pixels.resample import resample

try:
    import pyvips
except ImportError:
    pyvips = None

Encode = Callable[[Any, int], bytes]

#: The qualities that are tried for equal SSIM, and libvips' own defaults.
GRID = (20, 30, 40, 50, 60, 70, 80, 90)
DEFAULT = {"jpg": 75, "webp": 75, "avif": 50, "jxl": 75}


def opencv(suffix: str, quality: int, *settings: int) -> Encode:
    return lambda pixels, q: cv2.imencode(suffix, pixels, [quality, q, *settings])[1].tobytes()


def pillow(format: str, **options: Any) -> Encode:
    def call(pixels: Any, quality: int) -> bytes:
        file = io.BytesIO()
        image = Image.fromarray(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)))
        image.save(file, format, quality=quality, **options)
        return file.getvalue()

    return call


def libvips(method: str, **options: Any) -> Encode:
    def call(pixels: Any, quality: int) -> bytes:
        rgb = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
        height, width = rgb.shape[:2]
        image = pyvips.Image.new_from_memory(rgb.data, width, height, 3, "uchar")
        image = image.copy(interpretation="srgb")
        return bytes(getattr(image, method)(Q=quality, **options))

    return call


def libjxl(effort: int) -> Encode:
    def call(pixels: Any, quality: int) -> bytes:
        height, width = pixels.shape[:2]
        encoder = import_module("pillow_jxl").Encoder(
            "RGB", quality=quality, effort=effort, num_threads=0
        )
        samples = np.ascontiguousarray(pixels[..., ::-1]).tobytes()
        return bytes(encoder(samples, width, height, jpeg_encode=False))

    return call


def ours(format: str) -> Encode:
    return lambda pixels, q: RESULTS[format].write(pixels, q, NO_METADATA)


JPEG, WEBP, AVIF = cv2.IMWRITE_JPEG_QUALITY, cv2.IMWRITE_WEBP_QUALITY, cv2.IMWRITE_AVIF_QUALITY
OPTIMIZE = (cv2.IMWRITE_JPEG_OPTIMIZE, 1)
FULL_COLOR = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)

#: The first that can be had of each format is its baseline.
LOSSY: Mapping[str, Mapping[str, Encode]] = {
    "jpg": {
        "libvips": libvips("jpegsave_buffer"),
        "OpenCV": opencv(".jpg", JPEG),
        "ours: OpenCV, optimized": ours("jpg"),
        "OpenCV, progressive": opencv(".jpg", JPEG, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        "OpenCV, optimized, 4:4:4": opencv(".jpg", JPEG, *OPTIMIZE, *FULL_COLOR),
        "Pillow, optimized": pillow("JPEG", optimize=True),
        "libvips, optimized": libvips("jpegsave_buffer", optimize_coding=True),
    },
    "webp": {
        "libvips": libvips("webpsave_buffer"),
        "ours: OpenCV": ours("webp"),
        **{f"Pillow, method {m}": pillow("WEBP", method=m) for m in range(7)},
    },
    "avif": {
        "libvips": libvips("heifsave_buffer", compression="av1"),
        "ours: OpenCV, speed 9": ours("avif"),
        **{
            f"OpenCV, speed {s}": opencv(".avif", AVIF, cv2.IMWRITE_AVIF_SPEED, s)
            for s in (6, 7, 8, 10)
        },
        "libvips, effort 0": libvips("heifsave_buffer", compression="av1", effort=0),
    },
    "jxl": {
        "libvips": libvips("jxlsave_buffer"),
        "ours: pillow-jxl-plugin, effort 3": ours("jxl"),
        **{f"pillow-jxl-plugin, effort {e}": libjxl(e) for e in (1, 5, 7)},
    },
}

PNG = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY)
HUFFMAN = cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY
AVERAGE = (cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG)


@contextmanager
def without(part: str) -> Iterator[None]:
    kept = getattr(native, part)
    setattr(native, part, lambda: None)
    try:
        yield
    finally:
        setattr(native, part, kept)


def plain_png(pixels: Any, _: int) -> bytes:
    with without("zlib_ng"):
        return encode(pixels, "png", 75)


def lossless(*settings: int) -> Encode:
    return lambda pixels, _: cv2.imencode(".png", pixels, settings)[1].tobytes()


LOSSLESS: Mapping[str, Encode] = {
    "OpenCV": lossless(),
    "OpenCV, average, Huffman codes": lossless(*PNG, HUFFMAN, *AVERAGE),
    "OpenCV, level 1 filtered": lossless(*PNG, cv2.IMWRITE_PNG_STRATEGY_FILTERED),
    "Pillow, level 1": lambda pixels, _: pillow("PNG", compress_level=1)(pixels, 0),
    "ours, zlib": plain_png,
    **({"ours, zlib-ng": lambda pixels, _: encode(pixels, "png", 75)} if native.zlib_ng() else {}),
}


@dataclass(frozen=True)
class Cost:
    """Median seconds of a call: by the clock, and of all threads' processor time."""

    wall: float
    cpu: float


def costs(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Cost]:
    """Interleaved, after one round to warm up."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            if number:
                seen[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    return {
        name: Cost(*(statistics.median(column) for column in zip(*values, strict=True)))
        for name, values in seen.items()
    }


def at_equal_score(pixels: Any, encoder: Encode, wanted: float) -> tuple[float, float]:
    """The quality, and the bytes, at which this encoder reaches a score."""
    files = [encoder(pixels, quality) for quality in GRID]
    scores = np.maximum.accumulate([ssim(pixels, shown(data)) for data in files])
    sizes = np.log([len(data) for data in files])
    quality = float(np.interp(wanted, scores, GRID))
    return quality, float(np.exp(np.interp(quality, GRID, sizes)))


def lossy_rows(format: str, photos: list[Any], rounds: int) -> list[tuple[object, ...]]:
    candidates = {
        name: encoder
        for name, encoder in LOSSY[format].items()
        if pyvips or not name.startswith("libvips")
    }
    baseline = next(iter(candidates))
    times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in candidates}
    sizes: dict[str, list[float]] = {name: [] for name in candidates}
    for pixels in photos:
        data = candidates[baseline](pixels, DEFAULT[format])
        wanted, calls = ssim(pixels, shown(data)), {}
        for name, encoder in candidates.items():
            quality, size = float(DEFAULT[format]), float(len(data))
            if name != baseline:
                quality, size = at_equal_score(pixels, encoder, wanted)
            sizes[name].append(size / len(data))
            calls[name] = partial(encoder, pixels, round(quality))
        seconds = costs(calls, rounds)
        for name, cost in seconds.items():
            ratio = cost.cpu / seconds[baseline].cpu
            times[name].append((1000 * cost.wall, 1000 * cost.cpu, ratio))
    rows = []
    for name in candidates:
        wall, cpu, ratio = (statistics.median(column) for column in zip(*times[name], strict=True))
        middle, least, most = statistics.median(sizes[name]), min(sizes[name]), max(sizes[name])
        spread = f"{middle:.2f} ({least:.2f} to {most:.2f})"
        rows.append((format, name, f"{wall:.1f}", f"{cpu:.1f}", f"{ratio:.2f}", spread))
    return rows


def lossless_rows(photos: list[Any], rounds: int) -> list[tuple[object, ...]]:
    kinds = {"photos": photos, "chart": [chart()], "screenshot": [screenshot()]}
    kinds["shapes"] = [shapes()]
    cells: dict[str, list[str]] = {name: [] for name in LOSSLESS}
    for pictures in kinds.values():
        ratios: dict[str, list[tuple[float, float]]] = {name: [] for name in LOSSLESS}
        for pixels in pictures:
            sizes = {name: len(encoder(pixels, 0)) for name, encoder in LOSSLESS.items()}
            calls = {name: partial(encoder, pixels, 0) for name, encoder in LOSSLESS.items()}
            seconds = costs(calls, rounds)
            for name in LOSSLESS:
                time_ratio = seconds[name].cpu / seconds["OpenCV"].cpu
                ratios[name].append((time_ratio, sizes[name] / sizes["OpenCV"]))
        for name in LOSSLESS:
            pair = (statistics.median(column) for column in zip(*ratios[name], strict=True))
            cells[name].append(" / ".join(f"{value:.2f}" for value in pair))
    return [(name, *values) for name, values in cells.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=800)
    parser.add_argument("--formats", default="jpg,webp,avif,png", help="jxl takes an extra")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    photos = []
    for name in PHOTOS:
        pixels = np.asarray(cv2.imread(str(FOLDER / name)))
        height = round(pixels.shape[0] * arguments.width / pixels.shape[1])
        photos.append(resample(pixels, (arguments.width, height), alpha=False))
    print(machine("opencv-python-headless", "pillow", *(["pyvips"] if pyvips else [])))
    if pyvips:
        print(f"libvips {'.'.join(str(pyvips.version(part)) for part in range(3))}")
    print(f"{len(photos)} photos, {arguments.width} pixels wide\n")
    formats = arguments.formats.split(",")
    rows = [
        row
        for format in LOSSY
        if format in formats
        for row in lossy_rows(format, photos, arguments.rounds)
    ]
    if rows:
        head = ("format", "encoder", "ms", "processor ms", "time / first", "bytes / first")
        print(table(head, rows))
    if "png" in formats:
        head = ("png: time / bytes", "photos", "chart", "screenshot", "shapes")
        print("\n" + table(head, lossless_rows(photos, arguments.rounds)))


if __name__ == "__main__":
    main()
