"""HEIC by pillow-heif, and not by its hook in Pillow, which would hold for the whole process."""

import io
from importlib import import_module

import numpy as np

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.decoders import check_decoded, compared, told_as_damage
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.reading import Data
from imgmiddleware.pixels.arrays import Size


def decode(data: Data, facts: Facts, least: Size) -> Found:
    """The pixels, upright."""
    pillow_heif = import_module("pillow_heif")
    with told_as_damage(facts.format):
        opened = pillow_heif.open_heif(
            io.BytesIO(data), convert_hdr_to_8bit=False, bgr_mode=True, hdr_to_16bit=False
        )
        picture = opened[opened.primary_index]
        check_decoded(picture.size, facts.upright)  # before anything is decoded
        if picture.premultiplied_alpha:
            raise ImageError("unsupported-feature", "its colours are multiplied by their alpha")
        pixels = np.asarray(picture)
    return Found(compared(pixels, facts))
