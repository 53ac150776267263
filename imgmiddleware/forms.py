"""The forms of parameters in a query, ours and an application's: numbers, words, colours.

Each function here makes a `Form`. Give them to `OwnOperation` as the forms of its arguments:

>>> from imgmiddleware import OwnOperation
>>> from imgmiddleware.forms import choice, whole
>>> forms = [whole(0, 255), choice("thin", "wide")]
>>> edges = OwnOperation(lambda pixels, low, kind: pixels, version="1", arguments=forms)

They are strict on purpose. `int()` accepts `1_0`, `+5`, blanks around the digits and Arabic digits.
Two spellings of one value would be two URLs and two cache entries, and would pass by an allow-list
of URLs.
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
    """How the text of a parameter looks, and what it means. An application may make its own:

    >>> def parse(name, text):
    ...     if text not in ("yes", "no"):
    ...         raise malformed(name, text, "yes or no")
    ...     return text == "yes"
    >>> yes = Form(parse, lambda value: "yes" if value else "no", "yes or no")
    >>> yes.parse("invert", "yes")
    True
    """

    parse: Callable[[str, str], T]
    """Called with the parameter's name and its text. Raises `malformed` or `out_of_range`."""
    write: Callable[[T], str]
    """The inverse: the one text of a value, as it stands in keys and in links."""
    words: str
    """What is allowed, for the documentation and for error messages: "a number from 1 to 9"."""
    endless: bool = False
    """More values than a cache can hold: with `widths` it is then allowed in presets only."""
    values: Form[T] | None = None
    """The form of a value that no text gave, where such values have a wider range."""

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


Length = int | Decimal
"""Pixels (an int of at least 1), or a ratio of the original's side (a Decimal between 0 and 1)."""

_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
#: A cache can hold all values of a parameter that has so many: qualities, for one.
_FEW = 100

_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,8})?(?:\.[0-9]{1,9})?(?<=[0-9])", re.ASCII)


def malformed(name: str, text: str, words: str) -> ImageError:
    """The error of a text that has not this form, which `words` describes: 400."""
    return ImageError("malformed-parameter", f"{name}={text[:60]!r} is not {words}", parameter=name)


def out_of_range(name: str, text: str, words: str) -> ImageError:
    """The error of a value outside of the range that `words` describes: 400."""
    return ImageError("out-of-range", f"{name}={text[:60]} is not {words}", parameter=name)


def whole(minimum: int, maximum: int) -> Form[int]:
    """A whole number, as an int: decimal digits only, no sign."""
    words = f"a whole number from {minimum} to {maximum}"

    def parse(name: str, text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise malformed(name, text, words)
        if not minimum <= int(text) <= maximum:
            raise out_of_range(name, text, words)
        return int(text)

    return Form(parse, str, words, endless=maximum - minimum > _FEW)


def decimal(minimum: str, maximum: str) -> Form[Decimal]:
    """A number of at most nine decimal places, as a Decimal."""
    words = f"a number from {minimum} to {maximum}"

    def parse(name: str, text: str) -> Decimal:
        if not text or not _DECIMAL.fullmatch(text):
            raise malformed(name, text, words)
        if not Decimal(minimum) <= Decimal(text) <= Decimal(maximum):
            raise out_of_range(name, text, words)
        return _plain(Decimal(text))

    return Form(parse, _write, words, endless=True)


def length(maximum: int, widest: int = 0) -> Form[Length]:
    """Pixels, or a ratio where the number is between 0 and 1: a `Length`.

    A ratio stays the decimal that was written. `0.333333` of 5640 pixels is 1879.998: a binary
    fraction could fall on the other side of a rounding. A value that no text gave may be in device
    pixels, and up to the `widest` of them.
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

    values = length(widest) if widest else None
    return Form(parse, _write, words, endless=True, values=values)


def choice(*names: str) -> Form[str]:
    """One of a few words, as a str."""
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
    """Some of a few words, separated by commas; they are kept in the order given here."""
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
    """`1` or `0`, as a bool."""

    def parse(name: str, text: str) -> bool:
        if text not in ("0", "1"):
            raise malformed(name, text, "0 or 1")
        return text == "1"

    return Form(parse, lambda value: str(int(value)), "0 or 1")


def _plain(number: Decimal) -> Decimal:
    """The number without trailing zeros: they would make two spellings of one value."""
    return number.normalize()


def _write(value: Length) -> str:
    return f"{Decimal(value).normalize():f}"


def place() -> Form[tuple[str, ...]]:
    """A side or a corner, as one or two words: top or bottom, left or right."""
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
    """A shape, width to height, such as `16:9` or `1.85:1`: two Decimals."""
    words = "width:height, each a number from 0.01 to 10000"
    side = decimal("0.01", "10000")

    def parse(name: str, text: str) -> tuple[Decimal, Decimal]:
        width, colon, height = text.partition(":")
        if not colon:
            raise malformed(name, text, words)
        return side.parse(name, width), side.parse(name, height)

    return Form(parse, lambda value: ":".join(map(_write, value)), words, endless=True)


def rectangle() -> Form[tuple[str | int | Decimal, ...]]:
    """`x,y,width,height`, each in pixels or as a ratio of the original's side, or as a word.

    The words are left, center, right for x; top, middle, bottom for y; full for a size.
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
    """A colour, as (red, green, blue, alpha): a CSS name, or hexadecimal digits, alpha first."""
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
