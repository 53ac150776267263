"""What does an overlay cost, beside libvips' `composite2`?

Processor time of one thread from a JPEG of 2250 x 1500 to one 800 pixels wide, with an overlay and
without, as medians, interleaved; the difference is the overlay's. Both have it decoded beforehand:
here it is held, and there it is an image in memory.

    python -m benchmarks.bench_overlays [--rounds 15]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pyvips

from benchmarks.photos import photo
from benchmarks.timing import interleaved, machine, table
from imgmiddleware import ImageRequest, ImageService

_WIDTH, _HEIGHT = 800, 533
#: The overlay's size, and the mode in which it is laid.
_CASES = (
    ((160, 80), "normal"),
    ((_WIDTH, _HEIGHT), "normal"),
    ((_WIDTH, _HEIGHT), "multiply"),
    ((_WIDTH, _HEIGHT), "softlight"),
)
_THEIRS = {"normal": "over", "multiply": "multiply", "softlight": "soft-light"}


def overlay(size: tuple[int, int]) -> Any:
    """A part of a photo behind alpha of all steps: uint8, blue first."""
    width, height = size
    alpha = np.linspace(0, 255, width * height).reshape(height, width).astype(np.uint8)
    return np.dstack((photo(width, height)[1], alpha))


def ours(jpeg: bytes, above: Any) -> Callable[[str], Callable[[], object]]:
    service = ImageService(
        lambda id: jpeg, overlays={"o": above}, cache_bytes=0, decoded_bytes=2**28, render_slots=1
    )

    def asked(mode: str) -> Callable[[], object]:
        mark = f"&mark=o&mark-pad=0&mark-blend={mode}" if mode else ""
        request = ImageRequest("GET", "/image/a", f"w={_WIDTH}&fm=jpg&q=80{mark}")
        return lambda: service.handle(request)

    return asked


def theirs(jpeg: bytes, above: Any) -> Callable[[str], Callable[[], object]]:
    image = pyvips.Image.new_from_memory(
        np.ascontiguousarray(above[..., [2, 1, 0, 3]]), *above.shape[1::-1], 4, "uchar"
    )
    image = image.copy(interpretation="srgb")
    x, y = _WIDTH - above.shape[1], _HEIGHT - above.shape[0]
    # Ours holds the decode: this is what is left of it there.
    small = pyvips.Image.thumbnail_buffer(jpeg, _WIDTH).copy_memory()

    def asked(mode: str) -> Callable[[], object]:
        def made() -> object:
            shown = small
            if mode:
                shown = small.composite2(image, _THEIRS[mode], x=x, y=y).flatten()
            return shown.write_to_buffer(".jpg", Q=80)

        return made

    return asked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    cv2.setNumThreads(1)
    pyvips.cache_set_max(0)
    jpeg = cv2.imencode(".jpg", photo(2250, 1500)[1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    rows = []
    for size, mode in _CASES:
        above = overlay(size)
        makers = {"ours": ours(jpeg, above), "libvips": theirs(jpeg, above)}
        calls = {
            f"{name} {said}": maker(said) for name, maker in makers.items() for said in ("", mode)
        }
        took = interleaved(calls, rounds, calls=4, clock=time.process_time)
        costs = [
            (took[f"{name} {mode}"].median - took[f"{name} "].median) * 1000 for name in makers
        ]
        rows.append((f"{size[0]} x {size[1]}", mode, *(f"{cost:.1f}" for cost in costs)))
    libvips = ".".join(str(pyvips.version(part)) for part in range(3))
    print(machine("opencv-python-headless", "numpy", "pyvips"), "libvips", libvips)
    print(table(("overlay", "mode", "here, ms", "libvips, ms"), rows))


if __name__ == "__main__":
    main()
