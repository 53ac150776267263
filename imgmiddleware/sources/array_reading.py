"""How an array is read: by its own description, or as a request asks instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from imgmiddleware.errors import damaged
from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.colormap import Colormap
from imgmiddleware.pixels.layout import Layout
from imgmiddleware.pixels.orientation import Orientation
from imgmiddleware.pixels.pillow import BROKEN
from imgmiddleware.pixels.samples import Reading
from imgmiddleware.pixels.shown import Shown
from imgmiddleware.pixels.shown import Values as Stored
from imgmiddleware.pixels.value_range import ValueRange
from imgmiddleware.pixels.values import Declared, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """An array as samples: `pixels` as stored, and how many values had to be `clipped`."""

    pixels: Pixels
    clipped: int
    color: str
    orientation: Orientation
    profile: bytes | None


def loaded(known: Values) -> npt.NDArray[Any]:
    """The array. Raises `ImageError` (422) for an image that Pillow cannot load."""
    try:
        return known.array()
    except BROKEN as error:
        raise damaged(f"Pillow cannot load it: {error}") from error


def parted(array: npt.NDArray[Any], layout: Layout) -> tuple[Pixels, Pixels | None]:
    """(height, width, channels), and the mask of the same shape; None where there is none."""
    mask = mask_of(array)
    values = layout.channels_last(np.ma.getdata(array))
    return values, None if mask is None else layout.channels_last(mask)


def mask_of(array: npt.NDArray[Any]) -> Pixels | None:
    mask = np.ma.getmask(array)
    return mask if isinstance(mask, np.ndarray) else None


def reading_for(order: object, range: object, colormap: object) -> Reading:
    if order not in ("bgr", "rgb"):
        raise ValueError(f'order: "bgr" or "rgb"; not {order!r}')
    assert isinstance(order, str)
    return Reading(
        order,
        None if range is None else ValueRange.of(range),
        None if colormap is None else Colormap.of(colormap, order),
    )


def reading_of(known: Values | Declared, reading: Reading) -> Reading:
    """Pillow has its own order of channels; inks have none."""
    if isinstance(known, Declared) or not known.of_pillow:
        return reading
    return replace(reading, order="bgr" if known.inks else "rgb")


def stored(known: Values | Declared, reading: Reading, *, may_lack: bool) -> Stored:
    """The values of an array for each pixel, of which some may be masked or not a number."""
    layout = Layout.of(known.shape)
    return Stored(
        channels=layout.channels,
        dtype=f"{known.dtype.kind}{known.dtype.itemsize}",
        alpha=layout.channels - 1 if layout.alpha else None,
        may_lack=may_lack,
        order=reading_of(known, reading).order,
    )


def read_as(asked: Reading, known: Values, its: Stored) -> Samples:
    """All of an array as a request asks for it."""
    values, mask = parted(loaded(known), Layout.of(known.shape))
    shown = Shown(its, asked, None)
    masked = None if mask is None else np.asarray(mask.any(axis=2))
    if asked.range is not None:
        shown = replace(shown, ends=asked.range.ends(*shown.parted(values, masked)))
    return Samples(
        pixels=shown(values, masked),
        clipped=shown.tally.clipped,
        color=its.color(asked),
        orientation=known.orientation,
        profile=known.profile if asked.colormap is None else None,
    )
