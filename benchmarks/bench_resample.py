"""How fast and how sharp is the resampler, beside libvips, Pillow's Lanczos and OpenCV's AREA?

Time is the processor's, of the whole process: what a busy server pays. Sharpness is the PSNR
against Lanczos-3 in 32-bit floats of the same original, by Pillow; rounding alone is 58.9 dB.

    python -m benchmarks.bench_resample [--rounds 7] [--widths 301,800,1600]

libvips' time is that of the two steps of its `resize` with a copy between them: in one go, of
pixels in memory, it computes what they share several times over, up to five times as long.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pyvips
from PIL import Image

from benchmarks.likeness import psnr, reference
from benchmarks.photos import photo
from benchmarks.timing import interleaved, machine, table
from imgmiddleware.pixels.resample import resample

#: 18, 9, 4.5 (half of the first, as JPEGs are decoded) and 2 megapixels; one whose sides are odd.
ORIGINALS = [(5640, 3172), (4000, 2250), (2820, 1586), (1880, 1058), (2819, 1585)]

Size = tuple[int, int]

Way = Callable[[Any, Size], Any]


def ours(pixels: Any, size: Size) -> Any:
    return resample(pixels, size, alpha=False)


def area(pixels: Any, size: Size) -> Any:
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def pillow(pixels: Any, size: Size) -> Any:
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def libvips(pixels: Any, size: Size) -> Any:
    image = _vips_image(pixels)
    scale, vscale = size[0] / image.width, size[1] / image.height
    result = image.resize(scale, vscale=vscale, kernel="lanczos3").write_to_memory()
    return np.frombuffer(result, np.uint8).reshape(*size[::-1], image.bands)


def libvips_in_steps(pixels: Any, size: Size) -> Any:
    """The steps of its `resize`, one after the other; only their time is right, to the pixel."""
    image = _vips_image(pixels)
    shrink = max(1, math.floor(min(image.width / size[0], image.height / size[1]) / 2))
    if shrink > 1:
        image = image.shrink(shrink, shrink, ceil=True).copy_memory()
    across, down = image.width / size[0], image.height / size[1]
    return image.reduce(across, down, kernel="lanczos3").write_to_memory()


def _vips_image(pixels: Any) -> Any:
    height, width, bands = pixels.shape
    return pyvips.Image.new_from_memory(pixels.data, width, height, bands, "uchar")


WAYS: dict[str, Way] = {"here": ours, "libvips": libvips, "Pillow": pillow, "AREA": area}
TIMED = {**WAYS, "libvips": libvips_in_steps}


def bound(way: Way, pixels: Any, size: Size) -> Callable[[], object]:
    return lambda: way(pixels, size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--widths", default="301,800,1600")
    arguments = parser.parse_args()

    cv2.setNumThreads(1)
    pyvips.cache_set_max(0)
    rows = []
    for side in ORIGINALS:
        name, pixels = photo(*side)
        for width in (int(text) for text in arguments.widths.split(",")):
            size = width, round(width * side[1] / side[0])
            expected = reference(pixels, size)
            timings = interleaved(
                {name: bound(way, pixels, size) for name, way in TIMED.items()},
                arguments.rounds,
                clock=time.process_time,
            )
            own = timings["here"]
            row = [f"{side[0]} x {side[1]}", width]
            row.append(f"{1e3 * own.median:.1f} ({1e3 * own.least:.1f} to {1e3 * own.most:.1f})")
            row += [f"{own.median / timings[way].median:.2f}" for way in WAYS if way != "here"]
            row += [f"{psnr(way(pixels, size), expected):.1f}" for way in WAYS.values()]
            rows.append(row)
    print(machine("numpy", "opencv-python-headless", "pillow", "pyvips"))
    print(f"{name}; CPU time, medians of {arguments.rounds} rounds\n")
    head = ["original", "width", "here, ms"]
    head += [f"time / {way}'s" for way in WAYS if way != "here"]
    print(table([*head, *(f"{way}, dB" for way in WAYS)], rows))


if __name__ == "__main__":
    main()
