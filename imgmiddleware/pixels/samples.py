"""Samples: the values of any array as samples of a picture, by a range and a colour map if any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels, red_blue_swapped
from imgmiddleware.pixels.color import to_eight_bits, to_sixteen_bits
from imgmiddleware.pixels.colormap import Colormap
from imgmiddleware.pixels.layout import Layout
from imgmiddleware.pixels.value_range import ValueRange, copies, unit

#: Pixels that are converted at a time: some hundred kilobytes in float64, which caches hold.
_BAND = 2**16

#: Bytes for a band beside its samples: each value in float64, and as much again three times.
_BESIDE = 32

#: A band of values as samples, and how many of them were clipped.
_Shown = tuple[Pixels, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the values of an array are read. Without a range, as they are.

    bool is black and white, uint8 and uint16 reach from black to white, a float does from 0 to 1. A
    range makes uint16 of any values, a colour map colours of 8 bits.
    """

    order: str = "bgr"
    range: ValueRange | None = None
    colormap: Colormap | None = None
    band: tuple[int, ...] | None = None  # from 1: one, or three for red, green and blue

    @property
    def text(self) -> str:
        """The same reading always as the same text."""
        shown, colors = self.range, self.colormap
        text = f"{self.order} {shown.text if shown else '-'} {colors.text if colors else '-'}"
        return text if self.band is None else f"{text} {self.band}"

    def check(self, layout: Layout, dtype: np.dtype[Any]) -> None:
        """Raises `TypeError` or `ValueError` for an array that is not read in this way."""
        if dtype.kind not in "buif":
            raise TypeError(
                f"an array's dtype is bool, an integer or a float; not {dtype}: of complex values "
                "show np.abs or np.angle"
            )
        if self.range is None and not _has_a_range(dtype):
            raise TypeError(
                f"an array's dtype is bool, uint8, uint16, or a float from 0 to 1; one of {dtype} "
                'takes a range: ArrayOriginal(array, range=(least, most)), or range="minmax"'
            )
        if self.colormap is not None and layout.channels != 1:
            raise ValueError(
                "colormap: an array's shape is then (height, width), not one of "
                f"{layout.channels} channels"
            )
        if self.range is not None and layout.alpha:
            raise ValueError(
                "range: an array's shape is then (height, width) or (height, width, 3), its clear "
                f"pixels are NaN or masked; not one of {layout.channels} channels"
            )

    def depth(self, dtype: np.dtype[Any]) -> int:
        """Bits of a sample: 8, 16, or 32 for a float."""
        if self.colormap is not None:
            return 8
        if self.range is not None:
            return 16
        return 32 if dtype.kind == "f" else 8 * dtype.itemsize

    def has_alpha(self, layout: Layout, *, holes: bool) -> bool:
        """Whether the samples have alpha, of an array with or without holes."""
        return holes or layout.alpha or (self.colormap is not None and self.colormap.channels == 4)

    def color(self, layout: Layout) -> str:
        """The colours of the samples: "gray" or "rgb"."""
        return "gray" if layout.channels <= 2 and self.colormap is None else "rgb"

    def nbytes(self, layout: Layout, dtype: np.dtype[Any], *, alpha: bool) -> int:
        """The most bytes that `samples` allocates, its result included.

        An array that can be shown as it is may be copied once.
        """
        gray = self.color(layout) == "gray"
        channels = 4 if alpha else 1 if gray else 3
        made = layout.pixels * channels * self.depth(dtype) // 8
        holes = 2 * layout.pixels
        values = layout.pixels * layout.channels
        ranked = values * (3 + copies(dtype)) if self.range and self.range.looks else 0
        return made + holes + ranked + min(layout.pixels, _BAND) * layout.channels * _BESIDE

    def samples(self, values: Pixels, holes: Pixels | None) -> _Shown:
        """(height, width, channels) of any dtype that `check` lets pass, as samples.

        They are gray, BGR or BGRA. `holes` are clear: (height, width), bool, or None for none.
        """
        if self._is_plain(values, holes):
            return np.ascontiguousarray(values[..., 0] if values.shape[2] == 1 else values), 0
        read, clipped, made = self._reader(values, holes), 0, None
        for rows in _bands(values):
            pierced = None if holes is None else holes[rows]
            band, outside = read(values[rows], pierced)
            band = self._finished(band, pierced)
            if made is None:
                made = np.empty((len(values), *band.shape[1:]), band.dtype)
            made[rows] = band
            clipped += outside
        assert made is not None  # an array without a row has no layout
        return made, clipped

    def _is_plain(self, values: Pixels, holes: Pixels | None) -> bool:
        """Whether nothing is left to be done."""
        kept = values.dtype in (np.uint8, np.uint16) and values.dtype.isnative
        channels = values.shape[2]
        in_order = channels == 1 or (channels != 2 and self.order == "bgr")
        return kept and in_order and holes is None and not self.range and not self.colormap

    def _reader(
        self, values: Pixels, holes: Pixels | None
    ) -> Callable[[Pixels, Pixels | None], _Shown]:
        """The function that makes samples of values, some rows at a time."""
        if self.range is None:
            return natural
        return partial(_ranged, ends=self.range.ends(values, holes), deep=self.colormap is None)

    def _finished(self, band: Pixels, holes: Pixels | None) -> Pixels:
        """Samples of one to four channels with their colours, their alpha, and blue first."""
        if self.colormap is not None:
            band = colored(self.colormap, band)
        elif band.shape[2] == 1:
            band = band[..., 0]
        elif band.shape[2] == 2:
            band = cv2.merge([band[..., 0]] * 3 + [band[..., 1]])
        elif self.order == "rgb":
            band = red_blue_swapped(np.ascontiguousarray(band))
        return band if holes is None else pierced(band, holes)


