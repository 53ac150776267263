"""Encode: pixels to the bytes of a format, without metadata."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.containers.exif import written
from imgmiddleware.formats.metadata import NO_METADATA, Metadata, attached
from imgmiddleware.formats.png.write import indexed_png, png
from imgmiddleware.pixels import palette
from imgmiddleware.pixels.arrays import Pixels


@dataclass(frozen=True, slots=True)
class Encoder:
    """A format: `longest` is its longest side in pixels, `write` makes the file of pixels.

    `write` takes the encoder's own quality, 0 to 100, and what is to go along; `scale` is that
    quality at each of `QUALITIES`, between which it is interpolated, and None for a format that has
    no quality.
    """

    longest: int
    write: Callable[[Pixels, int, Metadata], bytes]
    scale: Sequence[int] | None = None

    def own(self, quality: int) -> int:
        """The encoder's own quality for `q`, 0 to 100, at which all formats look alike."""
        return round(float(np.interp(quality, QUALITIES, self.scale or QUALITIES)))


def _opencv(
    suffix: str, settings: Callable[[int], Sequence[int]] = lambda quality: ()
) -> Callable[[Pixels, int, Metadata], bytes]:
    """OpenCV's writer of a format; `settings` are its parameters for a quality."""

    def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
        if metadata and suffix in _OPENCV_ATTACHES:
            done, data = _with_metadata(suffix, pixels, metadata, [*settings(quality)])
        else:
            done, data = cv2.imencode(suffix, pixels, [*settings(quality)])
        if not done:
            raise RuntimeError(f"OpenCV refused {pixels.shape} {pixels.dtype} pixels as {suffix}")
        file = np.asarray(data).tobytes()
        return file if suffix in _OPENCV_ATTACHES else attached(file, suffix[1:], metadata)

    return write


_OPENCV_ATTACHES = frozenset({".webp", ".avif"})


def _with_metadata(
    suffix: str, pixels: Pixels, metadata: Metadata, settings: list[int]
) -> tuple[bool, Any]:
    kinds: list[int] = []
    blocks: list[Pixels] = []
    if metadata.icc:
        kinds.append(cv2.IMAGE_METADATA_ICCP)
        blocks.append(np.frombuffer(metadata.icc, np.uint8))
    if metadata.exif:
        kinds.append(cv2.IMAGE_METADATA_EXIF)
        blocks.append(np.frombuffer(written(metadata.exif), np.uint8))
    return cv2.imencodeWithMetadata(suffix, pixels, kinds, blocks, settings)


def _png(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    """With a palette where that loses nothing and is smaller, but for a bit a pixel."""
    indexed = palette.exact(pixels, _most_colors(pixels)) if pixels.dtype == np.uint8 else None
    if indexed is None:
        return attached(png(pixels), "png", metadata)
    file = indexed_png(indexed)
    if 8 * len(file) > indexed.indices.size:
        file = min(file, png(pixels), key=len)
    return attached(file, "png", metadata)


def _most_colors(pixels: Pixels) -> int:
    """Of a palette in PNG: an index of 8 bits is no smaller than a gray of 8 bits."""
    return 16 if pixels.ndim == 2 else 256


def _gif(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    """In 256 colours of its own, one of them for what is clear."""
    indexed = palette.with_binary_alpha(pixels)
    clear = np.flatnonzero(indexed.colors[:, 3] == 0)
    more = {"transparency": int(clear[0])} if len(clear) else {}
    file = io.BytesIO()
    palette.as_image(indexed).save(file, "GIF", optimize=False, **more)
    return file.getvalue()


#: `q` where the scale of each encoder is known. One `q` gives JPEG, WebP and AVIF the same median
#: score of SSIMULACRA2 over five photos; measured by benchmarks/bench_quality.py.
QUALITIES = (0, 10, 25, 50, 75, 90, 100)

ENCODERS: Mapping[str, Encoder] = {
    # Huffman codes of its own: 3 to 15 % fewer bytes for a millisecond.
    "jpg": Encoder(
        65_500,
        _opencv(".jpg", lambda q: (cv2.IMWRITE_JPEG_QUALITY, q, cv2.IMWRITE_JPEG_OPTIMIZE, 1)),
        QUALITIES,
    ),
    "png": Encoder(1_000_000, _png),
    # Over 100 would mean lossless to OpenCV. It takes libwebp's method 4 of 6: under 3 it were half
    # the time for 1.5 times the bytes, over it more time for nothing.
    "webp": Encoder(
        16_383,
        _opencv(".webp", lambda q: (cv2.IMWRITE_WEBP_QUALITY, q)),
        (0, 2, 10, 53, 82, 93, 100),
    ),
    # Speed 9 of 10: half the time of WebP at a third less bytes. Only 6 takes fewer, a third less,
    # for eight to twelve times the time: 90 ms for 0.4 megapixels, 1 s for 1.4 of a detailed photo.
    "avif": Encoder(
        65_535,
        _opencv(".avif", lambda q: (cv2.IMWRITE_AVIF_QUALITY, q, cv2.IMWRITE_AVIF_SPEED, 9)),
        (0, 2, 18, 42, 60, 85, 98),
    ),
    "gif": Encoder(65_535, _gif),
    "bmp": Encoder(65_535, _opencv(".bmp")),
    "tif": Encoder(65_535, _opencv(".tif")),
}


def encode(pixels: Pixels, format: str, quality: int, metadata: Metadata = NO_METADATA) -> bytes:
    """The file of `pixels`: uint8, (height, width) gray, or with 3 (BGR) or 4 (BGRA) channels;
    uint16 too for png and tif.

    `format` is a key of `ENCODERS`; `quality` is 0 to 100, without effect on lossless formats.
    `metadata` goes along where the format has a place for it, which GIF and BMP have not.
    Raises `ImageError("result-too-large")` where a side is over the format's longest.
    """
    encoder = ENCODERS[format]
    height, width = pixels.shape[:2]
    if max(width, height) > encoder.longest:
        raise too_long(format, width, height)
    return encoder.write(pixels, encoder.own(quality), metadata)


def encode_within(
    pixels: Pixels, format: str, quality: int, most: int, metadata: Metadata = NO_METADATA
) -> bytes:
    """The file at the highest quality, up to `quality`, at which it has no more than `most` bytes.

    Halves the range of qualities, so that it encodes at most nine times. Raises
    `ImageError("result-too-large")` where even the lowest quality is larger, or there is none.
    """
    best = encode(pixels, format, quality, metadata)
    if len(best) <= most:
        return best
    lossless = ENCODERS[format].scale is None
    smallest = best if lossless else encode(pixels, format, 0, metadata)
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
        data = encode(pixels, format, middle, metadata)
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
