"""What a result takes beside its original's own file, where neither size nor format changes.

Five photos of Debian's `mate-backgrounds` are originals, as Pillow writes them at some quality;
each is asked for as it is: at the default quality, at the highest that has no more bytes than the
original, and by `q=auto`. The scores are SSIMULACRA2's, beside the photo from before all of it.

    python -m benchmarks.bench_unchanged [--width 800]
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.bench_by_eye import read
from benchmarks.bench_quality import score
from benchmarks.likeness import shown
from benchmarks.photos import PHOTOS
from benchmarks.timing import machine, table
from imgmiddleware.formats.encode import encode, encode_within
from imgmiddleware.formats.encode_by_eye import encode_by_eye
from imgmiddleware.operations.output import QUALITY

#: Pillow's name and settings of an original, and the format in which it is asked for.
ORIGINALS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *(("JPEG", "jpg", {"quality": q, "optimize": True}) for q in (50, 60, 75, 85)),
    ("JPEG", "jpg", {"quality": 60, "progressive": True}),
    *(("WEBP", "webp", {"quality": q}) for q in (50, 75, 90)),
)


def saved(pixels: Any, kind: str, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels[..., ::-1])).save(file, kind, **options)
    return file.getvalue()


def row(photos: list[Any], kind: str, format: str, options: dict[str, Any], folder: str) -> Any:
    found = []
    for photo in photos:
        own = saved(photo, kind, options)
        pixels = shown(own)
        plain = encode(pixels, format, QUALITY)
        bounded = (
            encode_within(pixels, format, QUALITY, len(own)) if len(plain) > len(own) else plain
        )
        files = own, plain, bounded, encode_by_eye(pixels, format)[1]
        sizes = [len(file) / len(own) for file in files[1:]]
        found.append((*sizes, *(score(photo, file, folder) for file in files)))
    sizes_and_scores = [statistics.median(column) for column in zip(*found, strict=True)]
    said = ", ".join(f"{name} {value}" for name, value in options.items() if value is not True)
    said += ", progressive" if "progressive" in options else ""
    return (
        f"{kind}, {said}",
        *(f"{size:.2f}" for size in sizes_and_scores[:3]),
        *(f"{points:.0f}" for points in sizes_and_scores[3:]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=800)
    width = parser.parse_args().width
    cv2.setNumThreads(1)
    photos = [read(name, width) for name in PHOTOS]
    with tempfile.TemporaryDirectory() as folder:
        rows = [row(photos, *original, folder) for original in ORIGINALS]
    print(machine("opencv-python-headless", "pillow", "ssimulacra2"))
    print(f"medians over {len(photos)} photos, {width} pixels wide; bytes by the original's own\n")
    head = (
        "original", "bytes at `q=75`", "bounded", "`q=auto`",
        "the original's score", "at `q=75`", "bounded", "`q=auto`",
    )  # fmt: skip
    print(table(head, rows))


if __name__ == "__main__":
    main()
