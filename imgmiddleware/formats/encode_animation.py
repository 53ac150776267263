"""Encode animations, by Pillow: OpenCV's calls for them have written beyond their memory.

Pillow holds all frames until it writes, so that their pixels are bounded by the service.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import cv2
import numpy as np
from PIL import Image

from imgmiddleware.formats.containers.exif import written
from imgmiddleware.formats.containers.isobmff import boxes
from imgmiddleware.formats.encode import ENCODERS
from imgmiddleware.formats.metadata import NO_METADATA, Metadata
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Pixels, has_alpha, red_blue_swapped
from imgmiddleware.pixels.palette import as_image, with_binary_alpha
from imgmiddleware.sources.memory import BytesOriginal

#: Pillow's name of each format. WebP's method 2 of 6: the next takes twice its time for a twentieth
#: of the bytes, and there are many frames. AVIF's speed 9 of 10 as for stills: 6 takes seven times.
_NAMES = {"gif": "GIF", "webp": "WEBP", "avif": "AVIF"}
_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "gif": {"optimize": False},
    "webp": {"method": 2, "allow_mixed": False},
    "avif": {"speed": 9},
}
#: A GIF counts in hundredths of a second, and browsers show what lasts under two for ten.
_SHORTEST = 20


def encode_animation(
    frames: Sequence[tuple[Pixels, int]],
    format: str,
    quality: int,
    plays: int,
    metadata: Metadata = NO_METADATA,
) -> bytes:
    """The file of `frames`: uint8 gray, BGR or BGRA, all of one size; each with its milliseconds.

    `plays` is how often it runs, 0 for ever, which AVIF cannot say; `format` is "gif", "webp" or
    "avif"; `quality` is 0 to 100 as in `encode`.
    """
    opaque = all(not has_alpha(pixels) or pixels[..., 3].min() == 255 for pixels, _ in frames)
    make = _indexed if format == "gif" else partial(_colored, opaque=opaque)
    images = [make(pixels) for pixels, _ in frames]
    lasting = [milliseconds for _, milliseconds in frames]
    settings = dict(_SETTINGS[format])
    if format == "gif":
        lasting = [max(_SHORTEST, round(ms / 10) * 10) for ms in lasting]
        # What is clear shows what stood there, unless that is taken away.
        settings["disposal"] = 2
        if plays != 1:
            settings["loop"] = max(0, plays - 1)  # it says how often it runs again
    else:
        settings["quality"] = ENCODERS[format].own(quality)
        settings["icc_profile"] = metadata.icc or b""
        settings["exif"] = written(metadata.exif) if metadata.exif else b""
        if format == "webp":
            settings["loop"] = plays
    file = io.BytesIO()
    images[0].save(
        file, _NAMES[format], save_all=True, append_images=images[1:], duration=lasting, **settings
    )
    if format == "webp" and images[0].mode == "RGBA":
        return _said_to_have_alpha(file.getvalue())
    return _untimed(file.getvalue()) if format == "avif" else file.getvalue()


def _untimed(avif: bytes) -> bytes:
    """Without the second of its making, which movie, tracks and media each note in their header
    (ISO/IEC 14496-12, 8.2.2, 8.3.2 and 8.4.2): equal pixels are equal bytes.
    """
    data, window = bytearray(avif), Window(BytesOriginal(avif))
    ranges = [(0, len(avif))]
    while ranges:
        for box in boxes(window, *ranges.pop()):
            if box.kind in (b"moov", b"trak", b"mdia"):
                ranges.append((box.start, box.end))
            elif box.kind in (b"mvhd", b"tkhd", b"mdhd"):
                wide = 8 if data[box.start] == 1 else 4  # by the box's version
                data[box.start + 4 : box.start + 4 + 2 * wide] = bytes(2 * wide)
    return bytes(data)


def _said_to_have_alpha(webp: bytes) -> bytes:
    """With VP8X's flag of alpha (RFC 9649, section 2.7), which decides whether clear is clear.

    libwebp leaves it out where every frame is an opaque part of a clear canvas.
    """
    if webp[12:16] != b"VP8X":
        return webp
    return webp[:20] + bytes([webp[20] | 0x10]) + webp[21:]


def _colored(pixels: Pixels, opaque: bool) -> Image.Image:
    if pixels.ndim == 2:
        return Image.fromarray(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)), "RGB")
    if has_alpha(pixels) and not opaque:
        return Image.fromarray(red_blue_swapped(pixels), "RGBA")
    return Image.fromarray(red_blue_swapped(pixels[..., :3]), "RGB")


def _indexed(pixels: Pixels) -> Image.Image:
    indexed = with_binary_alpha(pixels)
    image = as_image(indexed)
    clear = np.flatnonzero(indexed.colors[:, 3] == 0)
    if len(clear):
        image.info["transparency"] = int(clear[0])
    return image
