"""Shown: how the values that an original stores become samples, some rows at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels, full
from imgmiddleware.pixels.color import to_sixteen_bits
from imgmiddleware.pixels.samples import Reading, clipped_to, colored, natural, pierced
from imgmiddleware.pixels.value_range import Ends, unit

#: Pixels that are converted at a time: some hundred kilobytes in float64, which caches hold.
_BAND = 2**16
#: Ends up to here have a distance that is a number of 32 bits.
_LARGE = 1e30


@dataclass(frozen=True, slots=True)
class Values:
    """The values that an original stores for each pixel."""

    channels: int
    dtype: str  # NumPy's, without an order of bytes: "u1", "i2", "f8"
    alpha: int | None = None  # the channel, from 0, with the alpha
    inverted: bool = False  # the least is white
    no_data: float | None = None  # the value that stands for nothing
    may_lack: bool = False  # something may be clear that has no alpha
    order: str = "rgb"  # of three channels

    def chosen(self, reading: Reading) -> tuple[int, ...]:
        """The channels that are shown, from 0: one, or three for red, green and blue."""
        turned = self.order == "bgr" and self.channels >= 3
        if reading.band is not None:  # they are counted from red on
            first = (2, 1, 0) if turned else (0, 1, 2)
            return tuple(first[n - 1] if n <= 3 else n - 1 for n in reading.band)
        others = [channel for channel in range(self.channels) if channel != self.alpha]
        if len(others) < 3:
            return (0,)
        return tuple(others[2::-1] if turned else others[:3])

    def color(self, reading: Reading) -> str:
        """The colours of the samples: "gray" or "rgb"."""
        one = len(self.chosen(reading)) == 1 and reading.colormap is None
        return "gray" if one else "rgb"

    def depth(self, reading: Reading) -> int:
        """Bits of a sample. Floats stay so, from 0 to 1."""
        kind = np.dtype(self.dtype)
        return 32 if kind.kind == "f" and reading.colormap is None else reading.depth(kind)

    def has_alpha(self, reading: Reading) -> bool:
        """Whether samples may be clear."""
        mapped = reading.colormap is not None and reading.colormap.channels == 4
        return self.alpha is not None or self.may_lack or mapped


@dataclass(slots=True)
class Tally:
    """How many values were outside of the range, of the rows that were shown so far."""

    clipped: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """The way from values to samples: gray, BGR or BGRA. `ends` are those of the reading's range.

    >>> import numpy as np
    >>> from imgmiddleware.pixels.value_range import ValueRange
    >>> heights = Shown(Values(1, "i2"), Reading(range=ValueRange.of((0, 1000))), (0, 1000))
    >>> heights(np.array([[0, 1000, 2000]], np.int16)).tolist(), heights.tally.clipped
    ([[0, 65535, 65535]], 1)
    """

    values: Values
    reading: Reading
    ends: Ends | None
    tally: Tally = field(default_factory=Tally)

    def __call__(self, rows: Pixels, masked: Pixels | None = None) -> Pixels:
        """Samples of rows of values: (height, width), or with channels. Masked values are clear."""
        rows = rows if rows.ndim == 3 else rows[..., None]
        colors, holes = self.parted(rows, masked)
        at = self.values.alpha
        made: Pixels | None = None
        for part in _parts(rows):
            band = self._with_alpha(
                self._colors(colors[part], None if holes is None else holes[part]),
                None if at is None else rows[part][..., at],
                None if holes is None else holes[part],
            )
            if made is None:
                made = np.empty((len(rows), *band.shape[1:]), band.dtype)
            made[part] = band
        assert made is not None  # there is a row
        return made

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels that are needed, from 0."""
        chosen, alpha = self.values.chosen(self.reading), self.values.alpha
        return chosen if alpha is None or alpha in chosen else (*chosen, alpha)

    def among(self, channels: tuple[int, ...]) -> Shown:
        """The same for rows that have these channels alone; both share one tally."""
        at = {channel: place for place, channel in enumerate(channels)}
        alpha = self.values.alpha
        values = replace(
            self.values, channels=len(channels), alpha=None if alpha is None else at[alpha]
        )
        band = tuple(at[channel] + 1 for channel in self.values.chosen(self.reading))
        return replace(self, values=values, reading=replace(self.reading, band=band))

    def parted(self, rows: Pixels, masked: Pixels | None = None) -> tuple[Pixels, Pixels | None]:
        """The values of the channels that are shown, and where there are none, if anywhere.

        A hole is where one of them is no number, or where all have the value for "no data".
        """
        rows = rows if rows.ndim == 3 else rows[..., None]
        chosen = self.values.chosen(self.reading)
        straight = chosen == tuple(range(len(chosen)))
        colors = rows[..., : len(chosen)] if straight else rows[..., list(chosen)]
        lacking = masked
        if colors.dtype.kind == "f" and np.isnan(colors.min()):  # NaN if one of them is
            unknown = np.asarray(np.isnan(colors).any(axis=2))
            lacking = unknown if lacking is None else lacking | unknown
        number = self.values.no_data
        if number is not None and not np.isnan(number):
            nothing = np.asarray((colors == colors.dtype.type(number)).all(axis=2))
            lacking = nothing if lacking is None else lacking | nothing
        return colors, lacking if lacking is not None and lacking.any() else None

    def _colors(self, band: Pixels, holes: Pixels | None) -> Pixels:
        """Gray, or blue, green, red: in their depth."""
        if self.ends is None:
            band, outside = natural(band, holes)
        elif band.dtype.kind in "ui" and band.itemsize <= 2 and self.reading.colormap is None:
            return self._looked_up(band, holes)
        else:
            band, outside = clipped_to(_unit(band, self.ends), holes)
        self.tally.clipped += outside
        if self.values.inverted:
            band = np.asarray(full(band.dtype) - band, band.dtype)
        if self.reading.colormap is not None:
            return colored(self.reading.colormap, band)
        if self.ends is not None:
            floats = np.dtype(self.values.dtype).kind == "f"
            band = band.astype(np.float32, copy=False) if floats else to_sixteen_bits(band)
        return band[..., 0] if band.shape[2] == 1 else np.ascontiguousarray(band[..., ::-1])

    def _looked_up(self, band: Pixels, holes: Pixels | None) -> Pixels:
        """The same for kinds of whole numbers with few values: a table has the sample of each."""
        assert self.ends is not None
        table, kept = _table(band.dtype.str, self.ends, self.values.inverted)
        outside = (band < kept[0]) | (band > kept[1])
        if holes is not None:
            outside &= ~holes[..., None]
        self.tally.clipped += int(np.count_nonzero(outside))
        found = table[band.view(f"u{band.itemsize}")]
        return found[..., 0] if found.shape[2] == 1 else np.ascontiguousarray(found[..., ::-1])

    def _with_alpha(self, band: Pixels, alpha: Pixels | None, holes: Pixels | None) -> Pixels:
        if alpha is not None:
            colors = np.asarray(cv2.cvtColor(band, cv2.COLOR_GRAY2BGR)) if band.ndim == 2 else band
            band = np.dstack((colors, _as_depth(alpha, band.dtype)))
        return band if holes is None else pierced(band, holes)


