"""Frames of an animation, each as a still file of its own.

A frame is read by the same parser as a still, and goes through the same decoder. So a decoder gets
no data from an animation that a still could not bring. OpenCV's own calls for animations have read
and written beyond their memory. Only one task remains: the stills are laid over one another
(formats/compose.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from imgmiddleware.formats.facts import Facts
from imgmiddleware.pixels.arrays import Pixels

#: Browsers show a frame that lasts no longer than this for 100 ms: old files say 0 and mean "as
#: fast as the machines of that time".
_TOO_SHORT, _INSTEAD = 10, 100


#: How a frame leaves its place.
Disposal = Literal["keep", "background", "previous"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; sizes and places in pixels of the canvas."""

    data: bytes  # a whole file of the animation's own format
    facts: Facts  # of that file
    left: int
    top: int
    duration: float  # in milliseconds
    blend: bool  # laid over the picture there; else it takes its place, alpha and all
    dispose: Disposal


@dataclass(frozen=True, slots=True)
class Animation:
    """The frames in their order, and how often they run: 0 is for ever."""

    plays: int
    frames: Iterator[Frame]


@dataclass(frozen=True, slots=True)
class Shown:
    """Pictures, each with its milliseconds, and how often they run, 0 for ever."""

    plays: int
    frames: Iterator[tuple[Pixels, float]]


def lasting(milliseconds: float) -> float:
    """A frame's duration as browsers take it."""
    return milliseconds if milliseconds > _TOO_SHORT else _INSTEAD
