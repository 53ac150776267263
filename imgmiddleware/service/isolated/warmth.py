"""Warmth: a worker loads, and asks the system for, all that it will need before it closes.

After that it can open no file. A codec that counts the processors when it is first used, or a
library that is loaded late, would fail then.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress

import numpy as np

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.compose import seen_frames
from imgmiddleware.formats.decode import decode
from imgmiddleware.formats.encode import encode, encode_animation
from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.codepoints import CodePoints
from imgmiddleware.pixels.color import to_srgb
from imgmiddleware.pixels.resample import resample
from imgmiddleware.sources import BytesOriginal
from imgmiddleware.subjects.kinds import KINDS

#: Pixels of a side: enough to start an encoder's threads, and to look for faces.
_SIDE = 256
#: Display P3, by its code points: a profile that differs from the default.
_WIDE = 12, 13


def warm(opened: Collection[str]) -> None:
    """Write a picture in every format, read it where the format is opened, and look at it."""
    pixels = np.add.outer(np.arange(_SIDE), np.arange(3 * _SIDE)).astype(np.uint8)
    pixels = np.ascontiguousarray(pixels.reshape(_SIDE, _SIDE, 3))
    points = CodePoints.stated(*_WIDE)
    profile = points.profile() if points else None
    to_srgb(resample(pixels, (99, 99), alpha=False), profile, "rgb")
    for kind in KINDS.values():
        kind(pixels)
    for name in (name for name, result in RESULTS.items() if not result.missing):
        with suppress(Exception):  # an application's own: it would fail at a request, too
            for data in _written(name, pixels, Metadata(profile)):
                _read(data, opened)


def _written(name: str, pixels: Pixels, metadata: Metadata) -> Iterator[bytes]:
    result = RESULTS[name]
    if result.tell or result.of_header:
        return
    pixels = pixels[: result.longest, : result.longest]
    yield encode(pixels, name, 75, metadata)
    if result.animate:
        yield encode_animation([(pixels, 40.0), (255 - pixels, 40.0)], name, 75, 0, metadata)
    if result.alpha:
        yield encode(np.dstack([pixels, pixels[..., 0]]), name, 75, metadata)


def _read(data: bytes, opened: Collection[str]) -> None:
    with suppress(ImageError):  # of a format that is not opened
        facts = read_facts(BytesOriginal(data), opened)
        if facts.animated:
            all(seen_frames(memoryview(data), facts).frames)
        else:
            decode(memoryview(data), facts, (_SIDE, _SIDE))
