"""AVIF sequences by Pillow, as OpenCV's call for them is not to be trusted with files of others."""

from collections.abc import Iterator, Sequence

import numpy as np

from imgmiddleware.errors import damaged
from imgmiddleware.formats.animation import Shown, lasting
from imgmiddleware.formats.avif.repeats import plays
from imgmiddleware.formats.avif.times import milliseconds
from imgmiddleware.formats.decoders import opened_by_pillow, told_as_damage
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import Data, told_as
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Pixels, red_blue_swapped


def pictures(data: Data, facts: Facts) -> Shown:
    """The pictures of a sequence: uint8 BGR, or BGRA where it has a track of alpha."""
    with told_as("its tracks contradict themselves"):
        window = Window.over(data)
        return Shown(plays(window), _pictures(data, facts, milliseconds(window)))


def _pictures(data: Data, facts: Facts, lasts: Sequence[float]) -> Iterator[tuple[Pixels, float]]:
    mode = "RGBA" if facts.alpha else "RGB"
    with told_as_damage("avif"), opened_by_pillow(data, "AVIF") as image:
        if image.size != (facts.width, facts.height):
            raise damaged(f"its decoder found {image.width}x{image.height} pixels")
        for number, lasted in enumerate(lasts[: facts.frames]):
            image.seek(number)
            image.load()
            pixels = red_blue_swapped(np.asarray(image.convert(mode)))
            yield pixels, lasting(lasted)
