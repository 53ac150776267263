"""AVIF, by OpenCV, and by Pillow where it moves."""

import cv2
import numpy as np

from imgmiddleware.formats.avif.repeats import rewritten
from imgmiddleware.formats.avif.tag import tagged
from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.result_format import Frames
from imgmiddleware.formats.write import by_opencv, colored_by_pillow
from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.color import reduced

#: libaom's speed, from 0 to 10. 9 takes half the time of WebP, and two thirds of its bytes. A speed
#: with fewer bytes takes eight times as long (docs/pixels.md).
_SPEED = 9


#: Bits of a sample where there are more than 8: HDR screens show so many, and decoders decode them.
_DEEP = 10


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    """An AVIF with the code points of HDR; for all other colours the profile says the same."""
    settings = [cv2.IMWRITE_AVIF_QUALITY, quality, cv2.IMWRITE_AVIF_SPEED, _SPEED]
    if pixels.dtype == np.uint16:
        settings += [cv2.IMWRITE_AVIF_DEPTH, _DEEP]
        pixels = reduced(pixels, _DEEP)
    file = by_opencv(".avif", pixels, settings, metadata)
    return tagged(file, metadata.points) if metadata.points and metadata.points.hdr else file


def write_lossless(pixels: Pixels, metadata: Metadata) -> bytes:
    """At 100 OpenCV writes samples of red, green and blue as they are; of HDR those of 10 bits."""
    return write(pixels, 100, metadata)


def animate(frames: Frames, quality: int, plays: int, metadata: Metadata) -> bytes:
    """A sequence of limited range: Debian's Chromium reads every sequence so, whatever the file
    says.

    That was seen with Chromium 156 and libdav1d 1.0: 60 of full range becomes 51.
    """
    settings = {"quality": quality, "speed": _SPEED, "range": "limited"}
    file, _ = colored_by_pillow("AVIF", frames, metadata, **settings)
    return rewritten(file, plays)
