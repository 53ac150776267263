"""Bands: an original whose rows can be read a few at a time, reduced as they come.

Memory then grows with the result, and the time is that of one reading. Rows and tiles that the plan
cuts away are not read. The pixels are, bit for bit, those that decoding all of it, cutting and
halving so often would give. So the resampler goes on from here as if it had done this itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Block
from imgmiddleware.formats.probe import read_raster
from imgmiddleware.formats.raster import Raster, divided_box
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.pixels.arrays import (
    Box,
    Pixels,
    red_blue_swapped,
    seen_through,
    unassociated,
    with_alpha,
)
from imgmiddleware.pixels.color import to_eight_bits, to_srgb
from imgmiddleware.pixels.halve import halve, halve_clear
from imgmiddleware.pixels.lab import lab_to_bgr
from imgmiddleware.pixels.passing import PassingRows
from imgmiddleware.pixels.shown import Shown
from imgmiddleware.sources.original import Original

_Change = Callable[[Pixels], Pixels]


def decode_bands(
    original: Original,
    facts: Facts,
    box: Box,
    times: int,
    *,
    scaled: bool = False,
    shown: Shown | None = None,
    raster: Raster | None = None,
) -> Pixels:
    """The box of an original with `Facts.band_bytes`, halved so many times, as stored.

    `scaled`: the decoder divides the samples, as `Facts.pieces` says that it can, and they are not
    averaged; the box then begins at a whole one of these samples. `shown` turns values into
    samples; without it values are kept. `raster` is the place of its rows, if that is known.

    (height, width) gray, or with 3 (BGR) or 4 (BGRA, or CMYK) channels; uint8 or uint16. Raises
    `ImageError`: 422 where it is damaged, 503 where it has changed.
    """
    step = 2**times
    result: Pixels | None = None
    blocks = _reduced(original, facts, box, times, scaled=scaled, shown=shown, raster=raster)
    for top, block in blocks:
        rows = block
        if result is None:
            shape = -(-box[3] // step), -(-box[2] // step), *rows.shape[2:]
            if rows.shape == shape and _owns_memory(rows):  # of one tile that is asked for
                return rows
            result = np.empty(shape, rows.dtype)
        elif rows.shape[2:] != result.shape[2:]:  # here some pixel is clear, or none is any more
            result, rows = with_alpha(result), with_alpha(rows)
        result[top : top + len(rows)] = rows
    assert result is not None  # a box has at least one row
    return result


def passing_bands(
    original: Original,
    facts: Facts,
    box: Box,
    times: int,
    *,
    scaled: bool = False,
    shown: Shown | None = None,
    raster: Raster | None = None,
) -> PassingRows:
    """The same rows, from the top down, while they are read: it raises then too."""
    blocks = _reduced(
        original, facts, box, times, scaled=scaled, shown=shown, downwards=True, raster=raster
    )
    return PassingRows((rows for _, rows in blocks), -(-box[3] // 2**times))


def blocks_of(original: Original, facts: Facts, box: Box, raster: Raster) -> Iterator[Pixels]:
    """The same rows as stored; some of them are held at a time."""
    blocks = _reduced(
        original, facts, box, 0, scaled=False, shown=None, downwards=True, raster=raster
    )
    return (rows for _, rows in blocks)


def _reduced(
    original: Original,
    facts: Facts,
    box: Box,
    times: int,
    *,
    scaled: bool,
    shown: Shown | None,
    downwards: bool = False,
    raster: Raster | None,
) -> Iterator[Block]:
    raster, rows_of = raster or read_raster(original, facts), FORMATS[facts.format].rows
    assert rows_of is not None  # as its facts have `band_bytes`
    mask = _mask_rows(original, facts, raster, box)  # then nothing is averaged, as with any alpha
    if scaled and times:
        raster, box, times = raster.divided(2**times), divided_box(box, 2**times), 0
    before, after = _before(raster), _after(raster)
    if shown is not None:
        raster, shown, values = _stored(raster, shown)
        before, after = _then(values, shown), _same
    clear = shown is not None and facts.alpha
    for top, rows in rows_of(original, raster, box, 2**times, downwards or mask is not None):
        made = after(_halved(before(rows), times, clear=clear))
        if mask is not None:
            made = seen_through(made, mask[top : top + len(made), 0 : box[2]])
        yield top // 2**times, made


def _mask_rows(original: Original, facts: Facts, raster: Raster, box: Box) -> PassingRows | None:
    """The alpha that stands beside a picture, if any: uint8, (height, width)."""
    rows_of, mask = FORMATS[facts.format].rows, raster.mask
    if mask is None or rows_of is None:
        return None
    read = _before(mask)
    blocks = rows_of(original, mask, box, 1, True)
    return PassingRows((read(rows) for _, rows in blocks), box[3])


def _owns_memory(rows: Pixels) -> bool:
    """Whether the memory that these pixels keep holds nothing else."""
    held = rows if rows.base is None else rows.base
    return rows.flags.c_contiguous and getattr(held, "nbytes", 0) == rows.nbytes


def stored_rows(
    original: Original, facts: Facts, box: Box, shown: Shown
) -> Iterator[tuple[Pixels, Pixels | None]]:
    """The values of the box that are shown, in blocks of rows, and where there are none."""
    rows_of = FORMATS[facts.format].rows
    assert rows_of is not None  # as its facts have `band_bytes`
    raster = read_raster(original, facts)
    mask = _mask_rows(original, facts, raster, box)
    raster, shown, values = _stored(raster, shown)
    for top, rows in rows_of(original, raster, box, 1, True):
        hidden = None if mask is None else mask[top : top + len(rows), 0 : box[2]] == 0
        yield shown.parted(values(rows), hidden)


def _stored(raster: Raster, shown: Shown) -> tuple[Raster, Shown, _Change]:
    """The planes to read, the `Shown` for them, and the function that makes values of rows."""
    if raster.planes > 1 and shown.values.order == "rgb":
        channels = shown.channels
        raster, shown = raster.of_channels(channels), shown.among(channels)
    if shown.values.order == "rgb":
        return raster, shown, _before(replace(raster, inverted=False))
    return raster, shown, _then(_before(raster), _after(raster))


def _then(first: _Change, second: _Change) -> _Change:
    return lambda rows: second(first(rows))


def _same(rows: Pixels) -> Pixels:
    return rows


def _halved(rows: Pixels, times: int, *, clear: bool) -> Pixels:
    """Rows that are read upwards are averaged so too, unless the last one counts twice."""
    upwards = rows.strides[0] < 0 and times > 0
    if upwards and len(rows) % 2**times:
        rows, upwards = np.ascontiguousarray(rows), False
    elif upwards:
        rows = rows[::-1]
    for _ in range(times):
        rows = halve_clear(rows) if clear else halve(rows)
    return rows[::-1] if upwards else rows


def _before(raster: Raster) -> _Change:
    """The change that samples need before they may be averaged."""
    if raster.palette is not None:
        table = np.frombuffer(raster.palette, np.uint8).reshape(256, 1, -1)
        if table.shape[2] == 3:
            return lambda rows: np.asarray(cv2.applyColorMap(np.ascontiguousarray(rows), table))
        if not np.array_equal(table.ravel(), np.arange(256)):
            return lambda rows: np.asarray(cv2.LUT(np.ascontiguousarray(rows), table[..., 0]))
    convert = partial(_converted, raster) if raster.conversion else _same
    if raster.associated is not None:
        return _then(partial(unassociated, at=raster.associated), convert)
    return np.invert if raster.inverted else convert


def _converted(raster: Raster, rows: Pixels) -> Pixels:
    """Lab as BGR of 16 bits; inks as inks of 8 bits, or as BGR where there is alpha beside them."""
    if raster.conversion == "lab":
        return lab_to_bgr(rows)
    inks = to_eight_bits(np.ascontiguousarray(rows[..., :4]))
    if raster.conversion == "inks":
        return inks
    alpha = to_eight_bits(np.ascontiguousarray(rows[..., 4]))
    return np.dstack((to_srgb(inks, raster.profile, "cmyk"), alpha))


def _after(raster: Raster) -> _Change:
    """The order of channels, which costs less on fewer pixels."""
    if raster.dropped:
        return lambda rows: rows[..., :3]
    if raster.red_first:
        return lambda rows: red_blue_swapped(np.ascontiguousarray(rows))
    return _same
