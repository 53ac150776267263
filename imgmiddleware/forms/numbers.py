"""Forms of numbers: whole and decimal ones, lengths, angles, shapes and boxes."""

from __future__ import annotations

import re
from decimal import Decimal

from imgmiddleware.forms import mending
from imgmiddleware.forms.form import Form, malformed, out_of_range

Length = int | Decimal
"""Pixels (an int of at least 1), or a ratio of the original's side (a Decimal between 0 and 1)."""

#: The same from a program that has only one kind of number. 1.0 may as well be all of a side.
_FLOAT = re.compile(r"([2-9]|[1-9][0-9]{1,8})\.0{1,9}", re.ASCII)
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
#: A cache can hold all values of a parameter with so many values: qualities, for one.
_FEW = 100

_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,8})?(?:\.[0-9]{1,9})?(?<=[0-9])", re.ASCII)


def whole(minimum: int, maximum: int) -> Form[int]:
    """A whole number, as an int: decimal digits, and a minus only where there are such numbers."""
    words = f"a whole number from {minimum} to {maximum}"

    def parse(name: str, text: str) -> int:
        text = _whole(text)
        if not _WHOLE.fullmatch(text.removeprefix("-") if minimum < 0 else text):
            raise malformed(name, text, words)
        if not minimum <= int(text) <= maximum:
            raise out_of_range(name, text, words)
        return int(text)

    def mended(text: str) -> str | None:
        return mending.whole(text, minimum, maximum)

    return Form(parse, str, words, endless=maximum - minimum > _FEW, mended=mended)


def decimal(minimum: str, maximum: str) -> Form[Decimal]:
    """A number of at most nine decimal places, as a Decimal."""
    words = f"a number from {minimum} to {maximum}"

    def parse(name: str, text: str) -> Decimal:
        if not text or not _DECIMAL.fullmatch(text):
            raise malformed(name, text, words)
        if not Decimal(minimum) <= Decimal(text) <= Decimal(maximum):
            raise out_of_range(name, text, words)
        return _plain(Decimal(text))

    def mended(text: str) -> str | None:
        return mending.decimal(text, minimum, maximum)

    return Form(parse, _write, words, endless=True, mended=mended)


def angle() -> Form[Decimal]:
    """Degrees clockwise, as a Decimal from 0 to less than 360: -90 is 270, and 360 is 0."""
    most = 3600
    words = f"degrees from -{most} to {most}"

    def parse(name: str, text: str) -> Decimal:
        digits = text.removeprefix("-")
        if not digits or not _DECIMAL.fullmatch(digits):
            raise malformed(name, text, words)
        if Decimal(digits) > most:
            raise out_of_range(name, text, words)
        degrees = Decimal(text) % 360  # with the sign of the text
        return _plain(degrees + 360 if degrees < 0 else abs(degrees))

    return Form(parse, _write, words, endless=True, mended=mending.angle)


def length(maximum: int, widest: int = 0) -> Form[Length]:
    """Pixels, or a ratio where the number is between 0 and 1: a `Length`.

    A ratio stays the decimal that was written. `0.333333` of 5640 pixels is 1879.998: a binary
    fraction could fall on the other side of a rounding. A value that no text gave may be in device
    pixels, and up to the `widest` of them.
    """
    words = f"whole pixels from 1 to {maximum}, or a ratio between 0 and 1"

    def parse(name: str, text: str) -> Length:
        text = _whole(text)
        if _WHOLE.fullmatch(text):
            if not 1 <= int(text) <= maximum:
                raise out_of_range(name, text, words)
            return int(text)
        if not text or not _DECIMAL.fullmatch(text):
            raise malformed(name, text, words)
        if not 0 < Decimal(text) < 1:
            raise out_of_range(name, text, words)
        return _plain(Decimal(text))

    values = length(widest) if widest else None

    def mended(text: str) -> str | None:
        return mending.length(text, maximum)

    return Form(parse, _write, words, endless=True, values=values, mended=mended)


def ratio() -> Form[tuple[Decimal, Decimal]]:
    """A shape, width to height, such as `16:9` or `1.85:1`: two Decimals."""
    words = "width:height, each a number from 0.01 to 10000"
    side = decimal("0.01", "10000")

    def parse(name: str, text: str) -> tuple[Decimal, Decimal]:
        width, colon, height = text.partition(":")
        if not colon:
            raise malformed(name, text, words)
        return side.parse(name, width), side.parse(name, height)

    def write(value: tuple[Decimal, Decimal]) -> str:
        return ":".join(map(_write, value))

    return Form(parse, write, words, endless=True, mended=mending.ratio)


def rectangle() -> Form[tuple[str | int | Decimal, ...]]:
    """`x,y,width,height`, each in pixels or as a ratio of the original's side, or as a word.

    The words are left, center, right for x; top, middle, bottom for y; full for a size.
    """
    words = (
        "x,y,width,height in whole pixels or ratios between 0 and 1; "
        "or left, center, right; top, middle, bottom; full"
    )
    most = 1_000_000
    size = length(most)
    kinds = (("left", "center", "right"), ("top", "middle", "bottom"), ("full",), ("full",))

    def parse(name: str, text: str) -> tuple[str | int | Decimal, ...]:
        parts = text.split(",")
        if len(parts) != len(kinds):
            raise malformed(name, text, words)
        values: list[str | int | Decimal] = []
        for i, (part, names) in enumerate(zip(parts, kinds, strict=True)):
            zero = i < 2 and part == "0"
            values.append(part if part in names else 0 if zero else size.parse(name, part))
        return tuple(values)

    def write(value: tuple[str | int | Decimal, ...]) -> str:
        return ",".join(v if isinstance(v, str) else _write(v) for v in value)

    def mended(text: str) -> str | None:
        return mending.rectangle(text, most)

    return Form(parse, write, words, endless=True, mended=mended)


def rectangles(most: int) -> Form[tuple[tuple[str | int | Decimal, ...], ...]]:
    """Up to so many rectangles, with semicolons between. It is `binding`: they may hide parts."""
    one = rectangle()
    words = f"up to {most} of x,y,width,height, separated by semicolons, each as in rect"

    def parse(name: str, text: str) -> tuple[tuple[str | int | Decimal, ...], ...]:
        boxes = text.split(";")
        if not 1 <= len(boxes) <= most:
            raise malformed(name, text, words)
        return tuple(one.parse(name, box) for box in boxes)

    def write(value: tuple[tuple[str | int | Decimal, ...], ...]) -> str:
        return ";".join(map(one.write, value))

    return Form(parse, write, words, endless=True, binding=True)


def _whole(text: str) -> str:
    """300 where it is 300.0."""
    found = _FLOAT.fullmatch(text)
    return found[1] if found else text


def _plain(number: Decimal) -> Decimal:
    """The number without trailing zeros: they would make two spellings of one value."""
    return number.normalize()


def _write(value: Length) -> str:
    return f"{Decimal(value).normalize():f}"
