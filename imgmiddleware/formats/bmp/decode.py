"""Whole BMPs by OpenCV."""

import cv2
import numpy as np

from imgmiddleware.formats.decoders import opened_by_opencv
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.reading import Data
from imgmiddleware.pixels.arrays import Pixels, Size


def decode(data: Data, facts: Facts, least: Size) -> Found:
    """The pixels. Unless it is told to, OpenCV makes a gray picture of colours whose header is the
    old one of 12 bytes.
    """
    colors = facts.color == "rgb" and not facts.alpha
    flags = cv2.IMREAD_COLOR if colors else cv2.IMREAD_UNCHANGED
    pixels = opened_by_opencv(data, facts, flags)
    return Found(_filled(pixels, facts.bits) if facts.bits in (5, 6) else pixels)


def _filled(pixels: Pixels, green: int) -> Pixels:
    """Of 16 bits a pixel, which OpenCV shifts into place: its white would be 248, a gray."""
    levels = np.arange(256)
    tables = [(levels >> 8 - bits) * 255 / ((1 << bits) - 1) for bits in (5, green, 5)]
    return np.asarray(cv2.LUT(pixels, np.rint(np.dstack(tables)).astype(np.uint8)))
