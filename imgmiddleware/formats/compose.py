"""Animations in: frames laid over one another, as a person would see each."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from imgmiddleware.errors import damaged
from imgmiddleware.formats.animation import Animation, Frame, lasting
from imgmiddleware.formats.decode import decode
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.registry import read_animation
from imgmiddleware.pixels.arrays import Pixels, over, red_blue_swapped
from imgmiddleware.pixels.color import to_eight_bits

#: Pixels that are laid on others at once.
_BAND = 65536


@dataclass(frozen=True, slots=True)
class Shown:
    """What is seen: pictures, each with its milliseconds, and how often they run, 0 for ever."""

    plays: int
    frames: Iterator[tuple[Pixels, int]]


def is_composed(facts: Facts) -> bool:
    """Whether already the first picture is a frame on a canvas, which it need not fill."""
    return facts.format == "gif" or facts.sequence


def seen_frames(data: Data, facts: Facts) -> Shown:
    """The frames of an original that has some; raises `ImageError` (422) as they are taken."""
    if facts.sequence:
        return Shown(0, sequence(data, facts))
    animation = read_animation(data, facts)
    return Shown(animation.plays, composed(animation, facts))


def sequence(data: Data, facts: Facts) -> Iterator[tuple[Pixels, int]]:
    """The pictures of an AVIF sequence: uint8 BGR, or BGRA where it has a track of alpha.

    By Pillow, as OpenCV's call for it is not to be trusted with files of others.
    """
    mode = "RGBA" if facts.alpha else "RGB"
    try:
        with Image.open(io.BytesIO(data), formats=["AVIF"]) as image:
            if image.size != (facts.width, facts.height):
                raise damaged(f"its decoder found {image.width}x{image.height} pixels")
            for number in range(facts.frames):
                image.seek(number)
                image.load()
                pixels = red_blue_swapped(np.asarray(image.convert(mode)))
                yield pixels, lasting(round(image.info.get("duration", 0)))
    except (OSError, ValueError, SyntaxError, EOFError, Warning, RuntimeError) as error:
        raise damaged("the AVIF decoder could not read it") from error


def composed(animation: Animation, facts: Facts) -> Iterator[tuple[Pixels, int]]:
    """Each frame as it is seen: uint8, (height, width, 4), blue first, on a canvas that is clear.

    Clear is what browsers show where nothing is drawn, whatever background a file names. Raises
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
    """The frame's part of the canvas; what hangs over the edge is not seen."""
    return canvas[
        frame.top : frame.top + frame.facts.height, frame.left : frame.left + frame.facts.width
    ]


def _decoded(frame: Frame) -> Pixels:
    size = frame.facts.width, frame.facts.height
    pixels = to_eight_bits(decode(frame.data, frame.facts, size, size))
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGRA))
    if pixels.shape[2] == 3:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2BGRA))
    return pixels


def _lay(under: Pixels, frame: Pixels, *, blend: bool) -> None:
    """Put a frame on `under`, in place; with `blend` by its alpha, else in its stead.

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
