"""Pages whose samples are measurements more than colours: their meaning, and how they are read.

A page's own words are honoured, in this order: SMinSampleValue and SMaxSampleValue, MinSampleValue
and MaxSampleValue (TIFF 6.0, sections 8 and 19), the bits of its samples. Whole numbers of 8 and 16
bits without such words reach from black to white, as those of photos do. Other numbers have no such
range, and are shown by their own percentiles. The number in GDAL's tag 42113 means "no data" and is
clear, and so is NaN.
"""

import math

import numpy as np

from imgmiddleware.formats.raster import JPEG, WEBP, Conversion
from imgmiddleware.formats.reading import damage_let_pass
from imgmiddleware.formats.tiff.kinds import (
    BLACK_IS_ZERO,
    FLOAT,
    INT,
    LAB,
    RGB,
    UINT,
    WHITE_IS_ZERO,
    SampleLayout,
)
from imgmiddleware.formats.tiff.page import Page
from imgmiddleware.pixels.samples import Reading
from imgmiddleware.pixels.shown import Values
from imgmiddleware.pixels.value_range import AUTO, AUTO_OR_UNIT, ValueRange

_MIN, _MAX, _SMALLEST, _LARGEST, _NO_DATA = 280, 281, 340, 341, 42113
_LETTERS = {UINT: "u", INT: "i", FLOAT: "f"}
#: Numbers at the far ends of a type tell nothing about the values in the file.
_HUGE = 1e30


def is_number(kind: SampleLayout) -> bool:
    """Whether samples are gray or colours of light, not inks, indices or JPEG's own."""
    return kind.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB) and kind.bits >= 8


def conversion_of(kind: SampleLayout) -> Conversion:
    """The conversion of samples before they may be averaged."""
    if kind.is_inks and kind.bits in (8, 16) and kind.compression not in (JPEG, WEBP):
        if kind.alpha:
            return "clear inks"
        return "inks" if kind.bits == 16 or kind.samples > 4 else ""
    return "lab" if kind.photometric == LAB and (kind.bits, kind.samples) == (16, 3) else ""


def read_values(page: Page, kind: SampleLayout) -> tuple[Values, Reading | None] | None:
    """The stored values, and how they are read: with no reading where samples are colours already.

    None for inks, indices, and samples that a decoder turns into colours.
    """
    if not is_number(kind) or kind.compression in (JPEG, WEBP):
        return None
    no_data, shown = _no_data(page, kind), _range(page, kind)
    colors = 3 if kind.photometric == RGB else 1
    plain = kind.samples == colors + kind.alpha and not kind.associated
    as_they_are = plain and shown is None and no_data is None and not (kind.alpha and colors == 1)
    if as_they_are and kind.bits == 8:  # such a page may be decoded whole
        return None
    values = Values(
        channels=kind.samples,
        dtype=dtype_of(kind),
        alpha=kind.alpha_at,
        inverted=kind.photometric == WHITE_IS_ZERO,
        no_data=no_data,
        may_lack=no_data is not None or (kind.float and colors == 1),
    )
    return values, None if as_they_are else Reading(order="rgb", range=shown)


def dtype_of(kind: SampleLayout) -> str:
    """NumPy's name of a sample once it is unpacked, without an order of bytes."""
    return f"{_LETTERS[kind.format]}{max(1, -(-kind.bits // 8))}"


def _range(page: Page, kind: SampleLayout) -> ValueRange | None:
    """The range that the page states, or the usual one for such samples; None from black to
    white.
    """
    if kind.format == UINT and kind.bits == 8:
        return None
    stated = _stated(page, kind, _SMALLEST, _LARGEST) or _stated(page, kind, _MIN, _MAX)
    if stated is not None:
        return stated
    if kind.format == UINT and kind.bits <= 16:
        return None if kind.bits == 16 else ValueRange(0.0, float(2**kind.bits - 1))
    return AUTO_OR_UNIT if kind.float else AUTO


def _stated(page: Page, kind: SampleLayout, low: int, high: int) -> ValueRange | None:
    """None where the page states nothing, or the range of the type, which tells nothing."""
    lowest, highest = page.numbers(low), page.numbers(high)
    if kind.format == UINT:
        lowest = lowest or (0.0,)
    if not lowest or not highest:
        return None
    least, most = min(lowest), max(highest)
    ends = _type_ends(kind)
    # NaN is neither less nor more than a number.
    if not least < most or not ends[0] <= least or not most <= ends[1] or (least, most) == ends:
        return None
    return ValueRange(least, most)


def _type_ends(kind: SampleLayout) -> tuple[float, float]:
    if kind.float:
        return -_HUGE, _HUGE
    if kind.bits in (8, 16, 32, 64):
        info = np.iinfo(dtype_of(kind))
        return float(info.min), float(info.max)
    return 0.0, float(2**kind.bits - 1)


def _no_data(page: Page, kind: SampleLayout) -> float | None:
    """The number that GDAL's tag has as text; None for a number that no sample can have."""
    text = page.text(_NO_DATA)
    with damage_let_pass:
        number = float(text) if text else math.inf
        if kind.float:
            return number if math.isnan(number) or abs(number) < math.inf else None
        least, most = _type_ends(kind)
        return number if least <= number <= most and number == int(number) else None
    return None
