"""Decode: an original's bytes to pixels as stored, scaled where the decoder can for less work.

A decoder that can tell of damage is preferred. The decoded size is compared with the header's. A
table in docs/damage.md says which damage each format's decoder tells of.
"""

from imgmiddleware.formats.decoders import check_decoded
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.probe import vet
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.pixels.arrays import Size


def decode(data: Data, facts: Facts, least: Size) -> Found:
    """The whole picture: (height, width) gray, or with 3 (BGR), 4 (BGRA, or CMYK) channels.

    dtype uint8, uint16 or float32. Of the size as stored, or upright, as the format's record says;
    where its decoder scales, down to `least`. Raises `ImageError` (422) where the original is
    damaged, as far as its decoder tells.
    """
    format = FORMATS[facts.format]
    found = format.decode(vet(data, facts), facts, least)
    if not format.scales:  # else the decoder itself knows the size that it had to find
        promised = facts.upright if format.upright else (facts.width, facts.height)
        check_decoded(found.pixels.shape[1::-1], promised)
    return found
