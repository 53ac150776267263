"""GIF, by Pillow, in 256 colours of its own, one of them for what is clear.

It has no place for metadata.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.result_format import Frames
from imgmiddleware.formats.write import by_pillow
from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.palette import as_image, with_binary_alpha

#: Milliseconds: a GIF counts in hundredths of a second, and browsers show what lasts under two for
#: ten.
_SHORTEST = 20


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    file = io.BytesIO()
    _indexed(pixels).save(file, "GIF", optimize=False)
    return file.getvalue()


def animate(frames: Frames, quality: int, plays: int, metadata: Metadata) -> bytes:
    images = [_indexed(pixels) for pixels, _ in frames]
    lasting = [max(_SHORTEST, round(ms / 10) * 10) for _, ms in frames]
    # What is clear shows what stood there, unless that is taken away.
    settings: dict[str, Any] = {"optimize": False, "disposal": 2}
    if plays != 1:
        settings["loop"] = max(0, plays - 1)  # it says how often it runs again
    return by_pillow("GIF", images, lasting, **settings)


def _indexed(pixels: Pixels) -> Image.Image:
    indexed = with_binary_alpha(pixels)
    image = as_image(indexed)
    clear = np.flatnonzero(indexed.colors[:, 3] == 0)
    if len(clear):
        image.info["transparency"] = int(clear[0])
    return image
