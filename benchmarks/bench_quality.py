"""Which quality of WebP, AVIF and JPEG XL looks as good as a JPEG's?

The scores are SSIMULACRA2's (package `ssimulacra2`), medians over five photos of Debian's
`mate-backgrounds`. It prints, for the qualities that `q` may ask for, the encoder's own setting
whose score comes nearest to JPEG's, which is where the `scale` of its record is from, and how far
`encode` is from equal scores with it.

    python -m benchmarks.bench_quality
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from ssimulacra2 import compute_ssimulacra2

from benchmarks.likeness import shown
from benchmarks.photos import FOLDER, PHOTOS
from benchmarks.timing import machine, table
from imgmiddleware.formats.encode import encode
from imgmiddleware.formats.metadata import NO_METADATA
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.pixels.resample import resample

QUALITIES = (10, 25, 50, 75, 90, 100)


def raw(format: str, setting: int) -> Callable[[Any], bytes]:
    """The encoder with its own setting, past the table."""
    encoder = RESULTS[format]

    def call(pixels: Any) -> bytes:
        return encoder.write(pixels, setting, NO_METADATA)

    return call


def score(pixels: Any, data: bytes, folder: str) -> float:
    original, distorted = f"{folder}/original.png", f"{folder}/distorted.png"
    cv2.imwrite(original, pixels)
    cv2.imwrite(distorted, shown(data))
    return float(compute_ssimulacra2(original, distorted))


def medians(photos: list[Any], encoder: Callable[[Any], bytes], folder: str) -> tuple[float, float]:
    """Median score and median bytes over the photos."""
    files = [encoder(pixels) for pixels in photos]
    scores = [score(pixels, data, folder) for pixels, data in zip(photos, files, strict=True)]
    return statistics.median(scores), statistics.median(map(len, files))


def setting_for(wanted: float, scores: dict[int, float]) -> float:
    """Where the measured scores, in their order, cross the one wanted."""
    settings = sorted(scores)
    rising = np.maximum.accumulate([scores[s] for s in settings])
    return float(np.interp(wanted, rising, settings))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--step", type=int, default=8, help="between the settings that are tried")
    parser.add_argument("--formats", default="webp,avif", help="jxl too, by its extra")
    arguments = parser.parse_args()

    photos = []
    for name in PHOTOS:
        pixels = cv2.imread(str(FOLDER / name))
        height = round(pixels.shape[0] * arguments.width / pixels.shape[1])
        photos.append(resample(np.asarray(pixels), (arguments.width, height), alpha=False))
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        jpeg = {q: medians(photos, raw("jpg", q), folder) for q in QUALITIES}
        for format in arguments.formats.split(","):
            grid = sorted({*range(2, 100, arguments.step), 98, 100})
            scores = {s: medians(photos, raw(format, s), folder)[0] for s in grid}
            for q, (wanted, size) in jpeg.items():
                reached, taken = medians(photos, lambda p, f=format, q=q: encode(p, f, q), folder)
                rows.append(
                    (
                        format, q, f"{wanted:.1f}", f"{setting_for(wanted, scores):.0f}",
                        f"{reached:.1f}", f"{reached - wanted:+.1f}", f"{taken / size:.2f}",
                    )
                )  # fmt: skip
    print(machine("opencv-python-headless", "ssimulacra2"))
    print(f"medians over {len(PHOTOS)} photos, {arguments.width} pixels wide\n")
    head = ("format", "q", "JPEG's score", "setting", "score with q", "off", "bytes / JPEG's")
    print(table(head, rows))


if __name__ == "__main__":
    main()
