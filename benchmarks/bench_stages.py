"""What does each stage of a render cost: decoding, resampling, encoding?

First the stages of whole renders here, of each kind of original; then each stage beside OpenCV,
Pillow and libvips. Processor time, one thread.

    python -m benchmarks.bench_stages [--rounds 5] [--size 9] [--width 800] [--originals jpeg,bmp]
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.opened import Opened
from benchmarks.photos import KINDS, SIZES, photo, write_original
from benchmarks.renderers import ONE_THREAD, libvips_version
from benchmarks.results import report
from benchmarks.timing import Timing, interleaved, machine, table
from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.formats.encode import encode
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.render import render
from imgmiddleware.pixels.resample import resample

QUALITY = 80

Calls = Mapping[str, Callable[[], object]]


def answer(path: Path, query: str) -> object:
    service = ImageService(path.parent, cache_bytes=0, decoded_bytes=0)
    response = service.handle(ImageRequest("GET", f"/image/{path.name}", query))
    assert response is not None
    assert response.status == 200, response
    return response


def never(box: object) -> Plan:
    raise AssertionError(box)  # nothing is trimmed


def stages(path: Path, width: int, format: str) -> Calls:
    query = f"w={width}&fm={format}&q={QUALITY}"
    opened = Opened(path, query)
    decoded = opened.decode()
    size = opened.plan.size
    pixels = np.asarray(cv2.resize(decoded.pixels, size, interpolation=cv2.INTER_AREA))
    return {
        "header": opened.probe,
        "decode": opened.decode,
        "resample": partial(resample, decoded.pixels, size, alpha=False),
        "encode": partial(encode, pixels, format, QUALITY),
        "all after decode": partial(render, decoded, opened.plan, never),
        "whole answer": partial(answer, path, query),
    }


def decoders(path: Path, width: int) -> Calls:
    data, pyvips = np.fromfile(path, np.uint8), libvips()
    whole = Opened(path, f"w={SIZES['18'][0]}&fm=jpg")
    return {
        "here, for the width": Opened(path, f"w={width}&fm=jpg").decode,
        "here": whole.decode,
        "OpenCV": partial(cv2.imdecode, data, cv2.IMREAD_COLOR),
        "Pillow": lambda: Image.open(path).load(),
        "libvips": lambda: pyvips.Image.new_from_file(str(path)).copy_memory(),
    }


def resamplers(pixels: Any, width: int) -> Calls:
    size = width, round(width * pixels.shape[0] / pixels.shape[1])
    image = Image.fromarray(pixels)
    libvips()
    in_steps = importlib.import_module("benchmarks.bench_resample").libvips_in_steps
    return {
        "here": partial(resample, pixels, size, alpha=False),
        "OpenCV AREA": partial(cv2.resize, pixels, size, interpolation=cv2.INTER_AREA),
        "OpenCV LINEAR": partial(cv2.resize, pixels, size),
        "Pillow Lanczos": partial(image.resize, size, Image.Resampling.LANCZOS),
        "libvips": partial(in_steps, pixels, size),
    }


def encoders(pixels: Any, format: str) -> Calls:
    own = RESULTS[format].own(QUALITY)
    image = Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))
    setting = {
        "jpg": [cv2.IMWRITE_JPEG_QUALITY, own],
        "webp": [cv2.IMWRITE_WEBP_QUALITY, own],
        "avif": [cv2.IMWRITE_AVIF_QUALITY, own],
    }.get(format, [])
    options = {} if format == "png" else {"quality": own}
    name = {"jpg": "JPEG"}.get(format, format.upper())
    calls: dict[str, Callable[[], object]] = {
        "here": partial(encode, pixels, format, QUALITY),
        "OpenCV": partial(cv2.imencode, f".{format}", pixels, setting),
        "Pillow": lambda: image.save(io.BytesIO(), name, **options),
    }
    if format == "avif":  # once libvips is loaded OpenCV's is another one
        return calls
    height, width = pixels.shape[:2]
    rgb = np.ascontiguousarray(pixels[..., ::-1])
    vips = libvips().Image.new_from_memory(rgb.data, width, height, 3, "uchar")
    vips = vips.copy(interpretation="srgb")
    quality = {} if format == "png" else {"Q": own}
    return {**calls, "libvips": lambda: vips.write_to_buffer(f".{format}", **quality)}


def libvips() -> Any:
    """The module, loaded when it is first needed."""
    pyvips = importlib.import_module("pyvips")
    pyvips.cache_set_max(0)
    return pyvips


def cells(timings: Mapping[str, Timing], *, ratios: bool) -> list[str]:
    """In milliseconds; and as ratios to what is called libvips', or OpenCV's without it."""
    peer = next((t for name, t in timings.items() if name.startswith("libvips")), None)
    peer = peer or timings.get("OpenCV")
    shown = []
    for timing in timings.values():
        text = f"{1e3 * timing.median:.1f} ({1e3 * timing.least:.1f} to {1e3 * timing.most:.1f})"
        shown.append(f"{text}, {timing.median / peer.median:.2f}" if ratios and peer else text)
    return shown


def main() -> None:
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # Libraries read these when they are loaded, which by now they are.
        again = [sys.executable, "-m", "benchmarks.bench_stages", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, **ONE_THREAD})
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", default="9", help=f"megapixels: {','.join(SIZES)}")
    parser.add_argument("--width", type=int, default=800)
    parser.add_argument("--to", default="jpg", help="the result of whole renders")
    parser.add_argument("--originals", default=",".join(KINDS))
    parser.add_argument("--results", default="avif,jpg,webp,png")
    arguments = parser.parse_args()

    name, pixels = photo(*SIZES[arguments.size])
    time_ = partial(interleaved, rounds=arguments.rounds, clock=time.process_time)
    with tempfile.TemporaryDirectory() as folder:
        paths = {
            kind: write_original(Path(folder), kind, pixels)
            for kind in arguments.originals.split(",")
        }
        tables = [
            _table(
                f"Whole renders here, to {arguments.to}",
                "original",
                paths,
                lambda path: time_(stages(path, arguments.width, arguments.to)),
            ),
            _table("Encode", "result", _results(arguments, pixels), lambda calls: time_(calls())),
            _table(
                "Decode", "original", paths, lambda path: time_(decoders(path, arguments.width))
            ),
            _table(
                "Resample",
                "from",
                {"all of it": pixels, "half of it": _half(pixels)},
                lambda pixels: time_(resamplers(pixels, arguments.width)),
            ),
        ]
    packages = ("opencv-python-headless", "numpy", "pillow", "simplejpeg")
    about = (
        f"{machine(*packages)}; libvips {libvips_version()}; {name}, {arguments.size} MP to "
        f"{arguments.width} pixels wide, q={QUALITY}. Milliseconds of the processor, one thread: "
        f"median (least to most) of {arguments.rounds} rounds, and the ratio to libvips' median, "
        "where there is none to OpenCV's.\n"
    )
    report("Stages", "\n\n".join([about.strip(), *tables]))


def _results(arguments: argparse.Namespace, pixels: Any) -> dict[str, Callable[[], Calls]]:
    """Before libvips is loaded, AVIF."""
    height, width = pixels.shape[:2]
    size = arguments.width, round(arguments.width * height / width)
    small = resample(pixels, size, alpha=False)
    formats = sorted(arguments.results.split(","), key=lambda format: format != "avif")
    return {format: partial(encoders, small, format) for format in formats}


def _half(pixels: Any) -> Any:
    return np.asarray(cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def _table(
    title: str, first: str, things: Mapping[str, Any], timed: Callable[[Any], dict[str, Timing]]
) -> str:
    rows, names = [], []
    for name, thing in things.items():
        timings = timed(thing)
        names += [name for name in timings if name not in names]
        by_name = dict(zip(timings, cells(timings, ratios="here" in timings), strict=True))
        rows.append((name, by_name))
        print(title, name, *by_name.values(), sep=", ", flush=True)
    shown = [[name, *(by.get(one, "") for one in names)] for name, by in rows]
    return f"### {title}\n\n{table([first, *names], shown)}"


if __name__ == "__main__":
    main()
