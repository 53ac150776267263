"""GIF, by Pillow, in 256 colours of its own, one of them for clear pixels.

It has no place for metadata.
"""

import struct

import cv2
import numpy as np
from PIL import GifImagePlugin

from imgmiddleware.formats.gif.facts import TRAILER
from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.result_format import Frames
from imgmiddleware.formats.write import all_opaque, by_pillow
from imgmiddleware.pixels.arrays import Box, Pixels
from imgmiddleware.pixels.palette import color_codes, with_binary_alpha

#: A graphic control's disposal (section 23): the frame stays, or its place becomes clear again.
_STAYS, _CLEARED = 1, 2


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    return by_pillow("GIF", [with_binary_alpha(pixels)], optimize=False)


def animate(frames: Frames, quality: int, plays: int, metadata: Metadata) -> bytes:
    """Each frame is the box in which it differs from the picture there, with its own palette.

    Pillow encodes one frame at a time. Where it sees all frames, it takes black for clear when it
    crops, and adds up the times of equal frames to numbers that do not fit.
    """
    height, width = frames[0][0].shape[:2]
    # A table of two colours that nothing uses: OpenCV writes a warning where there is none.
    file = [struct.pack("<6sHHBBB6x", b"GIF89a", width, height, 0xF0, 0, 0)]
    if plays != 1:
        again = struct.pack("<HB", max(0, plays - 1), 0)
        file.append(b"!\xff\x0bNETSCAPE2.0\x03\x01" + again)
    opaque = all_opaque(frames)
    stands = np.zeros((height, width), np.uint32)
    for pixels, milliseconds in frames:
        seen = color_codes(pixels)
        left, top, across, down = _around(seen != stands)
        bgra = seen.view(np.uint8).reshape(height, width, 4)
        part = bgra[top : top + down, left : left + across, : 3 if opaque else 4]
        # Pillow clears a place to the background's colour where the frame names no clear one.
        image = with_binary_alpha(part, clear=not opaque)
        file += GifImagePlugin.getdata(
            image,
            (left, top),
            duration=milliseconds,
            disposal=_STAYS if opaque else _CLEARED,
            transparency=image.info.get("transparency"),
            include_color_table=True,
        )
        if opaque:
            stands = seen
    return b"".join((*file, bytes([TRAILER])))


def _around(differs: Pixels) -> Box:
    """The box of all differences; a pixel where there is none, as a frame cannot be empty."""
    left, top, width, height = cv2.boundingRect(differs.view(np.uint8))
    return left, top, max(1, width), max(1, height)
