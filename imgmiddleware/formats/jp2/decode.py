"""JPEG 2000: of 8 bits by Pillow, which tells more of damage; else by OpenCV.

Pillow has no colour of 16 bits, and leaves the channels in the order of the file. So it gets the
codestream alone, where they are in order.
"""

from imgmiddleware.formats.decoders import (
    check_decoded,
    compared,
    imdecoded,
    mode_of,
    opened_by_pillow,
    packed,
    told_as_damage,
    unread,
)
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.jp2.facts import CODESTREAM
from imgmiddleware.formats.reading import Data
from imgmiddleware.pixels.arrays import Pixels, Size


def decode(data: Data, facts: Facts, least: Size) -> Found:
    """The pixels."""
    with told_as_damage(facts.format):
        plain = facts.depth == 8 and bytes(data[:4]) == CODESTREAM
        pixels = _by_pillow(data, facts) if plain else _by_opencv(data, facts)
    return Found(compared(pixels, facts))


def _by_pillow(data: Data, facts: Facts) -> Pixels:
    with opened_by_pillow(data, "JPEG2000") as image:
        check_decoded(image.size, facts.upright)  # before anything is decoded
        image.load()
        return packed(image, mode_of(facts))


def _by_opencv(data: Data, facts: Facts) -> Pixels:
    pixels = imdecoded(data)
    if pixels is None:
        raise unread(facts)
    return pixels
