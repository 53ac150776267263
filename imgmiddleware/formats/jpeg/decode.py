"""JPEG by simplejpeg, the one decoder tried that tells of damage (`strict`)."""

import numpy as np
import simplejpeg

from imgmiddleware.errors import damaged
from imgmiddleware.formats.decoders import check_decoded
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.jpeg.facts import JpegFacts
from imgmiddleware.formats.reading import Data
from imgmiddleware.pixels.arrays import Pixels, Size

#: What a picture's samples are -> the name of what is decoded to.
_SPACES = {"gray": "GRAY", "rgb": "BGR", "cmyk": "CMYK"}


def decode(data: Data, facts: Facts, least: Size) -> Found:
    """The pixels at the smallest scale that is at least as large as `least`."""
    assert isinstance(facts.own, JpegFacts)
    pixels = samples(data, facts.color, least)
    if facts.own.inverted:
        np.subtract(255, pixels, out=pixels)
    return Found(pixels)


def samples(data: Data, color: str, least: Size) -> Pixels:
    """The same of any stream, with inks as they are stored: (height, width), or with channels.

    `color` is "gray", "rgb" (which gives BGR) or "cmyk". Raises `ImageError` (422).
    """
    width, height = least
    try:
        expected = simplejpeg.decode_jpeg_header(data, min_width=width, min_height=height)[1::-1]
        pixels = simplejpeg.decode_jpeg(
            data, _SPACES[color], min_width=width, min_height=height, strict=True
        )
    except ValueError as error:
        raise damaged(f"the JPEG decoder says: {error}") from error
    check_decoded(pixels.shape[1::-1], expected)
    return np.asarray(pixels[..., 0] if color == "gray" else pixels)
