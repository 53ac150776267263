"""JPEG XL by pillow-jxl-plugin, which hands colour over in 8 bits."""

from importlib import import_module

import numpy as np
from PIL import Image

from imgmiddleware.formats.decoders import compared, mode_of, packed, told_as_damage
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.reading import Data
from imgmiddleware.pixels.arrays import Pixels, Size
from imgmiddleware.pixels.color import to_sixteen_bits


def decode(data: Data, facts: Facts, least: Size) -> Found:
    """The pixels, upright, and the profile. In one thread: renders are many already."""
    with told_as_damage(facts.format):
        decoder = import_module("pillow_jxl").Decoder(num_threads=0)
        _, info, raw, profile, _ = decoder(bytes(data))
        if info.mode == "I;16":
            pixels = np.frombuffer(raw, "<u2").reshape(info.height, info.width)
        elif info.mode in ("F", "F;16"):  # gray, from 0 to 1; halves are handed over as floats
            pixels = to_sixteen_bits(np.frombuffer(raw, "<f4").reshape(info.height, info.width))
        else:
            image = Image.frombytes(info.mode, (info.width, info.height), raw)
            pixels = packed(image, mode_of(facts))
    return Found(compared(pixels, facts), profile or None)


def read_back(file: bytes) -> Pixels:
    """The pixels of a file that was just written, in 8 bits."""
    decoder = import_module("pillow_jxl").Decoder(num_threads=0)
    _, info, raw, _, _ = decoder(file)
    image = Image.frombytes(info.mode, (info.width, info.height), raw)
    return packed(image, image.mode)
