"""WebP, by OpenCV, and by Pillow where it moves."""

import cv2

from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.result_format import Frames
from imgmiddleware.formats.write import by_opencv, colored_by_pillow
from imgmiddleware.pixels.arrays import Pixels


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    # A quality over 100 would mean lossless to OpenCV. It takes 0 for 1, and writes a line about it
    # to the standard error, as often as anybody asks for it.
    settings = (cv2.IMWRITE_WEBP_QUALITY, max(1, quality))
    return by_opencv(".webp", pixels, settings, metadata)


def animate(frames: Frames, quality: int, plays: int, metadata: Metadata) -> bytes:
    # Of the methods 0 to 6, number 3 takes twice the time of 2 for a twentieth of the bytes.
    settings = {"method": 2, "allow_mixed": False, "loop": plays}
    file, alpha = colored_by_pillow("WEBP", frames, quality, metadata, **settings)
    return _said_to_have_alpha(file) if alpha else file


def _said_to_have_alpha(file: bytes) -> bytes:
    """With VP8X's flag of alpha (RFC 9649, section 2.7), which decides whether clear is clear.

    libwebp leaves it out where every frame is an opaque part of a clear canvas.
    """
    if file[12:16] != b"VP8X":
        return file
    return file[:20] + bytes([file[20] | 0x10]) + file[21:]
