"""The plan: what will be done to which pixels, as a value.

All that follows from it is a function of it alone: which part of the original is read, how much of
it, and what it is halved or resampled to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.operations import Backdrop, Output, PixelOperation, Trim
from imgmiddleware.pixels.arrays import Area, Box
from imgmiddleware.pixels.halve import LONGEST, halvings
from imgmiddleware.pixels.orientation import Orientation

#: A decoder that scales must leave at least this many samples for each of the result, as for
#: libvips. Over six photos and many widths the result is then 0.1 to 17 dB nearer to the ideal than
#: libvips'; with 1.6 to 1.9 samples it is 1 to 11 dB further from it. Other eighths can be worse
#: where they are larger (5/8, 2.9 samples: 8 dB below libvips).
_OVERSAMPLING = 2

#: By what a decoder divides width and height: for the sizes of a page, which then share one decode,
#: and for thumbnails. Of 18 megapixels an eighth takes 0.8 of the time of half; a quarter, which
#: takes 0.9, would be one more decode to share.
_SCALES = (2, 8)

#: Pixels of half an original that are kept for other sizes: 16 MB of three channels.
_SHARED = 2**24 // 3

#: And of all of it: a fourth of what decoded originals may take by default, as much as one may.
_KEPT = 2**25 // 3


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes are (width, height). `stored`, `crop` and `size` are in the orientation as decoded;
    `canvas` is upright, what the picture stands on before `steps`; `result` is the size after them.
    """

    stored: tuple[int, int]
    frame: int  # the first that is decoded, from 0
    frames: int  # how many; more than one is an animation
    overview: Facts | None  # what is decoded instead of it: a smaller copy in the same file
    scales: bool  # the decoder can give half of the width and height for less
    in_bands: bool  # decoded piece by piece: only what is in `window`, halved at once
    region: Box  # of the upright original, where a border may be trimmed off
    trim: Trim
    crop: Box
    size: tuple[int, int]
    linear: bool  # resampled in linear light
    orientation: Orientation
    alpha: bool  # of the original
    inks: bool  # its samples are CMYK
    deep: bool  # 16 bits to the end, in the original's colours
    keeps_profile: bool  # if it has one: the colours stay as they are
    canvas: tuple[int, int]
    edges: bool  # the canvas around the picture repeats its edges, instead of the background
    steps: tuple[PixelOperation, ...]
    result: tuple[int, int]
    backdrop: Backdrop
    format: str  # a key of formats.results.RESULTS
    output: Output

    def of_smallest(self, overviews: Sequence[Facts]) -> Plan:
        """With the smallest of these copies, the largest first, that has samples enough, if any."""
        if self._is_exact or self.frames > 1:
            return self
        plans = (replace(self, overview=overview) for overview in reversed(overviews))
        return next((plan for plan in plans if plan._is_enough(plan.held)), self)

    @property
    def held(self) -> tuple[int, int]:
        """The width and height of what is decoded, page or overview, before any scaling."""
        overview = self.overview
        if overview is None:
            return self.stored
        return (overview.width, overview.height) if self.in_bands else overview.upright

    @property
    def least(self) -> tuple[int, int]:
        """The width and height at which the whole original is decoded, where a decoder can scale.

        All of it, half or an eighth: with few to choose from, several sizes of a picture share one.
        """
        if not self.scales or self._is_exact:
            return self.held
        scaled = map(self._scaled, reversed(_SCALES))
        return next(filter(self._is_enough, scaled), self.stored)

    @property
    def _is_exact(self) -> bool:
        """Whether all samples are needed: a smaller picture was averaged in gamma, which also blurs
        a border's edge.
        """
        return self.linear or self.trim.trim is not None

    def _scaled(self, by: int) -> tuple[int, int]:
        return -(-self.stored[0] // by), -(-self.stored[1] // by)

    def _is_enough(self, scaled: tuple[int, int]) -> bool:
        """Whether a decode of the whole original at this size has samples enough of the crop."""
        sides = zip(scaled, self.size, self.stored, self.crop[2:], strict=True)
        return all(
            side * crop >= _OVERSAMPLING * size * stored for side, size, stored, crop in sides
        )

    def crop_of(self, decoded: tuple[int, int]) -> Area:
        """`crop` in samples of the whole original, decoded at this size: an n-th, rounded up.

        Of 1001 columns 501 are decoded, which show 500.5: to take all of the last one would shift
        what is beside it, and cost 6 to 14 dB.
        """
        if self.overview is not None:
            return self._crop_of_held
        return self._crop_by(next(by for by in (1, *_SCALES) if self._scaled(by) == decoded))

    @property
    def _crop_of_held(self) -> Area:
        return self._crop_by(1 if self.overview is None else self.overview.reduced)

    def _crop_by(self, by: int) -> Area:
        left, top, width, height = self.crop
        return left / by, top / by, width / by, height / by

    @property
    def crop_of_bands(self) -> Area:
        """`crop` in samples of `window` that was halved `halvings` times."""
        left, top, width, height = self._crop_of_held
        step = 2**self.halvings
        x, y = left - self.window[0], top - self.window[1]
        return x / step, y / step, width / step, height / step

    @property
    def window(self) -> Box:
        """The part of what is `held` that is needed."""
        if self.trim.trim:
            return self.orientation.stored_box(self.region, self.stored)
        left, top, width, height = self._crop_of_held
        x, y = math.floor(left), math.floor(top)
        right, bottom = map(math.ceil, (left + width, top + height))
        return x, y, min(right, self.held[0]) - x, min(bottom, self.held[1]) - y

    @property
    def sampled(self) -> tuple[int, int]:
        """What samples are resampled to; inks, to be converted, to twice the size."""
        if not self.inks:
            return self.size
        width, height = (
            min(side, 2 * wanted) for side, wanted in zip(self.crop[2:], self.size, strict=True)
        )
        return width, height

    @property
    def halvings(self) -> int:
        """How often bands are halved: as often as the resampler would, and with it equal.

        Not where it would not: light is averaged as light, colours beside alpha by their weight,
        and a border is looked for in pixels as they are.
        """
        if self.linear or self.trim.trim or self.alpha:
            return 0
        return halvings(self._crop_of_held[2:], self.sampled)

    @property
    def read_halved(self) -> int:
        """How often of these while they are read: once where that is little enough to be kept, so
        that several sizes share one reading; else memory follows the result.
        """
        half = math.prod(-(-side // 2) for side in self.window[2:])
        return min(self.halvings, 1) if half <= _SHARED else self.halvings

    @property
    def passes(self) -> bool:
        """Whether bands go to the resampler as they are read: they are too large to be kept.

        Not where it would halve them itself, nor where only all of them tell: of a border, and of
        alpha that is opaque.
        """
        if not self.in_bands or self.alpha or self.trim.trim or self.sampled == self.window[2:]:
            return False
        sides = [-(-side // 2**self.read_halved) for side in self.window[2:]]
        large = math.prod(sides) > _KEPT and max(sides) <= LONGEST
        return large and self.read_halved == halvings(self._crop_of_held[2:], self.sampled)

    @property
    def level(self) -> object:
        """What of the original is decoded, and how large: the same for what can share it."""
        held = self.held
        if self.passes:
            return held, self.crop, self.sampled, self.linear
        return (held, self.window, self.read_halved) if self.in_bands else self.least

    @property
    def finer(self) -> tuple[object, ...]:
        """Levels that this one can be made of, exactly, without its original; the nearest first."""
        times = range(self.read_halved - 1, -1, -1) if self.in_bands else ()
        return tuple((self.held, self.window, fewer) for fewer in times)

    @property
    def keeps_alpha(self) -> bool:
        return RESULTS[self.format].alpha
