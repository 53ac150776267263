"""GIF, by Pillow, in 256 colours of its own, one of them for what is clear.

It has no place for metadata.
"""

from __future__ import annotations

from typing import Any

from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.result_format import Frames
from imgmiddleware.formats.write import by_pillow
from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.palette import with_binary_alpha

#: Milliseconds: a GIF counts in hundredths of a second, and browsers show what lasts under two for
#: ten.
_SHORTEST = 20


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    return by_pillow("GIF", [with_binary_alpha(pixels)], optimize=False)


def animate(frames: Frames, quality: int, plays: int, metadata: Metadata) -> bytes:
    lasting = [max(_SHORTEST, round(ms / 10) * 10) for _, ms in frames]
    # What is clear shows what stood there, unless that is taken away.
    settings: dict[str, Any] = {"duration": lasting, "disposal": 2, "optimize": False}
    if plays != 1:
        settings["loop"] = max(0, plays - 1)  # it says how often it runs again
    return by_pillow("GIF", [with_binary_alpha(pixels) for pixels, _ in frames], **settings)
