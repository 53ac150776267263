"""AVIF, by OpenCV, and by Pillow where it moves."""

import cv2

from imgmiddleware.formats.avif.repeats import rewritten
from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.result_format import Frames
from imgmiddleware.formats.write import by_opencv, colored_by_pillow
from imgmiddleware.pixels.arrays import Pixels

#: libaom's speed, from 0 to 10. 9 takes half the time of WebP, and two thirds of its bytes. What
#: takes fewer bytes takes eight times as long (docs/decisions.md).
_SPEED = 9


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    settings = (cv2.IMWRITE_AVIF_QUALITY, quality, cv2.IMWRITE_AVIF_SPEED, _SPEED)
    return by_opencv(".avif", pixels, settings, metadata)


def animate(frames: Frames, quality: int, plays: int, metadata: Metadata) -> bytes:
    """Of limited range: Debian's Chromium takes a sequence for such, whatever it says.

    That was seen with Chromium 156 and libdav1d 1.0: 60 of full range becomes 51.
    """
    settings = {"speed": _SPEED, "range": "limited"}
    file, _ = colored_by_pillow("AVIF", frames, quality, metadata, **settings)
    return rewritten(file, plays)
