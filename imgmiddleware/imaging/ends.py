"""Ends: which values become black and white, where only the values of the original tell.

The ends are those of a whole page, never of a tile of it: neighbouring tiles have to be equally
bright. A smaller overview of the page is read where there is one. Of a large page a part is read
that is spread evenly over it. So finding the ends takes about as long as reading a large picture.
"""

import math
from collections.abc import Iterator

import cv2
import numpy as np

from imgmiddleware.formats.bands import stored_rows
from imgmiddleware.formats.facts import Facts
from imgmiddleware.pixels.arrays import Box, Pixels
from imgmiddleware.pixels.shown import Shown
from imgmiddleware.pixels.value_range import Ends
from imgmiddleware.sources.original import Original

#: Pixels of an overview that stands for its page.
_ENOUGH = 2**18
#: Pixels that are read of a page at most, and values that are put in order.
_READ = 2**24
_RANKED = 2**21
#: Parts of a page that is not read whole.
_PARTS = 64
#: A picture is nearly black if hardly a sample is brighter than an eighth.
_DARK, _BRIGHT = 65535 // 8, 0.01
_LOOKED_AT = 2**16
#: How the stored channels become blue, green, red and alpha.
_CHANNELS = {
    (1, 3): cv2.COLOR_GRAY2BGR, (1, 4): cv2.COLOR_GRAY2BGRA, (3, 4): cv2.COLOR_BGR2BGRA,
    (4, 3): cv2.COLOR_BGRA2BGR, (3, 1): cv2.COLOR_BGR2GRAY, (4, 1): cv2.COLOR_BGRA2GRAY,
}  # fmt: skip


def shown_by(facts: Facts, ends: Ends | None) -> Shown | None:
    """The way from values to samples; None where the file stores samples."""
    if facts.reading is None:
        return None
    assert facts.values is not None  # an original with a reading has values
    return Shown(facts.values, facts.reading, ends)


def find_ends(original: Original, facts: Facts) -> Ends | None:
    """The ends of an original that is read in bands; None where it is read without a range.

    Raises `ImageError` as reading it does.
    """
    if facts.reading is None or facts.reading.range is None:
        return None
    if not facts.reading.range.looks:
        return facts.reading.range.ends(np.empty(0), None)
    shown = shown_by(facts, None)
    assert shown is not None
    looked_at = _smallest(facts)
    kept = [
        _counted(values, holes, looked_at)
        for box in _boxes(looked_at)
        for values, holes in stored_rows(original, looked_at, box, shown)
    ]
    return facts.reading.range.ends(np.concatenate(kept)[:, None, None], None)


def ends_of(pixels: Pixels, facts: Facts) -> Ends | None:
    """The ends of a whole picture that is decoded at once."""
    shown = shown_by(facts, None)
    if shown is None or shown.reading.range is None:
        return None
    values, holes = shown.parted(pixels)
    return shown.reading.range.ends(values, holes)


def with_channels(pixels: Pixels, facts: Facts) -> Pixels:
    """The pixels with as many channels as the header says: a decoder of colours may have found gray
    pixels, or no alpha.
    """
    assert facts.values is not None
    found, wanted = (1 if pixels.ndim == 2 else pixels.shape[2]), facts.values.channels
    code = _CHANNELS.get((found, wanted))
    return pixels if code is None else np.asarray(cv2.cvtColor(pixels, code))


def is_dark(pixels: Pixels) -> bool:
    """Whether samples of 16 bits are nearly all in the lowest eighth."""
    if pixels.dtype != np.uint16:
        return False
    samples = pixels.reshape(-1)
    some = samples[:: max(1, samples.size // _LOOKED_AT)]
    return bool(np.count_nonzero(some > _DARK) < _BRIGHT * some.size)


def _smallest(facts: Facts) -> Facts:
    """The smallest of the page and its overviews that is large enough to tell."""
    enough = (one for one in reversed(facts.overviews) if one.width * one.height >= _ENOUGH)
    return next(enough, facts)


def _boxes(facts: Facts) -> Iterator[Box]:
    """The boxes that are read: the whole page, or parts of it from the first row to the last, in
    whole pieces.
    """
    width, height = facts.width, facts.height
    high = facts.pieces.high if facts.pieces else 1
    rows = max(high, _READ // width // _PARTS)
    if width * height <= _READ or _PARTS * rows >= height:
        yield 0, 0, width, height
        return
    for part in range(_PARTS):
        top = part * (height - rows) // (_PARTS - 1) // high * high
        yield 0, top, width, min(rows, height - top)


def _counted(values: Pixels, holes: Pixels | None, facts: Facts) -> Pixels:
    """The values that count, in one dimension: of very many some, with their least and most."""
    if values.dtype.kind == "f":
        infinite = np.asarray(~np.isfinite(values).all(axis=2))
        holes = infinite if holes is None else holes | infinite
    kept = values.reshape(-1) if holes is None else values[~holes].reshape(-1)
    by = math.ceil(min(facts.width * facts.height, _READ) * values.shape[2] / _RANKED)
    if by == 1 or not kept.size:
        return kept.copy()
    return np.concatenate((kept[::by], np.array([kept.min(), kept.max()], kept.dtype)))
