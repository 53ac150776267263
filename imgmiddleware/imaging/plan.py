"""The plan: what will be done to which pixels.

It is a pure function of the header's facts, the Transform and the accepted formats, all of which
the key of a picture holds, so that nothing that happens to be true at run time can change its
bytes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from imgmiddleware.imaging.orient import remaining
from imgmiddleware.operations import Backdrop, Orient, Output, PixelOperation, Region, Resize
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
    `canvas` is upright, what the picture stands on before `steps`; `result` is the size after them.
    """

    stored: tuple[int, int]
    crop: Box
    size: tuple[int, int]
    orientation: int
    canvas: tuple[int, int]
    edges: bool  # the canvas around the picture repeats its edges, instead of the background
    steps: tuple[PixelOperation, ...]
    result: tuple[int, int]
    backdrop: Backdrop
    format: str  # a key of operations.output.MEDIA_TYPES
    quality: int
    max_bytes: int | None

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


def make_plan(facts: Facts, transform: Transform, accepted: Collection[str] = ()) -> Plan:
    """The plan for an original with these facts, and a client that accepts these formats."""
    orientation = transform.get(Orient).orientation(facts.orientation)
    stored = facts.width, facts.height
    upright = stored[::-1] if orientation >= 5 else stored
    left, top, width, height = transform.get(Region).box(*upright)
    resize = transform.get(Resize)
    frame = resize.frame(width, height)
    crop = (frame.crop[0] + left, frame.crop[1] + top, *frame.crop[2:])
    if facts.format in _DECODED_UPRIGHT:
        stored = facts.upright
        orientation = remaining(facts.orientation, orientation)
    steps = tuple(step for step in transform.steps if isinstance(step, PixelOperation))
    result = frame.canvas
    for step in steps:
        result = step.size(*result)
    output = transform.get(Output)
    return Plan(
        stored=stored,
        crop=as_stored(crop, orientation, stored),
        size=frame.size[::-1] if orientation >= 5 else frame.size,
        orientation=orientation,
        canvas=frame.canvas,
        edges=resize.fit == "clamp",
        steps=steps,
        result=result,
        backdrop=transform.get(Backdrop),
        format=output.format(facts.alpha, result[0] * result[1], accepted),
        quality=output.q,
        max_bytes=output.max_bytes,
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
