"""Sketches: a small picture of an original, for finding the subject that a crop is to keep, and the
tones that are to be spread.

A sketch is planned and decoded like any other picture, so that every kind of original has one. It
is in sRGB of 8 bits, and shows the upright region before a border is trimmed off.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from imgmiddleware.operations.geometry import Geometry, Spot, Start
from imgmiddleware.operations.measured import Measured
from imgmiddleware.operations.orient import Orient
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.page import Page
from imgmiddleware.operations.redact import Redact
from imgmiddleware.operations.region import Region
from imgmiddleware.operations.resize import Resize
from imgmiddleware.operations.transform import Transform
from imgmiddleware.pixels.arrays import Box, Pixels, Size
from imgmiddleware.pixels.tones import Tones
from imgmiddleware.subjects.faces import Faces
from imgmiddleware.subjects.kinds import KINDS
from imgmiddleware.subjects.subject import Subject

#: Pixels of its longer side: as many as the detector of small faces is given. A level that is
#: decoded for it serves results of a page's sizes too.
_SIDE = 640


#: The findings beside the kinds of subjects; the second is a kind that answers tell of, too.
TONES, FACES = "tones", "faces"


class Finding(Protocol):
    """A finding in a sketch: a subject, or the tones."""

    @property
    def found(self) -> bool:
        """Whether there is anything."""

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory, about."""


#: How each is found: uint8, gray or BGR, upright; tones also in BGRA.
FINDS: Mapping[str, Callable[[Pixels], Finding]] = {**KINDS, TONES: Tones.find}


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings in a sketch that a plan needs; None for kinds that were not looked for."""

    subject: Subject | None = None
    tones: Tones | None = None


NOTHING = Findings()


def sketched(transform: Transform, frame: int) -> Transform:
    """The Transform of a sketch of a page or frame (from 0), whatever else the query asks for."""
    kept = (transform.get(kind) for kind in (Redact, Measured, Orient, Region))
    size = Resize(w=_SIDE, h=_SIDE)
    return Transform((Page(page=frame + 1), *kept, size, Output(fm="webp")))  # keeps alpha


def leaves_a_choice(geometry: Geometry, size: Size) -> bool:
    """Whether a part of an upright picture of this size might as well stand elsewhere in it."""
    return any(side - kept >= 1 for side, kept in zip(size, geometry.crop[2:], strict=True))


def start_in(subject: Subject | None, region: Box, part: Box) -> Start | None:
    """Where parts begin that keep the subject of a region, in shares of a `part` of it."""
    if subject is None or not subject.found:
        return None
    return partial(_start, subject, region, part)


def spots_in(
    subject: Subject | None, region: Box, part: Box, index: int | None
) -> tuple[Spot, ...]:
    """The spots of a `part` of a region to show closer, in shares of it: the face of this index,
    from 1, the largest first; else all faces, or the largest where these have no room.
    """
    faces = subject.faces if isinstance(subject, Faces) else ()
    seen = [spot for face in faces if (spot := _spot(face, region, part))]
    if index is not None and index <= len(seen):
        return (seen[index - 1],)
    if not seen:
        return ()
    lefts, tops, rights, bottoms = zip(*seen, strict=True)
    return (min(lefts), min(tops), max(rights), max(bottoms)), seen[0]


def _spot(face: Spot, region: Box, part: Box) -> Spot | None:
    """The visible part of a region's face in a part of the region."""
    ends = [
        min(max((at * region[axis + 2] + region[axis] - part[axis]) / part[axis + 2], 0.0), 1.0)
        for axis, at in zip((0, 1, 0, 1), face, strict=True)
    ]
    left, top, right, bottom = ends
    return (left, top, right, bottom) if right > left and bottom > top else None


def _start(subject: Subject, region: Box, part: Box, axis: int, share: float) -> float:
    whole, side = region[axis + 2], part[axis + 2]
    first = (part[axis] - region[axis]) / whole
    begins = subject.start(axis, share * side / whole, first, first + side / whole)
    return (begins - first) * whole / side
