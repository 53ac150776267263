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
    """A format as OpenCV writes it: the suffix that selects it, its parameters for a quality of 0
    to 100, and its longest side in pixels.
    """

    suffix: str
    parameters: Callable[[int], Sequence[int]]
    longest: int


def _none(quality: int) -> Sequence[int]:
    return ()


ENCODERS: Mapping[str, Encoder] = {
    "jpg": Encoder(".jpg", lambda q: (cv2.IMWRITE_JPEG_QUALITY, q), 65_500),
    "png": Encoder(".png", _none, 1_000_000),
    # Over 100 would mean lossless to OpenCV.
    "webp": Encoder(".webp", lambda q: (cv2.IMWRITE_WEBP_QUALITY, q), 16_383),
    # Speed 9 of 10: half the time of WebP at a third less bytes; slower ones cost seconds.
    "avif": Encoder(
        ".avif", lambda q: (cv2.IMWRITE_AVIF_QUALITY, q, cv2.IMWRITE_AVIF_SPEED, 9), 65_535
    ),
    "bmp": Encoder(".bmp", _none, 65_535),
    "tif": Encoder(".tif", _none, 65_535),
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
    lossless = not ENCODERS[format].parameters(quality)
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
