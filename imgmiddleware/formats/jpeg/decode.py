"""JPEG by simplejpeg, the one decoder tried that tells of damage (`strict`); without it by others.

The others are OpenCV and, for inks, Pillow: OpenCV makes colours of inks by itself. All three have
libjpeg-turbo in them, and give the same pixels. The others tell where the file ends too early, but
not where bytes in its middle are wrong.
"""

import re
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from PIL import Image

from imgmiddleware.errors import ImageError, damaged
from imgmiddleware.formats import native
from imgmiddleware.formats.decoders import (
    check_decoded,
    imdecoded,
    opened_by_pillow,
    told_as_damage,
    unread,
)
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.jpeg.facts import JpegFacts
from imgmiddleware.formats.jpeg.facts import read as facts_of
from imgmiddleware.formats.jpeg.wrapping import is_surplus, made_plain
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Pixels, Size

#: The colours of the samples -> the decoder's name of them, and their number.
_SPACES = {"gray": ("GRAY", 1), "rgb": ("BGR", 3), "cmyk": ("CMYK", 4)}
#: OpenCV's flags for one of so many columns and rows, in gray; in colour it is COLOR more.
_REDUCED = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
#: libjpeg's warnings about the bytes around the coded data, and its message about too many bytes.
_AROUND = re.compile(
    "extraneous bytes before marker|bad ICC marker|Adobe color transform|Invalid SOS parameters"
    "|JFIF revision|Premature end of JPEG file"
)
_SURPLUS = re.compile(r"(\d+) extraneous bytes before marker 0x(d[0-79])")
#: Rows of inks that are copied at a time.
_ROWS = 64


def read(window: Window) -> Facts:
    """The facts, with the memory of the installed decoder: all but simplejpeg make a second
    copy.
    """
    found = facts_of(window)
    assert isinstance(found.own, JpegFacts)
    if native.simplejpeg() and found.own.usual:
        return found
    again = found.width * found.height * _SPACES[found.color][1]
    return replace(found, decode_bytes=found.decode_bytes + again)


def decode(data: Data, facts: Facts, least: Size) -> Found:
    """The pixels at the smallest scale that is at least as large as `least`."""
    assert isinstance(facts.own, JpegFacts)
    usual, strict = facts.own.usual, not facts.mended
    pixels = samples(data, facts.color, least, usual=usual, strict=strict)
    if facts.color == "cmyk":
        # Adobe's applications store the ink that is not printed, and all readers expect that.
        np.subtract(255, pixels, out=pixels)
    return Found(pixels)


def samples(
    data: Data, color: str, least: Size, *, usual: bool = True, strict: bool = True
) -> Pixels:
    """The same for any stream, with inks as they are stored: (height, width), or with channels.

    `color` is "gray", "rgb" (which gives BGR) or "cmyk"; `usual` is that of `JpegFacts`. Raises
    `ImageError` (422). Where it is not `strict`, data missing behind the header are no error.
    """
    if (decoder := native.simplejpeg()) and usual:
        return _by_simplejpeg(decoder, data, color, least, strict=strict)
    facts = facts_of(Window.over(data))
    by = _reduced(facts, least)
    pixels = (_by_pillow if color == "cmyk" else _by_opencv)(data, facts, by)
    check_decoded(pixels.shape[1::-1], _scaled(facts, by))
    return pixels


def _by_simplejpeg(decoder: Any, data: Data, color: str, least: Size, *, strict: bool) -> Pixels:
    """If the decoder dislikes bytes around the coded data, it gets the same picture made plain."""
    try:
        return _decoded(decoder, data, color, least, strict=strict)
    except ValueError as error:
        if not (strict and _AROUND.search(str(error))):
            raise _said(error) from error
    plain = made_plain(data)
    try:
        return _decoded(decoder, plain, color, least)
    except ValueError as error:
        found = _SURPLUS.search(str(error))
        if not found or not is_surplus(plain, int(found[1]), int(found[2], 16)):
            raise _said(error) from error
    return _decoded(decoder, plain, color, least, strict=False)


def _decoded(decoder: Any, data: Data, color: str, least: Size, *, strict: bool = True) -> Pixels:
    """Raises `ValueError` for any warning of libjpeg, unless it is not `strict`."""
    width, height = least
    expected = decoder.decode_jpeg_header(data, min_width=width, min_height=height)[1::-1]
    space = _SPACES[color][0]
    pixels = decoder.decode_jpeg(data, space, min_width=width, min_height=height, strict=strict)
    check_decoded(pixels.shape[1::-1], expected)
    return np.asarray(pixels[..., 0] if color == "gray" else pixels)


def _said(error: ValueError) -> ImageError:
    return damaged(f"the JPEG decoder says: {error}")


def _by_opencv(data: Data, facts: Facts, by: int) -> Pixels:
    color = 0 if facts.color == "gray" else cv2.IMREAD_COLOR
    pixels = imdecoded(data, _REDUCED[by] | color | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None:
        raise unread(facts)
    return pixels


def _by_pillow(data: Data, facts: Facts, by: int) -> Pixels:
    """Inks as they are stored; Pillow takes them all for Adobe's, and turns them over."""
    with (
        told_as_damage(facts.format),
        opened_by_pillow(data, "JPEG") as image,
    ):
        check_decoded(image.size, (facts.width, facts.height))  # before anything is decoded
        image.draft(None, (max(1, facts.width // by), max(1, facts.height // by)))
        image.load()
        inks: Image.Image = image
        while inks.width > -(-facts.width // by) or inks.height > -(-facts.height // by):
            inks = inks.reduce(2)  # Pillow's own scale leaves no side at all of less than eight
        pixels = np.empty((inks.height, inks.width, 4), np.uint8)
        for top in range(0, inks.height, _ROWS):  # in one piece it would be three copies
            rows = pixels[top : top + _ROWS]
            strip = inks.crop((0, top, inks.width, top + len(rows)))
            np.subtract(255, np.asarray(strip), out=rows)
    return pixels


def _reduced(facts: Facts, least: Size) -> int:
    """The number of columns and rows that become one."""
    width, height = least
    sizes = {by: _scaled(facts, by) for by in _REDUCED}
    return max((by for by, (w, h) in sizes.items() if w >= width and h >= height), default=1)


def _scaled(facts: Facts, by: int) -> Size:
    return -(-facts.width // by), -(-facts.height // by)
