"""AVIF, by OpenCV, and by Pillow where it moves."""

import cv2

from imgmiddleware.formats.containers.isobmff import boxes
from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.result_format import Frames
from imgmiddleware.formats.window import Window
from imgmiddleware.formats.write import by_opencv, colored_by_pillow
from imgmiddleware.pixels.arrays import Pixels

#: libaom's speed, from 0 to 10. 9 takes half the time of WebP, and two thirds of its bytes. What
#: takes fewer bytes takes eight times as long (docs/decisions.md).
_SPEED = 9


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    settings = (cv2.IMWRITE_AVIF_QUALITY, quality, cv2.IMWRITE_AVIF_SPEED, _SPEED)
    return by_opencv(".avif", pixels, settings, metadata)


def animate(frames: Frames, quality: int, plays: int, metadata: Metadata) -> bytes:
    file, _ = colored_by_pillow("AVIF", frames, quality, metadata, speed=_SPEED)
    return _untimed(file)


def _untimed(file: bytes) -> bytes:
    """Without the second of its making, which movie, tracks and media each note in their header
    (ISO/IEC 14496-12, 8.2.2, 8.3.2 and 8.4.2): equal pixels are equal bytes.
    """
    data, window = bytearray(file), Window.over(file)
    ranges = [(0, len(file))]
    while ranges:
        for box in boxes(window, *ranges.pop()):
            if box.kind in (b"moov", b"trak", b"mdia"):
                ranges.append((box.start, box.end))
            elif box.kind in (b"mvhd", b"tkhd", b"mdhd"):
                wide = 8 if data[box.start] == 1 else 4  # by the box's version
                data[box.start + 4 : box.start + 4 + 2 * wide] = bytes(2 * wide)
    return bytes(data)
