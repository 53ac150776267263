"""Originals that are arrays of pixels: in memory already, or made when they are needed."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.colormap import ColormapLike
from imgmiddleware.pixels.layout import Layout
from imgmiddleware.pixels.orientation import Orientation
from imgmiddleware.pixels.pillow import PillowImage
from imgmiddleware.pixels.samples import Reading, holes_of
from imgmiddleware.pixels.shown import Values as Stored
from imgmiddleware.pixels.value_range import RangeLike
from imgmiddleware.pixels.values import ArrayLike, Declared, Present, Values, as_values, is_array
from imgmiddleware.sources.array_reading import (
    Samples,
    loaded,
    mask_of,
    parted,
    read_as,
    reading_for,
    reading_of,
    stored,
)
from imgmiddleware.sources.memory import InMemory, Version, digest, version_text

#: Bytes that Pillow holds for each pixel beside the array: the image, and a converted one, of four
#: channels each.
_PILLOW = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayHeader:
    """The facts of an array that planning needs, as a file's header gives them."""

    width: int
    height: int
    color: str
    alpha: bool
    depth: int
    orientation: Orientation
    values: Stored  # what is stored for each pixel
    reading: Reading | None  # and how it becomes a colour, where it is none
    nbytes: int  # that reading it takes, and making it, where it is not there yet


