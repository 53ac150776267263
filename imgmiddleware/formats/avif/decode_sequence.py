"""AVIF sequences by Pillow, as OpenCV's call for them is not to be trusted with files of others."""

from collections.abc import Iterator

import numpy as np

from imgmiddleware.errors import damaged
from imgmiddleware.formats.animation import lasting
from imgmiddleware.formats.decoders import opened_by_pillow, told_as_damage
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import Data
from imgmiddleware.pixels.arrays import Pixels, red_blue_swapped


def pictures(data: Data, facts: Facts) -> Iterator[tuple[Pixels, int]]:
    """The pictures of a sequence: uint8 BGR, or BGRA where it has a track of alpha."""
    mode = "RGBA" if facts.alpha else "RGB"
    with told_as_damage("avif"), opened_by_pillow(data, "AVIF") as image:
        if image.size != (facts.width, facts.height):
            raise damaged(f"its decoder found {image.width}x{image.height} pixels")
        for number in range(facts.frames):
            image.seek(number)
            image.load()
            pixels = red_blue_swapped(np.asarray(image.convert(mode)))
            yield pixels, lasting(round(image.info.get("duration", 0)))
