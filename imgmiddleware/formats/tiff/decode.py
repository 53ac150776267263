"""Whole pages of TIFF, by Pillow or OpenCV, both of which turn them upright.

For 8 bits Pillow is as fast, tells of damage in LZW and deflate, and knows CMYK and associated
alpha. It has no 16-bit colour.
"""

import numpy as np
from PIL import Image, UnidentifiedImageError

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.decoders import (
    PACKED,
    as_promised,
    imdecoded,
    opened_by_pillow,
    packed,
    told_as_damage,
)
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.tiff.decode_ycbcr import decode_units
from imgmiddleware.formats.tiff.page import TiffFacts, own
from imgmiddleware.pixels.arrays import Pixels, Size, reciprocal
from imgmiddleware.pixels.color import lab_to_srgb

#: Pixels whose colours are divided at once: 44 bytes of floats each fit into `SLACK`.
_BAND = 65536


def decode(data: Data, facts: Facts, least: Size) -> Found:
    """The pixels, upright."""
    if own(facts).units:
        return Found(facts.orientation.apply(decode_units(data, facts)))
    if facts.depth == 8:
        return Found(as_promised(_by_pillow(data, facts), facts))
    pixels = imdecoded(data)
    pixels = as_promised(_by_pillow(data, facts) if pixels is None else pixels, facts)
    return Found(_meant(pixels, own(facts)))


def _meant(pixels: Pixels, its: TiffFacts) -> Pixels:
    """The changes that Pillow makes to 8 bits, made to other samples in place."""
    if its.inverted:
        np.subtract(65535, pixels, out=pixels)
    if its.associated:
        _unassociate(pixels)
    return pixels


def _unassociate(pixels: Pixels) -> None:
    """Divide the colours of 16-bit or float BGRA by their alpha, in place.

    In bands, as the floats between would otherwise take more than `Facts.decode_bytes` allows.
    """
    most = 65535 if pixels.dtype == np.uint16 else 1
    rows = max(1, _BAND // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        band = pixels[top : top + rows]
        alpha = band[..., 3:].astype(np.float32)
        # Where alpha is nothing the colours are nothing too, and need only stay finite.
        colors = np.minimum(band[..., :3] * reciprocal(alpha, most), most)
        band[..., :3] = np.rint(colors) if pixels.dtype == np.uint16 else colors


def _by_pillow(data: Data, facts: Facts) -> Pixels:
    """Pages of up to 8 bits, and pages that OpenCV cannot read."""
    with told_as_damage(facts.format):
        try:
            with opened_by_pillow(data, "TIFF", (facts.width, facts.height)) as image:
                return _samples(image, facts)
        except UnidentifiedImageError as error:  # it has no mode for these; OpenCV loses some
            raise ImageError(
                "unsupported-feature",
                "no decoder here knows samples of its number and kind",
            ) from error


def _samples(image: Image.Image, facts: Facts) -> Pixels:
    image.load()
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if image.mode == "F":
        return np.asarray(image)
    if image.mode == "LAB":
        image = lab_to_srgb(image)
    mode = "L" if image.mode == "1" else image.mode
    return packed(image, mode if mode in PACKED else "RGBA" if facts.alpha else "RGB")
