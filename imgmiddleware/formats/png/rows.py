"""The kinds of PNG whose rows can be unfiltered a few at a time, and where their stream begins.

Their rows come from the top down and have whole bytes, and they have no clear colour: gray, RGB and
palettes of 8 bits, gray and RGB of 16, and RGBA.
"""

import numpy as np

from imgmiddleware.errors import damaged
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.png.chunks import (
    GRAY_ALPHA,
    PALETTE,
    SAMPLES,
    Header,
    PngChunk,
    chunks,
    read_probed_header,
)
from imgmiddleware.formats.raster import Raster, filtered_bytes
from imgmiddleware.formats.window import Window


def band_bytes(header: Header, clear: bool) -> int:
    """The memory for decoding a few rows at a time, beside the picture; 0 where this cannot be
    done.

    `clear` tells that a colour or entry of the palette is transparent (tRNS).
    """
    known = header.bits >= 8 and header.color != GRAY_ALPHA and not (header.interlaced or clear)
    return filtered_bytes(header.width * header.pixel) if known else 0


def read_raster(window: Window, facts: Facts) -> Raster:
    """The rows of a PNG that has `band_bytes`; its one piece begins with the first IDAT chunk."""
    header = read_probed_header(window, facts)
    palette: PngChunk | None = None
    for chunk in chunks(window):
        if chunk.kind == b"PLTE":
            palette = chunk
        if chunk.kind == b"IDAT":
            break
    else:
        raise damaged("it has no picture data (IDAT)")
    indexed = header.color == PALETTE
    if indexed and palette is None:
        raise damaged("it has no palette")
    return Raster(
        width=header.width,
        height=header.height,
        wide=header.width,
        high=header.height,
        offsets=np.array([chunk.start]),
        stride=header.width * header.pixel,
        channels=SAMPLES[header.color],
        dtype="u1" if header.bits == 8 else ">u2",
        palette=_palette(window, palette) if indexed and palette else None,
    )


def _palette(window: Window, chunk: PngChunk) -> bytes:
    """Blue, green, red; a colour that is not there is black."""
    table = window.read(chunk.data, min(chunk.length, 768))
    turned = bytes(value for at in range(0, len(table), 3) for value in table[at : at + 3][::-1])
    return turned.ljust(768, b"\0")
