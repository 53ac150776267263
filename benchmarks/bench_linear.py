"""What does `linear=1` cost, and what does it change? Beside the default, and both beside floats.

CPU time of one thread from pixels to pixels (resampling alone) and from a JPEG to a JPEG, as ratios
of medians, interleaved; and PSNR against a float Lanczos-3 downscale in linear light.

    python -m benchmarks.bench_linear [--rounds 15] [--sheet linear.jpg]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.photos import photo
from benchmarks.timing import machine, table
from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.pixels.resample import resample

_SIZE = 800


def lines(width: int, height: int) -> Any:
    """Dark and bright, a pixel each, of more contrast from the top down, and of one mean."""
    contrast = np.linspace(0, 127, height)[:, None]
    sign = np.arange(width) % 2 * 2 - 1
    return np.rint(128 + sign * contrast).astype(np.uint8)[..., None].repeat(3, 2)


def stars(width: int, height: int) -> Any:
    """Single bright pixels on black, in a thousandth of the places."""
    random = np.random.default_rng(7)
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[random.random((height, width)) < 0.001] = 255
    return pixels


def in_floats(pixels: Any, size: tuple[int, int]) -> Any:
    """sRGB to light (IEC 61966-2-1), Pillow's Lanczos in 32-bit floats, and back."""
    value = pixels / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    small = np.dstack(
        [
            np.asarray(
                Image.fromarray(light[..., c].astype(np.float32)).resize(
                    size, Image.Resampling.LANCZOS
                )
            )
            for c in range(3)
        ]
    ).clip(0, 1)
    return np.where(small <= 0.0031308, small * 12.92, 1.055 * small ** (1 / 2.4) - 0.055) * 255


def psnr(one: Any, other: Any) -> float:
    error = np.mean((one.astype(np.float64) - other) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def ratio(first: Callable[[], object], second: Callable[[], object], rounds: int) -> float:
    """The second's median CPU time over the first's."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for call, spent in zip((first, second), times, strict=True):
            start = time.process_time()
            call()
            spent.append(time.process_time() - start)
    return statistics.median(times[1][1:]) / statistics.median(times[0][1:])


def sheet(cells: list[tuple[str, Any]]) -> Image.Image:
    """A corner of each result with its name below, three in a row."""
    width, height = 200, 120
    whole = Image.new("RGB", (3 * width, len(cells) // 3 * (height + 16)), "white")
    draw = ImageDraw.Draw(whole)
    for number, (name, pixels) in enumerate(cells):
        left, top = number % 3 * width, number // 3 * (height + 16)
        part = np.rint(pixels[-height:, :width, ::-1]).astype(np.uint8)
        whole.paste(Image.fromarray(part), (left, top))
        draw.text((left + 4, top + height + 2), name, "black", ImageFont.load_default())
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--sheet", help="a picture of the results, to be looked at")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)

    name, pixels = photo(4000, 2250)
    rows: list[tuple[str, ...]] = []
    cells: list[tuple[str, Any]] = []
    for title, picture in (
        (name, pixels),
        ("lines", lines(4000, 2250)),
        ("stars", stars(4000, 2250)),
    ):
        size = (_SIZE, 450)
        reference = in_floats(picture, size)
        gamma, linear = (resample(picture, size, alpha=False, linear=on) for on in (False, True))
        rows.append(
            (
                title, f"{psnr(gamma, reference):.1f}", f"{psnr(linear, reference):.1f}",
                f"{gamma.mean():.1f}", f"{linear.mean():.1f}", f"{reference.mean():.1f}",
            )
        )  # fmt: skip
        cells += [("default", gamma), ("linear=1", linear), ("floats in light", reference)]
    if arguments.sheet:
        sheet(cells).save(arguments.sheet, quality=85)
    print(machine("numpy", "opencv-python-headless", "pillow"))
    heads = ("original", "PSNR", "with linear=1", "mean", "with linear=1", "of floats in light")
    print(table(heads, rows))

    jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    service = ImageService(lambda _: jpeg, cache_bytes=0, decoded_bytes=0)

    def answered(query: str) -> Callable[[], object]:
        return lambda: service.handle(ImageRequest("GET", "/image/x", query))

    size = (_SIZE, 450)
    plain, light = (
        (lambda on=on: resample(pixels, size, alpha=False, linear=on)) for on in (False, True)
    )
    print(f"resampling 9 MP: {ratio(plain, light, arguments.rounds):.2f} times the default's time")
    whole = ratio(
        answered(f"w={_SIZE}&fm=jpg"), answered(f"w={_SIZE}&fm=jpg&linear=1"), arguments.rounds
    )
    print(f"JPEG to JPEG: {whole:.2f} times the default's time")


if __name__ == "__main__":
    main()
