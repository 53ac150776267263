"""Announces the bytes to be read of an original, where each reading is a request to a server."""

from __future__ import annotations

import numpy as np

from imgmiddleware.formats.raster import Raster
from imgmiddleware.formats.window import Readable
from imgmiddleware.pixels.arrays import Box
from imgmiddleware.sources.original import announcing


def announce_pieces(original: Readable, raster: Raster, box: Box) -> None:
    """All pieces that hold some of the box (left, top, width, height), from the top down."""
    announce = announcing(original)
    if announce is None or raster.is_streamed:
        return
    left, top, width, height = box
    down = np.arange(top // raster.high, (top + height - 1) // raster.high + 1)
    beside = np.arange(left // raster.wide, (left + width - 1) // raster.wide + 1)
    pieces = (down[:, None] * raster.across + beside).reshape(-1)
    announce(raster.offsets[pieces], raster.counts[pieces])


def announce_rows(original: Readable, starts: range, count: int) -> None:
    """Announces so many bytes of each of some rows."""
    announce = announcing(original)
    if announce is not None:
        places = np.arange(starts.start, starts.stop, starts.step, dtype=np.int64)
        announce(places, np.full(len(places), count, np.int64))