class ArrayOriginal(InMemory):
    """An array as an original: one that is there, or a function that makes it when it is needed.

    `pixels` has the shape (height, width), or (height, width, channels) with 1 to 4 channels: gray;
    gray and alpha; blue, green, red; and alpha. `order="rgb"`: red, green, blue. The channels may
    also come first: (channels, height, width); where both could be meant they are last. Its dtype
    is bool, uint8, uint16, or a float from 0 to 1; with a `range` any integer and any float. NaN
    and masked values are transparent.

    - `version`: a text or number that changes whenever the content does. Then nothing is hashed.
      Without it the version is a digest of the array, which takes 0.6 ms a megabyte at every open
    - `range`: the values that become black and white, `(least, most)`, each a number or a
      percentile of the array's finite values such as `"2%"`; `"minmax"` is `("0%", "100%")`. Values
      outside are clipped, and the answer says how many there were
    - `colormap`: the colours of a gray array, by OpenCV's name ("viridis", "turbo"), or a table
      of dtype uint8 and shape (256, 3 or 4) whose channels are in `order`

    A function needs a `version`. It is called without arguments, in a thread, once a render, and
    never for a 304 or for a picture in a cache. Its errors are raised. `shape` and `dtype` declare
    its array. Without them it is called once for each version and process before anything is
    planned, and its array is held until this original is closed. With them a float array, and any
    array with a range or a colour map, counts as one that may have holes. So it is PNG where it
    would be JPEG.

    >>> import numpy as np
    >>> from imgmiddleware import ArrayOriginal
    >>> heat = ArrayOriginal(np.random.rand(300, 400), version=3, range="minmax", colormap="turbo")
    >>> lazy = ArrayOriginal(lambda: np.load("heat.npy"), version="2026-11-28")

    An image of Pillow's is read in its own order of channels, with its profile and turned by its
    EXIF, as files are. With a `version` it is not even loaded before it is needed. The array must
    not be changed after it is handed over. Raises `TypeError` or `ValueError` that names the
    accepted kinds, for a function's array when it is made; `ImageError` (422) where Pillow cannot
    load it.
    """

    def __init__(
        self,
        pixels: ArrayLike | Callable[[], ArrayLike],
        order: Literal["bgr", "rgb"] = "bgr",
        *,
        version: Version | None = None,
        range: RangeLike | None = None,
        colormap: ColormapLike | None = None,
        shape: tuple[int, ...] | None = None,
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        self._reading = reading_for(order, range, colormap)
        self._given = as_values(pixels) if is_array(pixels) or not callable(pixels) else None
        self._make = None if self._given else _function(pixels, version)
        self._declared = _declared(shape, dtype, needed=self._make is not None)
        self._made: Values | None = None
        known = self._given or self._declared
        if known is not None:
            self._checked(known)
        self.version = self._versioned(version, self._text(known))
        """The given version, with how the array is read; or a digest of the array instead."""

    @property
    def reading(self) -> Reading:
        """How its values become samples, by its own range, colour map and order."""
        return self._reading

    @property
    def size(self) -> int:
        """Bytes of a given array; 0 for one that is made, which `header` counts."""
        return _nbytes(self._given) if self._given else 0

    def header(self) -> ArrayHeader:
        """The facts for planning. It calls the function where nothing was declared.

        Raises the function's errors, and `TypeError` or `ValueError` for its array.
        """
        known = self._declared or self._values()
        layout, reading = Layout.of(known.shape), self._reading
        alpha = not known.inks and reading.has_alpha(layout, holes=self._may_have_holes(known))
        return ArrayHeader(
            width=layout.width,
            height=layout.height,
            color="cmyk" if known.inks else reading.color(layout),
            alpha=alpha,
            depth=reading.depth(known.dtype),
            orientation=known.orientation,
            values=self._stored(known),
            reading=reading if reading.range or reading.colormap else None,
            nbytes=reading.nbytes(layout, known.dtype, alpha=alpha) + self._beside(known),
        )

    def samples(self, asked: Reading | None = None) -> Samples:
        """uint8, uint16 or float32 in 0..1: gray, BGR, BGRA or CMYK. Raises as `header` does.

        `asked` replaces its own reading.
        """
        if asked is not None and asked != self._reading:
            return read_as(asked, self._values(), self._stored(self._values()))
        known = self._values()
        layout, reading = Layout.of(known.shape), reading_of(known, self._reading)
        values, mask = parted(loaded(known), layout)
        pixels, clipped = reading.samples(values, holes_of(values, mask))
        return Samples(
            pixels=pixels,
            clipped=clipped,
            color="cmyk" if known.inks else reading.color(layout),
            orientation=known.orientation,
            profile=known.profile if self._reading.colormap is None else None,
        )

    def _stored(self, known: Values | Declared) -> Stored:
        unknown = isinstance(known, Declared)
        may_lack = unknown or (not known.inks and self._may_have_holes(known))
        return stored(known, self._reading, may_lack=may_lack)

    def lends(self, pixels: Pixels) -> bool:
        """Whether these are the given bytes, which their owner holds anyway."""
        given = self._given
        return isinstance(given, Present) and np.may_share_memory(given.given, pixels)

    def present(self) -> Present:
        """The array itself, present or made now. Raises as `header` does."""
        known = self._values()
        if isinstance(known, Present):
            return known
        array, profile = loaded(known), known.profile
        return Present(array, known.inks, profile, known.orientation, of_pillow=True)

    def called_by(self, caller: Callable[[Callable[[], object]], object]) -> ArrayOriginal:
        """The same original, but `caller(function)` calls the function and returns its value."""
        if self._make is None:
            return self
        other = copy(self)
        other._make = partial(caller, self._make)
        return other

    def __exit__(self, *error: object) -> None:
        self._made = None

    def _values(self) -> Values:
        """The array: given, or made now and held."""
        values = self._given or self._made
        if values is None:
            assert self._make is not None
            values = as_values(self._make())
            self._checked(values)
            self._made = values
        return values

    def _checked(self, values: Values | Declared) -> None:
        self._reading.check(Layout.of(values.shape), values.dtype)

    def _may_have_holes(self, known: Values | Declared) -> bool:
        if isinstance(known, Present) and not known.of_pillow:
            return holes_of(*parted(known.given, Layout.of(known.shape))) is not None
        mapped = self._reading.range is not None or self._reading.colormap is not None
        return known.dtype.kind == "f" or (mapped and isinstance(known, Declared))

    def _beside(self, known: Values | Declared) -> int:
        """Bytes that exist only while it is read: those of an array that is made, or loaded."""
        pillow = _PILLOW * math.prod(known.shape[:2]) if isinstance(known, PillowImage) else 0
        return pillow + (0 if isinstance(self._given, Present) else _nbytes(known))

    def _versioned(self, version: Version | None, text: str) -> str:
        """A digest is made at once, while this is opened: loading an image may fail."""
        if version is not None:
            return f"{version_text(version)} {text}"
        assert self._given is not None  # a function has a version
        return digest(_parts(self._given, text))

    def _text(self, known: Values | Declared | None) -> str:
        """How it is read, without the version, in a fixed number of words: a version has any."""
        if known is None:
            return f"{self._reading.text} - -"
        sides = "x".join(map(str, known.shape))
        return f"{reading_of(known, self._reading).text} {sides} {known.dtype.str}"


def _function(pixels: object, version: object) -> Callable[[], object]:
    assert callable(pixels)
    if version is None:
        raise TypeError(
            "version: a function needs one that changes with its array, since without it every "
            "request would have to make the array just to know whether it has changed"
        )
    if inspect.iscoroutinefunction(pixels):
        raise TypeError(
            "an array's function is called in a thread, so it cannot be async: await its data in "
            "the source's function, which may be async"
        )
    return pixels


def _declared(
    shape: tuple[int, ...] | None, dtype: npt.DTypeLike | None, *, needed: bool
) -> Declared | None:
    if shape is None and dtype is None:
        return None
    if not needed or shape is None or dtype is None:
        raise TypeError("shape, dtype: both or neither, and only for a function")
    try:
        sides = tuple(map(operator.index, shape))
    except TypeError:
        raise TypeError(f"shape: whole numbers such as (height, width); not {shape!r}") from None
    try:
        return Declared(sides, np.dtype(dtype))
    except (TypeError, ValueError) as error:
        raise TypeError(f"dtype: {error}") from error


def _nbytes(known: Values | Declared) -> int:
    return math.prod(known.shape) * known.dtype.itemsize


def _parts(known: Values, text: str) -> Iterator[Any]:
    """All that a picture of the array depends on, copied a row at a time where it is in pieces."""
    yield f"{text} {int(known.orientation)} {len(known.profile or b'')}".encode()
    yield known.profile or b""
    array = loaded(known)
    for part in (np.ma.getdata(array), mask_of(array)):
        if part is not None:
            for piece in [part] if part.flags.c_contiguous else part:
                yield np.ascontiguousarray(piece).reshape(-1).view(np.uint8)
