"""The range of values that is shown: the values for black and white, or for a colour map's ends."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from imgmiddleware.pixels.arrays import Pixels

#: A caller's range: each end a number or a percentile, such as "2%"; or both by one word.
RangeLike = tuple[float | str, float | str] | Literal["minmax", "auto"]

#: Words for two percentiles: all values, or all but the few that are far from the others.
WORDS = {"minmax": ("0%", "100%"), "auto": ("2%", "98%")}

#: The least and the largest value that is shown.
Ends = tuple[float, float]

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?) ?%", re.ASCII)

#: How far the values of a picture may go beyond black and white, as lights and sharpened edges do.
_NEAR = 0.5

#: Beyond these the distance of two ends would be no number.
_FARTHEST = float(np.finfo(np.float64).max) / 2


@dataclass(frozen=True, slots=True)
class ValueRange:
    """Two ends: each is a value, or that percentile of the array's own values.

    >>> ValueRange.of((0, "98%"))
    ValueRange(least=0.0, most='98%')
    """

    least: float | str
    most: float | str
    #: From 0 to 1 instead, where the ends are not far beyond that: a picture.
    unless_unit: bool = field(default=False, repr=False)

    @classmethod
    def of(cls, given: object) -> ValueRange:
        """Raises `ValueError` for any other object."""
        ends = WORDS.get(given, given) if isinstance(given, str) else given
        if isinstance(ends, tuple | list) and len(ends) == 2:
            least, most = map(_end, ends)
            if least is not None and most is not None and _in_order(least, most):
                return cls(least, most)
        raise ValueError(
            'range: "minmax", "auto" or (least, most), the lesser first, each a number or a '
            f'percentile such as "2%"; not {given!r}'
        )

    @property
    def text(self) -> str:
        """The same range always as the same text, without a space."""
        return f"{self.least}:{self.most}{' or 0:1' if self.unless_unit else ''}"

    @property
    def looks(self) -> bool:
        """Whether the array's values have to be looked at to find the ends."""
        return isinstance(self.least, str) or isinstance(self.most, str)

    def ends(self, values: Pixels, holes: Pixels | None) -> Ends:
        """The values at the ends. `values` is (height, width, channels); `holes` marks values to
        leave out.

        Percentiles are those of all finite values, between the two nearest ranks as NumPy's. Where
        there is none, both ends are 0.
        """
        if not self.looks:
            return float(self.least), float(self.most)
        ranked = _finite(values, holes)
        least, most = (_value(end, ranked) for end in (self.least, self.most))
        if self.unless_unit and ranked.size and least >= -_NEAR and most <= 1 + _NEAR:
            return 0.0, 1.0
        return least, max(least, most)


#: The range of arrays that state none: of whole numbers, and of floats, which may be a picture's.
AUTO = ValueRange("2%", "98%")
AUTO_OR_UNIT = ValueRange("2%", "98%", unless_unit=True)


def unit(band: Pixels, ends: Ends) -> Pixels:
    """float64: 0 at the one end, 1 at the other, less and more beyond; NaN stays.

    Where both ends are one value, it becomes 0.
    """
    least, most = ends
    with np.errstate(over="ignore"):
        values = band.astype(np.float64)
        values -= least
    if most > least:
        values /= most - least
    else:
        values = 2 * np.sign(values)
    return values


def _end(given: object) -> float | str | None:
    """A number, or a percentile as it is written shortest; None for anything else."""
    if isinstance(given, str):
        found = _PERCENT.fullmatch(given.strip())
        percent = float(found[1]) if found else math.inf
        return f"{percent:.9g}%" if percent <= 100 else None  # all digits that it may have
    try:
        number = float(given)  # type: ignore[arg-type] # anything but a number raises
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) <= _FARTHEST else None


def _in_order(least: float | str, most: float | str) -> bool:
    """Whether the ends may be in order; of a value and a percentile only a picture can tell."""
    if isinstance(least, str) != isinstance(most, str):
        return True
    return _number(least) < _number(most)


def _number(end: float | str) -> float:
    return float(end.rstrip("%")) if isinstance(end, str) else end


def _finite(values: Pixels, holes: Pixels | None) -> Pixels:
    """A copy of the values that count, in one dimension, of a dtype that can be put in order."""
    kept: Any = None if holes is None else ~holes
    if values.dtype.kind == "f":
        finite = np.isfinite(values)
        kept = finite if kept is None else finite & kept[..., None]
    chosen = values.flatten() if kept is None else values[kept].reshape(-1)
    with np.errstate(over="ignore"):
        return chosen.astype(_ranked(values.dtype), copy=False)


def copies(dtype: np.dtype[Any]) -> int:
    """Bytes that a value takes while percentiles are looked for: in a copy, or in two."""
    ranked = _ranked(dtype)
    return dtype.itemsize if ranked == dtype else dtype.itemsize + ranked.itemsize


def _ranked(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype in which values are put in order: its numbers fit in a float."""
    if dtype.kind == "f" and dtype.itemsize not in (4, 8):
        return np.dtype(np.float32 if dtype.itemsize == 2 else np.float64)
    return dtype.newbyteorder("=")


def _value(end: float | str, ranked: Pixels) -> float:
    """The value of an end. Puts the ranks it takes in their places."""
    if not isinstance(end, str):
        return end
    if not ranked.size:
        return 0.0
    rank = _number(end) / 100 * (ranked.size - 1)
    below, above = math.floor(rank), math.ceil(rank)
    low, high = _ranks(ranked, below, above)
    value = low + (high - low) * (rank - below)
    return min(max(value, -_FARTHEST), _FARTHEST)


def _ranks(values: Pixels, *ranks: int) -> Iterator[float]:
    """The values of these ranks. The first and the last are found without an order."""
    last = values.size - 1
    between = sorted({rank for rank in ranks if 0 < rank < last})
    if between:
        values.partition(between)
    for rank in ranks:
        yield float(values.min() if rank == 0 else values.max() if rank == last else values[rank])
