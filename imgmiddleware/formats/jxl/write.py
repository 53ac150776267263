"""JPEG XL by pillow-jxl-plugin: 8 bits, in one thread, as many renders run already.

It has no place for a profile, and none for 16 bits of more than one channel.
"""

from importlib import import_module

import numpy as np

from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.pixels.arrays import Pixels, has_alpha, red_blue_swapped

#: libjxl's effort, from 1 to 10. 3 takes a third of WebP's time for fewer bytes; 7 takes twelve
#: times the time of 3 for a tenth fewer (docs/results.md).
_EFFORT = 3


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    return _written(pixels, metadata, quality=quality)


def write_lossless(pixels: Pixels, metadata: Metadata) -> bytes:
    return _written(pixels, metadata, lossless=True)


def _written(pixels: Pixels, metadata: Metadata, **how: int) -> bytes:
    mode = "L" if pixels.ndim == 2 else "RGBA" if has_alpha(pixels) else "RGB"
    encoder = import_module("pillow_jxl").Encoder(mode=mode, **how, effort=_EFFORT, num_threads=0)
    samples = np.ascontiguousarray(red_blue_swapped(pixels)).tobytes()
    # Where the block begins stands in front of it (18181-2, section 9.3), which is left to us.
    exif = bytes(4) + metadata.block if metadata.block else None
    height, width = pixels.shape[:2]
    return bytes(encoder(samples, width, height, jpeg_encode=False, exif=exif))
