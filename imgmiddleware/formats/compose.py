"""Animations in: frames laid over one another, as a person would see each."""

from collections.abc import Iterator

import cv2
import numpy as np

from imgmiddleware.formats.animation import Animation, Frame, Shown
from imgmiddleware.formats.decode import decode
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.probe import read_animation
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.pixels.arrays import Pixels, has_alpha, over
from imgmiddleware.pixels.color import to_eight_bits

#: Pixels that are laid on others at once.
_BAND = 65536


def seen_frames(data: Data, facts: Facts) -> Shown:
    """The frames of an original that has some; raises `ImageError` (422) as they are taken."""
    pictures = FORMATS[facts.format].pictures
    if pictures:
        return pictures(data, facts)
    animation = read_animation(data, facts)
    return Shown(animation.plays, composed(animation, facts))


def composed(animation: Animation, facts: Facts) -> Iterator[tuple[Pixels, float]]:
    """Each frame as a viewer sees it: uint8, (height, width, 4), blue first, on a clear canvas.

    Browsers show nothing where nothing is drawn, whatever background a file names. Raises
    `ImageError` (422) where a frame is damaged.
    """
    canvas = np.zeros((facts.height, facts.width, 4), np.uint8)
    for frame in animation.frames:
        stands = _place(canvas, frame)
        before = stands.copy() if frame.dispose == "previous" else None
        _lay(stands, _decoded(frame)[: stands.shape[0], : stands.shape[1]], blend=frame.blend)
        yield canvas.copy(), frame.duration
        if before is not None:
            stands[:] = before
        elif frame.dispose == "background":
            stands[:] = 0


def _place(canvas: Pixels, frame: Frame) -> Pixels:
    """The frame's part of the canvas; the part over the edge is not seen."""
    return canvas[
        frame.top : frame.top + frame.facts.height, frame.left : frame.left + frame.facts.width
    ]


def _decoded(frame: Frame) -> Pixels:
    size = frame.facts.width, frame.facts.height
    pixels = to_eight_bits(decode(frame.data, frame.facts, size).pixels)
    if has_alpha(pixels):
        return pixels
    code = cv2.COLOR_GRAY2BGRA if pixels.ndim == 2 else cv2.COLOR_BGR2BGRA
    return np.asarray(cv2.cvtColor(pixels, code))


def _lay(under: Pixels, frame: Pixels, *, blend: bool) -> None:
    """Put a frame on `under`, in place; with `blend` by its alpha, else instead of it.

    In bands: picking pixels out of a picture takes several times its memory.
    """
    if not blend:
        under[:] = frame
        return
    rows = max(1, _BAND // max(1, under.shape[1]))
    for top in range(0, len(under), rows):
        below, above = under[top : top + rows], frame[top : top + rows]
        alpha = above[..., 3]
        opaque = alpha == 255
        below[opaque] = above[opaque]
        partly = (alpha > 0) & ~opaque
        if partly.any():
            below[partly] = over(above[partly], below[partly])
