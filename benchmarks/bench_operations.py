"""What each operation costs, beside libvips' like where it has one.

python -m benchmarks.bench_operations [--rounds 9]

Processor time of one thread on the pixels of a result, 1600 x 900, uint8: what an operation adds to
a render, without decoding and encoding. Ours and libvips' take turns, so that whatever else the
machine does hits both; the medians are written.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pyvips

from benchmarks.photos import photo
from imgmiddleware.operations.enhance import Enhance
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.stages import build
from imgmiddleware.pixels.tones import Tones

_SIZE = 1600, 900
_BLACK = 0, 0, 0, 255

#: CSS's `hue-rotate(90deg)`, red first, for libvips.
_HUE = [[0.0, 0.0, 1.0], [0.356, 0.855, -0.211], [-0.574, 1.43, 0.144]]

Image = Any  # pyvips has no types


def _cast(made: Callable[[Image], Image]) -> Callable[[Image], Image]:
    """Rounded and cut to 8 bits, as ours are."""
    return lambda image: made(image).rint().cast("uchar")


def _squares(image: Image) -> Image:
    return image.shrink(12, 12).zoom(12, 12)


def _stretched(image: Image) -> Image:
    """From half a percent to another, of its grays."""
    gray = image.colourspace("b-w")
    low, high = gray.percent(0.5), gray.percent(99.5)
    return _cast(lambda image: (image - low) * (255 / (high - low)))(image)


#: Ours, and libvips' like; None where it has none that is.
ROWS: dict[str, Callable[[Image], Image] | None] = {
    "auto=enhance": _stretched,
    "exp=40": None,
    "gam=50": lambda image: image.gamma(exponent=0.5),
    "bri=20": _cast(lambda image: image + 51),
    "con=50": _cast(lambda image: image * 1.5 - 63.75),
    "high=-50&shad=50": None,
    "invert=1": lambda image: image.invert(),
    "exp=40&gam=9&bri=9&con=9&high=-9&shad=9": None,
    "vib=50": None,
    "hue=90": _cast(lambda image: image.recomb(_HUE)),
    "sat=50&hue=90&sepia=50": None,
    "duotone=000080,fa8072": None,
    "monochrome=4a8": None,
    "nr=50": None,
    "blur=25": lambda image: image.gaussblur(2.5, precision="integer"),
    "usm=50": None,
    "px=12": _squares,
    "mono=gray": lambda image: image.colourspace("b-w"),
    "mask=ellipse": None,
    "mask=ellipse&mask-bg=fff": None,
    "mask=corners&corner-radius=40": None,
    "border=9,f00": lambda image: image.crop(9, 9, 1582, 882).embed(
        9, 9, *_SIZE, extend="background", background=[255, 0, 0]
    ),
    "border=9,80ff0000&border-radius=40": None,
}


def _tones(pixels: Any) -> Tones:
    """As of a sketch."""
    return Tones.find(np.asarray(cv2.resize(pixels, (640, 360), interpolation=cv2.INTER_AREA)))


def ours(query: str, pixels: Any) -> Callable[[], Any]:
    """The steps; to look at tones belongs to them."""
    steps = build(dict(pair.split("=") for pair in query.split("&"))).steps

    def run() -> Any:
        made = pixels
        for step in steps:
            assert isinstance(step, PixelOperation)
            known = step.by(_tones(pixels)) if isinstance(step, Enhance) else step
            made = known.apply(made, _BLACK)
        return made

    return run


def libvips(like: Callable[[Image], Image], pixels: Any) -> Callable[[], Any]:
    red_first = np.ascontiguousarray(pixels[..., ::-1])

    def run() -> Any:
        image = pyvips.Image.new_from_array(red_first).copy(interpretation="srgb")
        return like(image).write_to_memory()

    return run


def taken(call: Callable[[], Any]) -> float:
    """Milliseconds of the processor."""
    start = time.process_time()
    call()
    return (time.process_time() - start) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    cv2.setNumThreads(1)
    pyvips.cache_set_max(0)
    pixels = cv2.resize(photo(*_SIZE)[1], _SIZE)
    print("| query | ms | ms / libvips' |\n|---|---|---|")
    for query, like in ROWS.items():
        calls = [ours(query, pixels), *([libvips(like, pixels)] if like else [])]
        times = [[taken(call) for call in calls] for _ in range(rounds + 1)][1:]
        mine, *theirs = (statistics.median(column) for column in zip(*times, strict=True))
        ratio = f"{mine / theirs[0]:.2f}" if theirs else ""
        print(f"| `{query}` | {mine:.1f} | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
