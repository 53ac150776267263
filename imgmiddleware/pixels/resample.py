"""Resample: to the exact size of the result, as an ideal Lanczos-3 does.

A picture much too large is first halved by averaging 2 x 2, which is nearly free, while twice the
wanted size remains. The rest is Lanczos-3 itself, and so is all enlarging.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Area, Pixels, Size, full, reciprocal
from imgmiddleware.pixels.halve import LONGEST, halve, halvings, unchanged, widened
from imgmiddleware.pixels.lanczos import Floats, Load, lanczos
from imgmiddleware.pixels.light import gamma_encoded, light
from imgmiddleware.pixels.passing import PassingRows

#: Pixels that are weighed by alpha, or made light of, at a time before they are averaged.
_BAND = 2**18

#: Samples that are not whole, or too fine, become whole numbers up to about this.
_FINE = 2**24

Change = Callable[[Pixels], Pixels]


def resample(
    pixels: Pixels | PassingRows,
    size: Size,
    *,
    alpha: bool,
    linear: bool = False,
    area: Area | None = None,
    averaged: bool = False,
) -> Pixels:
    """`pixels` at `size` (width, height); same dtype and channels.

    With `alpha` the fourth channel weighs the others, so that the colour hidden under alpha 0 does
    not bleed into the edges. With `linear` samples are averaged as light, by sRGB's own curve.

    `area` is a part, in samples with a fraction; None takes all of them. The filter reads around
    it, and halvings are those of the whole: so neighbouring parts become tiles without a seam.
    `averaged` pixels were halved while they were decoded, as often as `halvings` says; `area` is
    then in the halved pixels. Light and colours beside alpha are never `averaged`. Passing rows are
    all held at once where there is alpha, or where they are halved here.
    """
    height, width = pixels.shape[:2]
    area = area or (0, 0, width, height)
    unchanged = (width, height) == size and area == (0, 0, width, height)
    if not isinstance(pixels, PassingRows) and not unchanged:
        times = 0 if averaged else halvings(area[2:], size)
        pixels, area = _read_by_filter(pixels, area, size, 2**times)
        height, width = pixels.shape[:2]
    if (width, height) == size and area == (0, 0, width, height):
        return pixels[0:height, 0:width]
    weighed = alpha and not _opaque(pixels[0:height, 0:width])
    prepare = _preparation(weighed=weighed, linear=linear)
    source = _shortened(_Source(pixels, area, prepare))
    if not averaged:
        source = _halved(source, size)
    dtype = light(np.empty((1, 1), pixels.dtype)).dtype if linear else pixels.dtype
    result = _Filter(source, dtype, weighed).to(size)
    return gamma_encoded(result, pixels.dtype) if linear else result


def resample_around(
    pixels: Pixels | PassingRows,
    size: Size,
    again: Size,
    *,
    area: Area,
    linear: bool = False,
    averaged: bool,
) -> tuple[Pixels, Area]:
    """An area without alpha at `size`, with the surroundings that resampling it `again` reads.

    It also returns where the area lies in that. Where both sizes are the same it has no
    surroundings.
    """
    left, top, width, height = area
    before, after = around(area, size, again, pixels.shape[1::-1])
    across, down = width / size[0], height / size[1]
    columns, rows = before[0] + after[0], before[1] + after[1]
    wide = (
        *(left - before[0] * across, top - before[1] * down),
        *(width + columns * across, height + rows * down),
    )
    sides = size[0] + columns, size[1] + rows
    found = resample(pixels, sides, alpha=False, linear=linear, area=wide, averaged=averaged)
    return found, (*before, *size)


def around(area: Area, size: Size, again: Size, samples: Size) -> tuple[Size, Size]:
    """Results (across, down) before and behind those of an area that filtering them again reads, as
    far as there are samples of them.
    """
    (left, right), (top, bottom) = (
        _beside(*sides) for sides in zip(area[:2], area[2:], size, again, samples, strict=True)
    )
    return (left, top), (right, bottom)


def _beside(start: float, length: float, results: int, again: int, samples: int) -> Size:
    if results == again:
        return 0, 0
    read, by = math.ceil(3 * max(1, results / again)) + 1, length / results
    rest = max(0, samples - start - length)
    return min(read, math.floor(start / by)), min(read, math.floor(rest / by))


def _read_by_filter(pixels: Pixels, area: Area, size: Size, unit: int) -> tuple[Pixels, Area]:
    """The pixels that filtering an area of them reads, and where the area lies in these."""
    height, width = pixels.shape[:2]
    columns = _read(area[0], area[2], size[0], width, unit)
    rows = _read(area[1], area[3], size[1], height, unit)
    return pixels[rows, columns], (area[0] - columns.start, area[1] - rows.start, *area[2:])


def _preparation(*, weighed: bool, linear: bool) -> Change | None:
    """The change of pixels before they are averaged or filtered."""
    if weighed and linear:
        return lambda pixels: _weighed(light(pixels))
    return _weighed if weighed else light if linear else None


def _weighed(pixels: Pixels) -> Pixels:
    """Colour times alpha, and alpha times that of no transparency: uint8 as uint16, exactly."""
    alpha = cv2.extractChannel(pixels, 3)
    weights = cv2.merge((alpha, alpha, alpha, np.full_like(alpha, full(pixels.dtype))))
    exact = np.uint16 if pixels.dtype == np.uint8 else np.float32
    return np.multiply(pixels, weights, dtype=exact)


def _opaque(pixels: Pixels) -> bool:
    return bool(pixels[..., 3].min() >= full(pixels.dtype))


@dataclass(frozen=True, slots=True)
class _Source:
    """Pixels with the wanted area of them; `prepare` is the change that they still need."""

    pixels: Pixels | PassingRows
    area: Area
    prepare: Change | None

    def averaged(self, average: Change, by: Size, cut: tuple[slice, slice]) -> _Source:
        """The pixels inside `cut` (columns, rows): each by[0] x by[1] become one, by `average`."""
        pixels, prepare = self.pixels[cut[1], cut[0]], self.prepare
        if prepare is None:
            pixels = average(pixels)
        else:  # which needs several times their memory
            pixels = _by_parts(lambda part: average(prepare(part)), pixels, by)
        left, top, width, height = self.area
        left, top = left - cut[0].start, top - cut[1].start
        area = left / by[0], top / by[1], width / by[0], height / by[1]
        return _Source(pixels, area, None)


def _by_parts(average: Change, pixels: Pixels, by: Size) -> Pixels:
    height, width = pixels.shape[:2]
    columns = max(1, _BAND // by[0]) * by[0]
    rows = max(1, _BAND // (min(width, columns) * by[1])) * by[1]
    bands = [
        [average(pixels[y : y + rows, x : x + columns]) for x in range(0, width, columns)]
        for y in range(0, height, rows)
    ]
    return np.concatenate([np.concatenate(band, axis=1) for band in bands])


def _shortened(source: _Source) -> _Source:
    """The source with no side over `LONGEST`. Pixels at the end that make no whole one are cut."""
    height, width = source.pixels.shape[:2]
    if max(width, height) <= LONGEST:
        return source
    by = max(1, 2 * width // LONGEST), max(1, 2 * height // LONGEST)

    def average(part: Pixels) -> Pixels:
        small = part.shape[1] // by[0], part.shape[0] // by[1]
        result = cv2.resize(part, small, interpolation=cv2.INTER_AREA)
        return np.asarray(result).reshape(*small[::-1], *part.shape[2:])

    cut = slice(0, width // by[0] * by[0]), slice(0, height // by[1] * by[1])
    return source.averaged(average, by, cut)


def _halved(source: _Source, size: Size) -> _Source:
    """Halved as `halvings` says for the area; pixels that the filter skips are cut off first."""
    times = halvings(source.area[2:], size)
    if not times:
        return source

    def average(part: Pixels) -> Pixels:
        for _ in range(times):
            part = halve(part)
        return part

    left, top, width, height = source.area
    rows, columns = source.pixels.shape[:2]
    by = 2**times, 2**times
    cut = (
        _read(left, width, size[0], columns, by[0]),
        _read(top, height, size[1], rows, by[1]),
    )
    return source.averaged(average, by, cut)


def _read(start: float, length: float, results: int, samples: int, unit: int) -> slice:
    """The samples that filtering some of them reads, in whole units from the first on."""
    if unchanged(start, length, results):
        return widened(start, length, 0, 1, samples)
    return widened(start, length, 3 * max(1, length / results) + unit, unit, samples)


@dataclass(frozen=True, slots=True)
class _Filter:
    """Makes a result of `dtype`. Where they are `weighed`, samples are products of `_weighed`."""

    source: _Source
    dtype: np.dtype[np.generic]
    weighed: bool

    def to(self, size: Size) -> Pixels:
        pixels = self.source.pixels
        channels = pixels.shape[2:]
        result = np.empty((size[1], size[0], *channels), self.dtype)
        lines = result.reshape(size[1], -1)

        def store(top: int, floats: Floats) -> None:
            ready = self._finished(floats)
            lines[top : top + floats.shape[2]] = cv2.transpose(ready.reshape(lines.shape[1], -1))

        shape = *pixels.shape[:2], *(channels or (1,))
        most = int(self._full * self._scale)
        passing = isinstance(pixels, PassingRows)
        of = shape, self.source.area, size, most
        lanczos(*of, take=self._take, store=store, passing=passing)
        return result

    def _take(self, rows: slice) -> Load:
        pixels = self.source.pixels
        return partial(self._load, pixels[rows, 0 : pixels.shape[1]])

    @property
    def _full(self) -> float:
        return full(self.dtype) ** (2 if self.weighed else 1)

    @property
    def _scale(self) -> float:
        """The power of two that makes samples whole numbers, fine enough and no finer."""
        if self.dtype.kind == "f":
            return _FINE
        return 1 if self._full < _FINE else _FINE / 2**32

    def _load(self, rows: Pixels, columns: slice, samples: Floats) -> None:
        pixels = rows[:, columns]
        if self.source.prepare is not None:
            pixels = self.source.prepare(pixels)
        np.copyto(samples, pixels.reshape(samples.shape))
        if pixels.dtype.kind == "f":
            samples *= self._scale
            if not np.isfinite(samples.sum()):
                np.nan_to_num(samples, copy=False)
            np.rint(samples, out=samples)

    def _finished(self, floats: Floats) -> Pixels:
        """The pixels as `dtype`, clipped where whole: negative weights overshoot at edges."""
        most = full(self.dtype)
        if self._scale != 1:
            floats /= self._scale
        if self.weighed:
            # Divide by the filter's alpha, overshoot included: colour has overshot with it.
            alpha = floats[:, 3:]
            floats[:, :3] *= reciprocal(alpha, most, self._full / 512)
            alpha /= most
        if self.dtype.kind == "u":
            np.rint(floats, out=floats)
            np.clip(floats, 0, most, out=floats)
        return floats.astype(self.dtype, copy=False)
