"""YCbCr that is no JPEG, all at once: Pillow knows it without subsampling alone, and no ranges."""

import numpy as np

from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.tiff.decode_pieces import rows
from imgmiddleware.formats.tiff.ycbcr import Units, read_units
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.sources.memory import BytesOriginal


def decode_units(data: Data, facts: Facts) -> Pixels:
    """uint8 BGR as stored. Raises `ImageError` (422)."""
    units = read_units(Window.over(data), facts)
    raster, result = units.raster, np.empty((facts.height, facts.width, 3), np.uint8)
    box = 0, 0, raster.width, raster.height
    for top, block in rows(BytesOriginal(data, version="-"), raster, box, 1, True):
        pixels = units.meaning.colored(_apart(block, units)[:, : facts.width])
        begin = top * units.high
        part = result[begin : begin + len(pixels)]
        part[:] = pixels[: len(part)]
    return result


def _apart(block: Pixels, units: Units) -> Pixels:
    """Rows of units as rows of pixels: each has the chroma of its unit."""
    down, across = block.shape[:2]
    luma = block[..., :-2].reshape(down, across, units.high, units.wide)
    shape = down * units.high, across * units.wide
    chroma = block[..., -2:].repeat(units.high, axis=0).repeat(units.wide, axis=1)
    return np.dstack((luma.transpose(0, 2, 1, 3).reshape(shape), chroma))