def colored(colormap: Colormap, band: Pixels) -> Pixels:
    """The colours of (height, width, 1), from 0 to 1 or to all of its bits."""
    return colormap.colored(to_eight_bits(np.ascontiguousarray(band[..., 0])))


def holes_of(values: Pixels, mask: Pixels | None) -> Pixels | None:
    """Where any channel is masked or not a number: (height, width), bool; None for nowhere."""
    found: Pixels | None = None
    for channel in range(values.shape[2]):
        for is_hole in _absent(values, mask, channel):
            if is_hole.any():
                found = is_hole if found is None else found | is_hole
    return found


def _absent(values: Pixels, mask: Pixels | None, channel: int) -> Iterator[Pixels]:
    if values.dtype.kind == "f":
        yield np.isnan(values[..., channel])
    if mask is not None:
        yield mask[..., channel]


def _has_a_range(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "bf" or (dtype.kind == "u" and dtype.itemsize <= 2)


def _bands(values: Pixels) -> Iterator[slice]:
    rows = max(1, _BAND // values.shape[1])
    return (slice(top, top + rows) for top in range(0, len(values), rows))


def natural(band: Pixels, holes: Pixels | None) -> _Shown:
    """bool, uint8 and uint16 as they reach from black to white; a float in float32, from 0 to 1."""
    if band.dtype.kind == "b":
        return band.astype(np.uint8) * np.uint8(255), 0
    if band.dtype.kind == "u":
        return band.astype(band.dtype.newbyteorder("=")), 0
    with np.errstate(over="ignore"):
        return clipped_to(band.astype(np.float32), holes)


def _ranged(band: Pixels, holes: Pixels | None, *, ends: tuple[float, float], deep: bool) -> _Shown:
    """Values as samples of 16 bits; for a colour map as floats: it takes the nearest of its 256."""
    values, outside = clipped_to(unit(band, ends), holes)
    return (to_sixteen_bits(values) if deep else values), outside


def clipped_to(values: Pixels, holes: Pixels | None) -> _Shown:
    """Values within 0 to 1, with 0 for NaN; and how many were not, holes left out."""
    if values.min() >= 0 and values.max() <= 1:  # both are false with a NaN among them
        return values, 0
    outside = (values < 0) | (values > 1)
    if holes is not None:
        outside &= ~holes[..., None]
    kept = np.clip(np.nan_to_num(values, copy=False), 0.0, 1.0, out=values)
    return kept, int(np.count_nonzero(outside))


def pierced(band: Pixels, holes: Pixels) -> Pixels:
    """With an alpha that is 0 in holes. The colours there are 0 too: nobody sees them."""
    channels = band.shape[2] if band.ndim == 3 else 1
    if channels == 4:
        band = band.copy()
    else:
        code = cv2.COLOR_GRAY2BGRA if channels == 1 else cv2.COLOR_BGR2BGRA
        band = np.asarray(cv2.cvtColor(np.ascontiguousarray(band), code))
    band[holes] = 0
    return band
