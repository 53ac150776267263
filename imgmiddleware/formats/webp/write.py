"""WebP, by OpenCV, and by Pillow where it moves."""

from typing import Any

import cv2
import numpy as np
from PIL import Image

from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.result_format import Frames
from imgmiddleware.formats.write import by_opencv, by_pillow, colored_by_pillow
from imgmiddleware.pixels.arrays import Pixels, has_alpha, red_blue_swapped

#: Without an effort, which the quality stands for, it is slower.
_LOSSLESS = {"lossless": True, "quality": 20, "method": 0}


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    # A quality over 100 would mean lossless to OpenCV. It takes 0 for 1, and writes a line about it
    # to the standard error, as often as anybody asks for it.
    settings = (cv2.IMWRITE_WEBP_QUALITY, max(1, quality))
    return by_opencv(".webp", pixels, settings, metadata)


def write_lossless(pixels: Pixels, metadata: Metadata) -> bytes:
    """A WebP by Pillow. Its method 0 takes a tenth of OpenCV's time, for 7 % more bytes; for a
    photo three quarters of PNG's bytes.
    """
    if pixels.ndim == 2:
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))
    image = Image.fromarray(red_blue_swapped(pixels), "RGBA" if has_alpha(pixels) else "RGB")
    along = {"icc_profile": metadata.icc or b"", "exif": metadata.block}
    return by_pillow("WEBP", [image], **_LOSSLESS, **along)


def animate(frames: Frames, quality: int, plays: int, metadata: Metadata) -> bytes:
    # Of the methods 0 to 6, number 3 takes twice the time of 2 for a twentieth of the bytes.
    settings = {"quality": quality, "method": 2, "allow_mixed": False, "loop": plays}
    return _moving(frames, metadata, **settings)


def animate_lossless(frames: Frames, plays: int, metadata: Metadata) -> bytes:
    return _moving(frames, metadata, **_LOSSLESS, loop=plays)


def _moving(frames: Frames, metadata: Metadata, **settings: Any) -> bytes:
    file, alpha = colored_by_pillow("WEBP", frames, metadata, **settings)
    return _said_to_have_alpha(file) if alpha else file


def _said_to_have_alpha(file: bytes) -> bytes:
    """With VP8X's flag of alpha (RFC 9649, section 2.7), which decides whether clear pixels are
    clear.

    libwebp leaves it out where every frame is an opaque part of a clear canvas.
    """
    if file[12:16] != b"VP8X":
        return file
    return file[:20] + bytes([file[20] | 0x10]) + file[21:]
