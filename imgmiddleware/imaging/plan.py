"""The plan: what will be done to which pixels, from the header's facts and the Transform alone.

A plan is a pure function of both, so that everything in it may be part of a cache key, and nothing
that happens to be true at run time can change the bytes of a picture.
"""

from __future__ import annotations

from dataclasses import dataclass

from imgmiddleware.operations import Output, Resize
from imgmiddleware.operations.output import WITH_ALPHA
from imgmiddleware.probe.facts import Facts
from imgmiddleware.transform import Transform

#: Left, top, width, height in pixels.
Box = tuple[int, int, int, int]

#: OpenCV turns a TIFF upright while it decodes, whatever flags it is given; Pillow does the same.
_DECODED_UPRIGHT = frozenset({"tiff"})

#: A decoder that scales must leave at least this many samples for each of the result: the
#: resampler's last step is a filter that halves (see resample.py).
_OVERSAMPLING = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes are (width, height). `stored`, `crop` and `size` are in the orientation as decoded;
    `canvas` is upright: it is the size of the result.
    """

    stored: tuple[int, int]
    crop: Box
    size: tuple[int, int]
    orientation: int
    canvas: tuple[int, int]
    format: str  # a key of operations.output.MEDIA_TYPES
    quality: int

    @property
    def least(self) -> tuple[int, int]:
        """The smallest width and height of the whole original that a scaled decode may give."""
        return (
            min(self.stored[0], -(-_OVERSAMPLING * self.size[0] * self.stored[0] // self.crop[2])),
            min(self.stored[1], -(-_OVERSAMPLING * self.size[1] * self.stored[1] // self.crop[3])),
        )

    @property
    def keeps_alpha(self) -> bool:
        return self.format in WITH_ALPHA


def make_plan(facts: Facts, transform: Transform) -> Plan:
    """The plan for an original with these facts."""
    frame = transform.get(Resize).frame(*facts.upright)
    output = transform.get(Output)
    upright = facts.format in _DECODED_UPRIGHT
    orientation = 1 if upright else facts.orientation
    stored = facts.upright if upright else (facts.width, facts.height)
    return Plan(
        stored=stored,
        crop=as_stored(frame.crop, orientation, stored),
        size=frame.size[::-1] if orientation >= 5 else frame.size,
        orientation=orientation,
        canvas=frame.canvas,
        format=output.format(facts.alpha),
        quality=output.q,
    )


def as_stored(box: Box, orientation: int, stored: tuple[int, int]) -> Box:
    """A box of the upright picture in the coordinates of the stored one (EXIF's Orientation)."""
    left, top, width, height = box
    if orientation >= 5:  # rows of the stored picture are columns of the upright one
        left, top, width, height = top, left, height, width
    if orientation in (2, 3, 7, 8):
        left = stored[0] - left - width
    if orientation in (3, 4, 6, 7):
        top = stored[1] - top - height
    return left, top, width, height
