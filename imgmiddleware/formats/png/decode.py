"""Whole PNGs by OpenCV."""

import numpy as np

from imgmiddleware.formats.decoders import opened_by_opencv
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.png.facts import own
from imgmiddleware.formats.reading import Data
from imgmiddleware.pixels.arrays import Pixels, Size


def decode(data: Data, facts: Facts, least: Size) -> Found:
    """The pixels, with the clear colour."""
    pixels, transparent = opened_by_opencv(data, facts), own(facts).transparent
    if transparent is not None and pixels.ndim == 2:
        return Found(_with_transparent(pixels, transparent[0], facts.bits))
    return Found(pixels)


def _with_transparent(gray: Pixels, transparent: int, bits: int) -> Pixels:
    """Gray with one sample that tRNS names as transparent, which OpenCV loses."""
    most, largest = int(np.iinfo(gray.dtype).max), (1 << bits) - 1
    alpha = np.where(gray == (transparent & largest) * most // largest, 0, most).astype(gray.dtype)
    return np.dstack((gray, gray, gray, alpha))