@lru_cache(maxsize=16)
def _table(dtype: str, ends: Ends, inverted: bool) -> tuple[Pixels, tuple[int, int]]:
    """The sample of 16 bits of each number of 8 or 16, by its bits; and which are not clipped."""
    kind = np.dtype(dtype)
    numbers = np.arange(2 ** (8 * kind.itemsize)).astype(f"u{kind.itemsize}").view(kind)
    inside, _ = clipped_to(unit(numbers[None, :, None], ends), None)
    table = to_sixteen_bits(inside)[0, :, 0]
    info = np.iinfo(kind)
    least, most = max(math.ceil(ends[0]), info.min), min(math.floor(ends[1]), info.max)
    return (np.invert(table) if inverted else table), (int(least), int(most))


def _unit(band: Pixels, ends: Ends) -> Pixels:
    """From 0 to 1. Floats of 32 bits stay so: digits that this rounds off were never in them."""
    if (
        band.dtype != np.float32
        or max(map(abs, ends)) > _LARGE
        or not np.float32(ends[0]) < np.float32(ends[1])
    ):
        return unit(band, ends)
    if ends == (0.0, 1.0):
        return band.astype(np.float32)
    least, most = map(np.float32, ends)
    if not least < most:
        return unit(band, ends)
    with np.errstate(over="ignore"):
        values = band - least
        values /= most - least  # so the most becomes just 1
    return values


def _as_depth(alpha: Pixels, dtype: np.dtype[np.generic]) -> Pixels:
    """Alpha from none to all of a dtype."""
    if alpha.dtype == dtype:
        return alpha
    shares = np.clip(np.nan_to_num(alpha.astype(np.float64)) / full(alpha.dtype), 0, 1)
    return np.asarray(np.rint(shares * full(dtype)), dtype)


def _parts(rows: Pixels) -> Iterator[slice]:
    height = max(1, _BAND // rows.shape[1])
    return (slice(top, top + height) for top in range(0, len(rows), height))
