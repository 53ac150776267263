"""Encode: pixels to the bytes of a format, without metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from imgmiddleware.errors import ImageError
from imgmiddleware.sources.original import Pixels


@dataclass(frozen=True, slots=True)
class Encoder:
    """A format as OpenCV writes it.

    `suffix` selects it; `settings` are OpenCV's parameters for the encoder's own quality of 0 to
    100; `longest` is its longest side in pixels. `scale` is the encoder's own quality at each of
    `QUALITIES`, between which it is interpolated; None for a format that has no quality.
    """

    suffix: str
    longest: int
    settings: Callable[[int], Sequence[int]] = lambda quality: ()
    scale: Sequence[int] | None = None

    def own(self, quality: int) -> int:
        """The encoder's own quality for `q`, 0 to 100, at which all formats look alike."""
        return round(float(np.interp(quality, QUALITIES, self.scale or QUALITIES)))

    def parameters(self, quality: int) -> Sequence[int]:
        """OpenCV's parameters for `q`."""
        return () if self.scale is None else self.settings(self.own(quality))


#: `q` where the scale of each encoder is known. One `q` gives JPEG, WebP and AVIF the same median
#: score of SSIMULACRA2 over five photos; measured by benchmarks/bench_quality.py.
QUALITIES = (0, 10, 25, 50, 75, 90, 100)

ENCODERS: Mapping[str, Encoder] = {
    "jpg": Encoder(".jpg", 65_500, lambda q: (cv2.IMWRITE_JPEG_QUALITY, q), QUALITIES),
    "png": Encoder(".png", 1_000_000),
    # Over 100 would mean lossless to OpenCV.
    "webp": Encoder(
        ".webp",
        16_383,
        lambda q: (cv2.IMWRITE_WEBP_QUALITY, q),
        (0, 2, 10, 53, 82, 93, 100),
    ),
    # Speed 9 of 10: half the time of WebP at a third less bytes; slower ones cost seconds.
    "avif": Encoder(
        ".avif",
        65_535,
        lambda q: (cv2.IMWRITE_AVIF_QUALITY, q, cv2.IMWRITE_AVIF_SPEED, 9),
        (0, 2, 18, 42, 60, 85, 98),
    ),
    "bmp": Encoder(".bmp", 65_535),
    "tif": Encoder(".tif", 65_535),
}


def encode(pixels: Pixels, format: str, quality: int) -> bytes:
    """The file of `pixels`: uint8, (height, width) gray, or with 3 (BGR) or 4 (BGRA) channels.

    `format` is a key of `ENCODERS`; `quality` is 0 to 100, without effect on lossless formats.
    Raises `ImageError("result-too-large")` where a side is over the format's longest.
    """
    encoder = ENCODERS[format]
    height, width = pixels.shape[:2]
    if max(width, height) > encoder.longest:
        raise too_long(format, width, height)
    done, data = cv2.imencode(encoder.suffix, pixels, [*encoder.parameters(quality)])
    if not done:
        raise RuntimeError(f"the {format} encoder refused {width}x{height} {pixels.dtype} pixels")
    return np.asarray(data).tobytes()


def encode_within(pixels: Pixels, format: str, quality: int, most: int) -> bytes:
    """The file at the highest quality, up to `quality`, at which it has no more than `most` bytes.

    Halves the range of qualities, so that it encodes at most nine times. Raises
    `ImageError("result-too-large")` where even the lowest quality is larger, or there is none.
    """
    best = encode(pixels, format, quality)
    if len(best) <= most:
        return best
    lossless = ENCODERS[format].scale is None
    smallest = best if lossless else encode(pixels, format, 0)
    if len(smallest) > most:
        raise ImageError(
            "result-too-large",
            f"as {format} this takes at least {len(smallest)} bytes; max_bytes is {most}",
            parameter="max_bytes",
            limit=most,
        )
    best, fits, exceeds = smallest, 0, quality
    while exceeds - fits > 1:
        middle = (fits + exceeds) // 2
        data = encode(pixels, format, middle)
        if len(data) <= most:
            best, fits = data, middle
        else:
            exceeds = middle
    return best


def too_long(format: str, width: int, height: int) -> ImageError:
    longest = ENCODERS[format].longest
    return ImageError(
        "result-too-large",
        f"a {format} picture has at most {longest} pixels a side; this would be {width}x{height}",
        limit=longest,
    )
