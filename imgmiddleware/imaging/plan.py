"""The plan: which pixels are read and which steps they take, as a value.

Everything else follows from the plan alone: the samples of the original that are read, how much
they are averaged while they are read, and the size to which they are resampled.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from imgmiddleware.formats.facts import Facts, Pieces
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.held import Level
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.surround import Around, Backdrop
from imgmiddleware.operations.trim import Trim
from imgmiddleware.pixels.arrays import Area, Box, Size
from imgmiddleware.pixels.halve import LONGEST, halvings, unchanged, widened
from imgmiddleware.pixels.orientation import Orientation
from imgmiddleware.pixels.redaction import Redaction
from imgmiddleware.pixels.samples import Reading

#: A decoder that scales must leave at least this many samples for each of the result, as libvips
#: has it do. With 1.9 the result can be 11 dB further from the ideal than libvips' is
#: (docs/pixels.md).
_OVERSAMPLING = 2

#: From this quality on a result's own loss no longer hides how its samples were averaged.
_FINE = 90

#: Pixels of the largest piece that is a tile; a larger one takes its time anyway.
_TILE = 2**18

#: The numbers by which a decoder divides width and height: 2 for the sizes of a page, which then
#: share one decode, 8 for thumbnails. Of 18 megapixels an eighth takes 0.8 of the time of a half.
SCALES = (2, 8)

#: The samples that a filter reads around a part, for each sample of the result: three, and one as
#: the rest of its place is rounded. Inks are filtered twice.
_AROUND, _AROUND_INKS = 4, 10

#: Pixels of half an original that are kept for other sizes: 16 MB of three channels.
_SHARED = 2**24 // 3

#: And of a whole one: a fourth of the default memory for decoded originals, the share of one.
_KEPT = 2**25 // 3


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Sizes are (width, height). `stored`, `crop` and `size` are in the orientation as decoded.
    `canvas` is upright: the picture stands on it before `steps`. `result` is the size after them.
    `crop` may reach over the edges, by less than one pixel of the result (`grid.py`).
    """

    stored: Size
    frame: int  # the first that is decoded, from 0
    frames: int  # how many; more than one is an animation
    stilled: bool = False  # one picture in the place of an animation that is over a limit
    overview: Facts | None = None  # decoded in the page's place: a smaller copy in the same file
    scales: bool  # the decoder can give half of the width and height for less
    in_bands: bool  # decoded some rows at a time: only those that are needed, averaged at once
    pieces: Pieces | None  # how the page is cut then
    redaction: Redaction | None  # the parts to hide, as stored
    region: Box  # of the upright original, where a border may be trimmed off
    trim: Trim
    crop: Area  # whole numbers, unless a shape is cut out
    size: Size
    linear: bool  # resampled in linear light
    orientation: Orientation
    alpha: bool  # of the original
    few: bool  # of the original: it has at most 256 colours
    holed: bool  # clear pixels have no colour, so the alpha hides none
    reading: Reading | None  # how its values become samples, where they are no samples
    inks: bool  # its samples are CMYK
    deep: bool  # 16 bits to the end, in the original's colours
    keeps_profile: bool  # if it has one: the colours stay as they are
    keeps_hdr: bool  # it has brighter than white, and stays so
    canvas: Size
    around: Around  # the canvas around the picture
    steps: tuple[PixelOperation, ...]
    result: Size
    backdrop: Backdrop
    format: str  # a key of formats.results.RESULTS
    output: Output
    as_stored: bool = False  # one tile of the file, which need not be made
    sketch: Plan | None = None  # of a small picture, where only that tells the part or the tones
    sought: tuple[str, ...] = ()  # in this sketch: the kinds of subjects, until one is found
    also: tuple[str, ...] = ()  # and the kinds that are looked for in any case

    def of_smallest(self, overviews: Sequence[Facts]) -> Plan:
        """With the smallest of these, the largest first, that has samples enough, if any has."""
        if self._is_exact or self.frames > 1:
            return self
        (width, height), (_, _, *sides) = self.size, self.crop
        for overview in reversed(overviews):
            size, by = overview.size_read(self.in_bands), overview.reduced
            if (width - 1) * by >= sides[0] or (height - 1) * by >= sides[1]:
                continue  # fewer samples than pixels, which is told sooner
            if self._is_enough(size) or self._divides(by) or self._is_tile(by):
                return replace(self, overview=overview)
        return self

    def smaller(self, overviews: Sequence[Facts]) -> Iterator[Plan]:
        """For each of these, the largest first, the largest size that it has samples for."""
        for overview in () if self._is_exact else overviews:
            sides = (overview.width, overview.height), self.crop[2:], self.size, self.stored
            by = min(a * b / (_OVERSAMPLING * c * d) for a, b, c, d in zip(*sides, strict=True))
            width, height = (max(1, int(side * by)) for side in self.size)
            yield replace(self, overview=overview, size=(width, height), canvas=(width, height))

    @property
    def read_size(self) -> Size:
        """The width and height of the stored picture that is read: the page, or its overview."""
        if self.overview is None:
            return self.stored
        return self.overview.size_read(self.in_bands)

    @property
    def needs_pixels(self) -> bool:
        """Whether only pixels tell the geometry: where the border ends that is to be cut away.

        Then all of the region is read as it is, and planned again once it is there.
        """
        return self.trim.trim is not None

    @property
    def most_colors(self) -> int | None:
        """The most colours that the result may have; None: any."""
        result = RESULTS[self.format]
        if self.deep or not result.few:
            return None
        return self.output.colorquant or (256 if self.few and not result.all_clear else None)

    @property
    def level(self) -> Level:
        """The samples of the original that are held for this plan."""
        # Before Python 3.12 a `cached_property` has a lock, which a forked child could find held.
        level: Level | None = self.__dict__.get("level")
        if level is None:
            level = self._level_of_bands() if self.in_bands else self._whole_by(self._scale)
            if self.reading is not None:
                level = replace(level, reading=self.reading)
            if self.sketch and self.sketch.level.serves(level):
                level = self.sketch.level  # one decode for both
            self.__dict__["level"] = level
        return level

    @property
    def halvings(self) -> int:
        """How often rows are averaged by twos: as often as the resampler would do it, and equally.

        There are cases where the resampler would not: light is averaged as light, colours beside
        alpha by their weight, and a border is looked for in pixels as they are.
        """
        if not self.in_bands or self._is_exact or (self.alpha and not self.holed):
            return 0
        return halvings(self._read_crop[2:], self.sampled)

    @property
    def is_piece(self) -> bool:
        """Whether the result is one tile of the file, sample by sample: then the tile only has to
        be decoded and encoded.
        """
        pieces, level = self.read_pieces, self.level
        return (
            pieces is not None
            and pieces.wide * pieces.high <= _TILE
            and level.samples == self.result == self.size
            and pieces.touched(level.box) == (1, 1)
        )

    @property
    def sampled(self) -> Size:
        """The size to which samples are resampled; for inks, before their conversion, twice it."""
        if not self.inks:
            return self.size
        width, height = (
            min(math.ceil(side), 2 * wanted)
            for side, wanted in zip(self.crop[2:], self.size, strict=True)
        )
        return width, height

    @property
    def _is_exact(self) -> bool:
        """Whether all samples are needed: averages are made in gamma, and they blur the edges of a
        part that is cut off or hidden.
        """
        return self.linear or self.needs_pixels or bool(self.redaction)

    @property
    def _scale(self) -> int:
        """The number by which the decoder divides the sides, where it can.

        It is 1, 2 or 8: with few to choose from, several sizes of a picture share one decode.
        """
        if not self.scales or self._is_exact:
            return 1
        scaled = ((by, Level.whole(self.stored, by=by).samples) for by in reversed(SCALES))
        return next((by for by, samples in scaled if self._is_enough(samples)), 1)

    def _is_enough(self, scaled: Size) -> bool:
        """Whether a decode of the whole original at this size has samples enough of the crop."""
        sides = zip(scaled, self.size, self.stored, self.crop[2:], strict=True)
        return all(
            side * crop >= _OVERSAMPLING * size * stored for side, size, stored, crop in sides
        )

    def _divides(self, by: int) -> bool:
        """The same for a decode that divides the sides by this. Of 1001 columns its writer may have
        left 500: half of them everywhere but at the edge.
        """
        sides = zip(self.size, self.crop[2:], strict=True)
        return all(crop >= _OVERSAMPLING * size * by for size, crop in sides)

    def _is_tile(self, by: int) -> bool:
        """Whether each pixel of the result is one sample of a picture divided by this.

        So a tile of a pyramid is that tile, as its writer averaged it. From the level below it
        would take four tiles, for a gain that a lossy result hardly shows (docs/pixels.md).
        """
        output, result = self.output, RESULTS[self.format]
        exact = result.scale is None or (output.lossless and result.write_lossless)
        if self.inks or exact or output.quality >= _FINE:
            return False
        sides = zip(self.crop[:2], self.crop[2:], self.size, self.stored, strict=True)
        return all(
            start % by == 0
            and (wanted * by == side or (start + side == whole and wanted == -(-side // by)))
            for start, side, wanted, whole in sides
        )

    def _whole_by(self, by: int) -> Level:
        """The whole stored picture that is read; the decoder divides its sides."""
        reduced = 1 if self.overview is None else self.overview.reduced
        return Level.whole(self.read_size, reduced, by)

    @property
    def _read_crop(self) -> Area:
        """`crop` in pixels of that picture."""
        return self._whole_by(1).area(self.crop)

    def _level_of_bands(self) -> Level:
        """The needed part of that picture, averaged once if small enough to be kept: several
        sizes then share one reading. Else it is averaged often: memory grows with the result.
        """
        whole = self._whole_by(1)
        box = self._read_box(whole.size)
        if self.redaction:
            box = self.redaction.whole_of(box)
        half = replace(whole, box=box, by=2).samples
        times = min(self.halvings, 1) if math.prod(half) <= _SHARED else self.halvings
        by, pieces = 2**times, self.read_pieces
        scaled = pieces is not None and 1 < by <= pieces.scales  # its decoder does it for less
        level = replace(whole, box=box, by=by, averaged=times > 0 and not scaled)
        if not self._passes(level):
            return level
        return replace(level, passed=(self.crop, self.sampled, self.size, self.linear))

    @property
    def read_pieces(self) -> Pieces | None:
        """How the stored picture that is read is cut."""
        return self.pieces if self.overview is None else self.overview.pieces

    def _read_box(self, size: Size) -> Box:
        """The crop and the samples that a filter reads around it, in a picture of this size.

        The filter reads three samples for each sample that makes one of the result, and averages
        begin where those of the whole picture do. So the box ends at multiples of the ratio, as a
        power of two. Sizes of a part that differ by less share a level, and tiles of that ratio
        read no more.
        """
        if self.needs_pixels:
            return self.orientation.stored_box(self.region, self.stored)
        left, top, width, height = self._read_crop
        unit = 2 ** math.ceil(math.log2(max(1, width / self.size[0], height / self.size[1])))
        around = unit * (_AROUND_INKS if self.inks else _AROUND)
        sides = zip((left, top), (width, height), self.size, size, strict=True)
        columns, rows = (
            widened(start, length, 0, 1, whole)
            if unchanged(start, length, results)
            else widened(start, length, around, unit, whole)
            for start, length, results, whole in sides
        )
        return columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start

    def _passes(self, level: Level) -> bool:
        """Whether rows go to the resampler as they are read: they are too large to be kept.

        They do not where the resampler would average them itself. They do not where all rows are
        needed first: to find a border, or to know whether alpha is opaque.
        """
        if self.alpha or self.needs_pixels or self.redaction or self.sampled == level.box[2:]:
            return False
        large = math.prod(level.samples) > _KEPT and max(level.samples) <= LONGEST
        return large and level.by == 2 ** halvings(self._read_crop[2:], self.sampled)
