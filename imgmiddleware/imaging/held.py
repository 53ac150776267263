"""A held original: which samples of it are decoded, and the samples themselves.

A decode is the dearest part of a render, so its samples are kept for other sizes of the picture. A
`Level` says which samples these are. It is a function of the plan alone, and the key under which
the samples are kept. All geometry follows from it: the shape of an array is never asked. A `Held`
is a level with its samples, and with the metadata that goes along with them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from imgmiddleware.formats.containers.exif import Exif
from imgmiddleware.pixels.arrays import Area, Box, Pixels, Size
from imgmiddleware.pixels.codepoints import CodePoints
from imgmiddleware.pixels.halve import halve, halve_clear
from imgmiddleware.pixels.resample import around
from imgmiddleware.pixels.samples import Reading

#: The result of rows that passed by: the box of the page, the size that the rows have now, the size
#: that they are to have, and whether they were resampled in linear light.
Passed = tuple[Area, Size, Size, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Which samples of an original are held. Plans whose levels are equal share one decode.

    The samples were read from a stored picture of this `size` in pixels: the page itself, or an
    overview of it, whose width and height are those of the page divided by `reduced`. They show its
    `box`. Each stands for `by` pixels along both sides, and for fewer at the right and lower edge.

    Where `by` is more than 1, `averaged` tells how the samples were divided. True: they are
    averages by twos, equal to those that the resampler begins with, and it goes on from there.
    False: the decoder divided them in its own way.

    `passed` is for rows that were resampled while they were read, and are not held as they were.
    """

    size: Size
    box: Box
    reduced: int = 1
    by: int = 1
    averaged: bool = False
    passed: Passed | None = None
    reading: Reading | None = None  # how values became samples

    @classmethod
    def whole(cls, size: Size, reduced: int = 1, by: int = 1) -> Level:
        """All of a stored picture, whose decoder divides its sides by `by`."""
        return cls(size=size, box=(0, 0, *size), reduced=reduced, by=by)

    @property
    def samples(self) -> Size:
        """Width and height of the samples. A rest of pixels at an edge is a sample too."""
        return -(-self.box[2] // self.by), -(-self.box[3] // self.by)

    @property
    def finer(self) -> Iterator[Level]:
        """Levels from which this one can be averaged exactly; the one with the least work first."""
        by = self.by
        while self.averaged and self.passed is None and by > 1:
            by //= 2
            yield replace(self, by=by, averaged=by > 1)

    def serves(self, coarser: Level) -> bool:
        """Whether its samples are enough where those of another level would do."""
        if self.passed is not None or coarser.passed is not None:
            return False
        same = (self.size, self.reduced, self.reading)
        if same != (coarser.size, coarser.reduced, coarser.reading) or self.by > coarser.by:
            return False
        (left, top, width, height), (x, y, across, down) = self.box, coarser.box
        columns = left <= x and x + across <= left + width
        return columns and top <= y and y + down <= top + height

    def area(self, box: Area) -> Area:
        """A box of the page, in samples of this level.

        Of 1001 columns 501 samples are held, which show 500.5. To take all of the last one would
        shift the samples beside it, and cost 6 to 14 dB.
        """
        left, top, width, height = (side / self.reduced for side in box)
        x, y = left - self.box[0], top - self.box[1]
        return x / self.by, y / self.by, width / self.by, height / self.by


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An original, or a part of it, decoded: `pixels` at a level, as stored.

    `color` is the meaning of the samples: "gray", "rgb" or "cmyk". `profile` is the ICC profile, if
    it can be used. `points` are the code points, if they hold; where they are no HDR the profile
    says the same. The pixels are never written to again: they may serve any number of results. They
    need not be all of the level: the first of them is its sample `at` (column, row).
    """

    level: Level
    pixels: Pixels
    color: str
    profile: bytes | None = None
    points: CodePoints | None = None
    exif: Exif = Exif()
    notes: tuple[str, ...] = ()
    at: tuple[int, int] = (0, 0)

    @property
    def hdr(self) -> CodePoints | None:
        """The code points, if there may be brighter than white."""
        return self.points if self.points and self.points.hdr else None

    @property
    def nbytes(self) -> int:
        """Bytes in memory, metadata included: a profile may be larger than the pixels."""
        return self.pixels.nbytes + len(self.profile or b"") + self.exif.nbytes

    def averaged_by(self, by: int) -> Held:
        """The same with samples that stand for `by` pixels, as if they were averaged at once."""
        held = self
        while held.level.by < by:
            twice = replace(held.level, by=2 * held.level.by, averaged=True)
            average = halve_clear if held.color != "cmyk" else halve
            held = replace(held, level=twice, pixels=average(held.pixels))
        return held

    def around(self, crop: Area) -> tuple[Pixels, Area]:
        """The samples that a filter may read for a box of the page, and where it lies in them."""
        if self.level.passed is not None:
            crop, sampled, size, _ = self.level.passed
            before, _ = around(self.level.area(crop), sampled, size, self.level.samples)
            return self.pixels, (*before, *sampled)
        left, top, width, height = self.level.area(crop)
        return self.pixels, (left - self.at[0], top - self.at[1], width, height)

    def cropped(self, crop: Area) -> tuple[Pixels, Area]:
        """The samples that a box of the page touches, and its place in them."""
        left, top, width, height = self.level.area(crop)
        x, y = math.floor(left), math.floor(top)
        part = self.pixels[y : math.ceil(top + height), x : math.ceil(left + width)]
        return part, (left - x, top - y, width, height)
