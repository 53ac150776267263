"""The forms that parameters take in a query: numbers, lengths, choices and flags.

They are strict on purpose. `int()` accepts `1_0`, ` 5 `, `+5` and Arabic digits; two spellings of
one value would be two URLs, two cache entries, and a hole in every allow-list in front of this one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from imgmiddleware.errors import ImageError
from imgmiddleware.pixels.arrays import Color

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How a parameter's text looks, and which values it has.

    `parse(name, text)` returns the value or raises `ImageError` naming the parameter; `write` is
    its inverse and gives the one spelling that stands in the canonical string; `words` describes
    the form for the documentation and for error messages. `endless` says that there are more values
    than a service which restricts its URLs can mean to allow. `values` is the form of a value that
    no text gave, where such values have a wider range.
    """

    parse: Callable[[str, str], T]
    write: Callable[[T], str]
    words: str
    endless: bool = False
    values: Form[T] | None = None

    def check(self, name: str, value: T) -> None:
        """Raises `ImageError` (400) for what is no value of this form.

        A value is one if its own text reads as it: so the range stands in one place, and what a
        program builds is held to it as well as what a query says.
        """
        form = self.values or self
        try:
            read = form.parse(name, form.write(value))
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            read = None
        if not _same(read, value):
            raise out_of_range(name, repr(value), self.words)


def _same(one: object, other: object) -> bool:
    """Equal, and of one type: `True` is no 1, and no float is a decimal."""
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(map(_same, one, other))
    return type(one) is type(other) and one == other


#: A length in pixels (int, at least 1), or a ratio of the original's (Decimal, between 0 and 1).
Length = int | Decimal

_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
#: Values of one parameter that a cache can hold all of: qualities, for one.
_FEW = 100

_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,8})?(?:\.[0-9]{1,9})?(?<=[0-9])", re.ASCII)


def malformed(name: str, text: str, words: str) -> ImageError:
    return ImageError("malformed-parameter", f"{name}={text[:60]!r} is not {words}", parameter=name)


def out_of_range(name: str, text: str, words: str) -> ImageError:
    return ImageError("out-of-range", f"{name}={text[:60]} is not {words}", parameter=name)


