"""AVIF stills by OpenCV, which gets only the parts of the file that it needs.

It hands over gray of limited range as it is coded, black at 16 and white at 235, where Pillow and
browsers stretch it. It has no gray with alpha, and libavif has no alpha of another depth than the
colours: then colours and alpha are decoded one by one.
"""

from dataclasses import replace

import cv2
import numpy as np

from imgmiddleware.errors import damaged
from imgmiddleware.formats.avif.facts import CODED, AvifFacts, Samples
from imgmiddleware.formats.containers.heif.choice import choose
from imgmiddleware.formats.containers.heif.reduced import plane, reduced
from imgmiddleware.formats.decoders import check_decoded, imdecoded, unassociated, unread
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.reading import Data, told_as
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Pixels, Size, has_alpha
from imgmiddleware.pixels.color import full_range, to_eight_bits

_BRAND = b"avif"


def decode(data: Data, facts: Facts, least: Size) -> Found:
    """The pixels that its clean aperture leaves, as stored."""
    its = facts.own
    assert isinstance(its, AvifFacts)
    with told_as("its structure contradicts itself"):
        chosen = choose(Window.over(data), CODED)
        if its.apart is None or chosen.alpha is None:
            pixels = _decoded(reduced(data, _BRAND, chosen), facts, its.colors)
        else:
            alone = replace(chosen, alpha=None, multiplied=False)
            colors = _decoded(reduced(data, _BRAND, alone), facts, its.colors)
            alpha = _decoded(plane(data, _BRAND, chosen.alpha), facts, its.apart)
            pixels = _joined(colors, alpha)
            pixels = unassociated(pixels) if chosen.multiplied else pixels
    if has_alpha(pixels) != facts.alpha:
        raise damaged("its header says other samples than the decoder found")
    left, top, width, height = its.box
    return Found(pixels[top : top + height, left : left + width])


def _decoded(file: bytes, facts: Facts, of: Samples) -> Pixels:
    """All of the coded picture, from black 0 to white 255 or 65535."""
    pixels = imdecoded(file)
    if pixels is None:
        raise unread(facts)
    assert isinstance(facts.own, AvifFacts)
    check_decoded(pixels.shape[1::-1], facts.own.coded)
    if pixels.ndim == 2 and of.limited:
        return _stretched(pixels, of.bits)
    return full_range(pixels, of.bits) if of.bits > 8 else pixels


def _stretched(pixels: Pixels, bits: int) -> Pixels:
    """Grays of limited range (H.273, equation 20) in the full one: 219 steps of 255, from 16 on."""
    dtype = np.uint16 if bits > 8 else np.uint8
    share = (np.arange(1 << bits) / (1 << (bits - 8)) - 16) / 219
    table = np.rint(np.clip(share, 0, 1) * np.iinfo(dtype).max).astype(dtype)
    return table[pixels]


def _joined(colors: Pixels, alpha: Pixels) -> Pixels:
    """BGRA in the depth of the colours."""
    if colors.dtype == np.uint8:
        alpha = to_eight_bits(alpha)
    elif alpha.dtype == np.uint8:
        alpha = alpha * np.uint16(257)
    planes = (colors,) * 3 if colors.ndim == 2 else cv2.split(colors)
    return np.asarray(cv2.merge((*planes, alpha)))
