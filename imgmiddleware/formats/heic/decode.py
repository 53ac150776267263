"""HEIC by pillow-heif, and not by its hook in Pillow, which would hold for the whole process.

The decoder gets only the parts of the file that it needs.
"""

import io
from dataclasses import replace
from importlib import import_module

import numpy as np

from imgmiddleware.formats.containers.heif.choice import choose
from imgmiddleware.formats.containers.heif.reduced import reduced
from imgmiddleware.formats.decoders import check_decoded, compared, told_as_damage, unassociated
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.heic.facts import CODED, HeicFacts
from imgmiddleware.formats.reading import Data, told_as
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Pixels, Size


def decode(data: Data, facts: Facts, least: Size) -> Found:
    """The pixels that its clean aperture leaves, as stored."""
    its = facts.own
    assert isinstance(its, HeicFacts)
    with told_as("its structure contradicts itself"):
        chosen = choose(Window.over(data), CODED)
        file = reduced(data, b"heic", replace(chosen, multiplied=False))
    pixels = _decoded(file, facts, its.coded)
    left, top, width, height = its.box
    pixels = compared(pixels[top : top + height, left : left + width], facts)
    return Found(unassociated(pixels) if chosen.multiplied else pixels)


def _decoded(file: bytes, facts: Facts, coded: Size) -> Pixels:
    pillow_heif = import_module("pillow_heif")
    with told_as_damage(facts.format):
        opened = pillow_heif.open_heif(
            io.BytesIO(file), convert_hdr_to_8bit=False, bgr_mode=True, hdr_to_16bit=False
        )
        picture = opened[opened.primary_index]
        check_decoded(picture.size, coded)  # before anything is decoded
        return np.asarray(picture)