def whole(minimum: int, maximum: int) -> Form[int]:
    """A whole number, decimal digits only."""
    words = f"a whole number from {minimum} to {maximum}"

    def parse(name: str, text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise malformed(name, text, words)
        if not minimum <= int(text) <= maximum:
            raise out_of_range(name, text, words)
        return int(text)

    return Form(parse, str, words, endless=maximum - minimum > _FEW)


def decimal(minimum: str, maximum: str) -> Form[Decimal]:
    """A decimal number of at most nine places."""
    words = f"a number from {minimum} to {maximum}"

    def parse(name: str, text: str) -> Decimal:
        if not text or not _DECIMAL.fullmatch(text):
            raise malformed(name, text, words)
        if not Decimal(minimum) <= Decimal(text) <= Decimal(maximum):
            raise out_of_range(name, text, words)
        return _plain(Decimal(text))

    return Form(parse, _write, words, endless=True)


def length(maximum: int, densest: int = 1) -> Form[Length]:
    """Pixels, or a ratio where the number is between 0 and 1.

    A ratio is kept as the decimal that was written: `0.333333` of 5640 pixels is 1879.998, and no
    binary fraction may decide on which side of a rounding it falls. A value that no text gave may
    be in device pixels, of which there are up to `densest` for each of the text's.
    """
    words = f"whole pixels from 1 to {maximum}, or a ratio between 0 and 1"

    def parse(name: str, text: str) -> Length:
        if _WHOLE.fullmatch(text):
            if not 1 <= int(text) <= maximum:
                raise out_of_range(name, text, words)
            return int(text)
        if not text or not _DECIMAL.fullmatch(text):
            raise malformed(name, text, words)
        if not 0 < Decimal(text) < 1:
            raise out_of_range(name, text, words)
        return _plain(Decimal(text))

    values = length(densest * maximum) if densest > 1 else None
    return Form(parse, _write, words, endless=True, values=values)


def choice(*names: str) -> Form[str]:
    """One of a few words."""
    return one_of(names)


def one_of(names: Collection[str]) -> Form[str]:
    """The same of words that may become more: they are looked at when a text is read."""

    def words() -> str:
        return "one of " + ", ".join(names)

    def parse(name: str, text: str) -> str:
        if text not in names:
            raise malformed(name, text, words())
        return text

    return Form(parse, str, words())


def subset(*names: str) -> Form[tuple[str, ...]]:
    """Some of a few words, separated by commas; their order does not matter."""
    words = "a list of " + ", ".join(names)

    def parse(name: str, text: str) -> tuple[str, ...]:
        given = text.split(",")
        found = tuple(word for word in names if word in given)
        if len(found) != len(given):
            raise malformed(name, text, words)
        return found

    return Form(parse, ",".join, words)


def word_or(word: str, form: Form[T]) -> Form[T | str]:
    """A word, or what another form reads."""
    words = f"{word}, or {form.words}"

    def parse(name: str, text: str) -> T | str:
        return word if text == word else form.parse(name, text)

    def write(value: T | str) -> str:
        return word if value == word else form.write(value)  # type: ignore[arg-type]

    return Form(parse, write, words, form.endless)


def flag() -> Form[bool]:
    """`1` or `0`."""

    def parse(name: str, text: str) -> bool:
        if text not in ("0", "1"):
            raise malformed(name, text, "0 or 1")
        return text == "1"

    return Form(parse, lambda value: str(int(value)), "0 or 1")


def _plain(number: Decimal) -> Decimal:
    """Without trailing zeros, which would make two spellings of one value."""
    return number.normalize()


def _write(value: Length) -> str:
    return f"{Decimal(value).normalize():f}"


def place() -> Form[tuple[str, ...]]:
    """One of the nine places of the compass: a side, a corner, or nothing for the middle.

    Written as `top`, `right`, `top,left`; the order of the two words does not matter.
    """
    words = "top, bottom, left, right, or a corner such as top,left"

    def parse(name: str, text: str) -> tuple[str, ...]:
        given = text.split(",")
        sides = tuple(side for side in ("top", "bottom", "left", "right") if side in given)
        if (
            len(given) != len(sides)
            or {"top", "bottom"} <= {*sides}
            or {"left", "right"} <= {*sides}
        ):
            raise malformed(name, text, words)
        return sides

    return Form(parse, ",".join, words)


def ratio() -> Form[tuple[Decimal, Decimal]]:
    """A shape, width to height, such as `16:9` or `1.85:1`."""
    words = "width:height, each a number from 0.01 to 10000"
    side = decimal("0.01", "10000")

    def parse(name: str, text: str) -> tuple[Decimal, Decimal]:
        width, colon, height = text.partition(":")
        if not colon:
            raise malformed(name, text, words)
        return side.parse(name, width), side.parse(name, height)

    return Form(parse, lambda value: ":".join(map(_write, value)), words, endless=True)


def rectangle() -> Form[tuple[str | int | Decimal, ...]]:
    """`x,y,width,height`: pixels, ratios of the original's side, or words.

    x may be left, center or right, y top, middle or bottom, a size full.
    """
    words = (
        "x,y,width,height in whole pixels or ratios between 0 and 1; "
        "or left, center, right; top, middle, bottom; full"
    )
    size = length(1_000_000)
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

    return Form(parse, write, words, endless=True)


_HEX = re.compile(r"(?:[0-9A-Fa-f]{3,4}){1,2}", re.ASCII)
_NAMES: dict[str, str] = {
    "black": "000", "white": "fff", "red": "f00", "lime": "0f0", "blue": "00f", "yellow": "ff0",
    "cyan": "0ff", "magenta": "f0f", "gray": "808080", "silver": "c0c0c0", "maroon": "800000",
    "green": "008000", "navy": "000080", "olive": "808000", "teal": "008080", "purple": "800080",
    "orange": "ffa500", "transparent": "0000",
}  # fmt: skip


def color() -> Form[Color]:
    """Hexadecimal digits, alpha first where there is one, as imgix writes them; or a CSS name."""
    words = "3, 4, 6 or 8 hexadecimal digits (rgb, argb, rrggbb, aarrggbb) or a basic CSS name"

    def parse(name: str, text: str) -> Color:
        digits = _NAMES.get(text.lower(), text)
        if not _HEX.fullmatch(digits):
            raise malformed(name, text, words)
        if len(digits) < 6:
            digits = "".join(2 * digit for digit in digits)
        alpha, red, green, blue = bytes.fromhex(digits.rjust(8, "f"))
        return red, green, blue, alpha

    def write(value: Color) -> str:
        red, green, blue, alpha = value
        return (f"{alpha:02x}" if alpha < 255 else "") + f"{red:02x}{green:02x}{blue:02x}"

    return Form(parse, write, words, endless=True)
