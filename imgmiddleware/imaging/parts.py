"""Parts: the samples of a level that a plan needs, where all samples of the level are there
already.

Some originals are decoded only as a whole, or from the first row on. Each small part of them costs
a decode. All parts can be cut from the `whole` of a level: held in memory, or kept as a pyramid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from imgmiddleware.formats.facts import Facts
from imgmiddleware.imaging.held import Held, Level
from imgmiddleware.imaging.plan import SCALES, Plan
from imgmiddleware.imaging.pyramid import Pyramid, Shape
from imgmiddleware.pixels.arrays import Box
from imgmiddleware.pixels.halve import LONGEST, MOST, halvings, unchanged

#: The samples that a filter may read around a part, in samples of the result: three and a rest;
#: inks are filtered twice.
_AROUND, _AROUND_INKS = 4, 12
#: A part is small if so many times its samples have to be decoded for it.
_SMALL = 2
#: The same for pieces smaller than a fourth of the page. Wide strips need so many times the
#: samples. Tiles of some hundreds of pixels do not: a viewer's tile touches nine of them at most.
_SMALL_OF_PIECES, _PAGE = 16, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A `box` of the samples of a whole, which is averaged by twos first, `times` times.

    `level` is the level of the part before these averages.
    """

    whole: Level
    box: Box
    times: int
    level: Level
    in_bands: bool
    #: Whether much more has to be decoded for it than it shows.
    small: bool
    #: How many averages are of use beside the whole.
    averages: int
    #: Bytes of a sample of all channels, as far as the header tells.
    pixel: int

    @property
    def nbytes(self) -> int:
        """Bytes of all samples of the whole."""
        return math.prod(self.whole.samples) * self.pixel

    @property
    def box_bytes(self) -> int:
        """The same for the samples that are cut."""
        return math.prod(self.box[2:]) * self.pixel

    @property
    def kept_bytes(self) -> int:
        """The same for a pyramid."""
        levels = 1 + self.averages
        shape = Shape(size=self.whole.samples, tail=(self.pixel,), dtype="|u1", levels=levels)
        return shape.first(levels) * (4 + shape.tile)

    def cut(self, whole: Held | Pyramid) -> Held:
        """The samples for the plan. Raises `TornError` and `OSError` of a pyramid."""
        if isinstance(whole, Held):
            left, top, width, height = self.box
            pixels = whole.pixels[top : top + height, left : left + width]
            return replace(whole, level=self.level, pixels=pixels, at=self._at(0))
        times = self._averages(whole)
        by = self.level.by * 2**times
        level = replace(self.level, by=by, averaged=times > 0)
        return whole.held(level, whole.samples(self._divided(times), times), self._at(times))

    def _averages(self, pyramid: Pyramid) -> int:
        """How often the pyramid has averaged the samples: as often as the part needs it, or 0."""
        left, top, width, height = self.box
        ends = zip((left + width, top + height), self.whole.samples, strict=True)
        unit = 2**self.times
        alike = left % unit == top % unit == 0 and all(
            end % unit == 0 or end == side for end, side in ends
        )
        return self.times if alike and self.times < pyramid.shape.levels else 0

    def _divided(self, times: int) -> Box:
        by = 2**times
        left, top, width, height = self.box
        return left // by, top // by, -(-width // by), -(-height // by)

    def _at(self, times: int) -> tuple[int, int]:
        """The place where it begins in `level`, which in bands is the box itself."""
        return (0, 0) if self.in_bands else self._divided(times)[:2]


def part_of(facts: Facts, plan: Plan) -> Part | None:
    """The part that a plan needs; None where it is made in another way."""
    if not _can_be_cut(plan):
        return None
    level = plan.level
    if plan.in_bands:
        whole = Level.whole(level.size, level.reduced)
        box, times = level.box, plan.halvings
        if facts.pages and facts.depth > 8:  # a note depends on their samples at the level
            times = level.by.bit_length() - 1
        level = replace(level, by=1, averaged=False)
    else:
        whole, box = level, _around(plan)
        times = 0 if plan.alpha or plan.linear else _halvings(plan, box)
    return Part(
        whole=whole,
        box=box,
        times=times,
        level=level,
        in_bands=plan.in_bands,
        small=_is_small(plan, whole, box),
        averages=0 if plan.alpha else _averages(plan, whole),
        pixel=_pixel(facts, plan),
    )


def _can_be_cut(plan: Plan) -> bool:
    """Whether a whole has the samples that the plan's level has."""
    level, pieces = plan.level, plan.read_pieces
    if plan.frames > 1 or plan.needs_pixels or plan.redaction or level.passed is not None:
        return False
    if not plan.in_bands:
        return True
    scaled = level.by > 1 and not level.averaged
    by_itself = pieces is not None and pieces.high == 1  # each row is read where it stands
    return not (scaled or by_itself or plan.reading is not None)


def level_bytes(facts: Facts, plan: Plan) -> int:
    """Bytes of the samples that a plan's own level has, as far as the header tells."""
    return math.prod(plan.level.samples) * _pixel(facts, plan)


def _pixel(facts: Facts, plan: Plan) -> int:
    read = plan.overview or facts
    channels = 4 if read.alpha or read.color == "cmyk" else 1 if read.color == "gray" else 3
    return channels * read.depth // 8


def _around(plan: Plan) -> Box:
    """The most that the filter reads, in whole multiples of the pixels that become one sample."""
    level, around = plan.level, _AROUND_INKS if plan.inks else _AROUND
    left, top, width, height = area = level.area(plan.crop)
    if all(map(unchanged, area[:2], area[2:], plan.size)):
        return int(left), int(top), int(width), int(height)
    ratio = max(1, width / plan.size[0], height / plan.size[1])
    unit = 2 ** max(MOST, math.ceil(math.log2(ratio)))
    x, y = (max(0, math.floor(side / unit - around) * unit) for side in (left, top))
    columns, rows = level.samples
    right = min(columns, math.ceil((left + width) / unit + around) * unit)
    bottom = min(rows, math.ceil((top + height) / unit + around) * unit)
    return x, y, right - x, bottom - y


def _halvings(plan: Plan, box: Box) -> int:
    """How often the resampler averages samples that are not averaged yet."""
    times = halvings(plan.level.area(plan.crop)[2:], plan.sampled)
    return times if max(box[2:]) <= LONGEST else 0


def _is_small(plan: Plan, whole: Level, box: Box) -> bool:
    columns, rows = whole.samples
    _, top, width, height = box
    pieces = plan.read_pieces
    if not plan.in_bands:
        return columns * rows >= _SMALL * width * height
    if pieces is None:  # the rows above have to be inflated
        return columns * (top + height) >= _SMALL * width * height
    large = _PAGE * pieces.wide * pieces.high >= columns * rows
    times = _SMALL if large else _SMALL_OF_PIECES
    return pieces.read(box, whole.size)[1] >= times * width * height


def _averages(plan: Plan, whole: Level) -> int:
    """A decoder that scales gives most of them by itself."""
    if plan.in_bands or not plan.scales:
        return MOST
    coarser = next((by for by in SCALES if by > whole.by), None)
    return MOST if coarser is None else (coarser // whole.by).bit_length() - 2
