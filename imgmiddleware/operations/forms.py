"""The forms that parameters take in a query: numbers, lengths, choices and flags.

They are strict on purpose. `int()` accepts `1_0`, ` 5 `, `+5` and Arabic digits; two spellings of
one value would be two URLs, two cache entries, and a hole in every allow-list in front of this one.
"""

from __future__ import annotations

import re
from decimal import Decimal

from imgmiddleware.errors import ImageError
from imgmiddleware.transform import Form

#: A length in pixels (int, at least 1), or a ratio of the original's (Decimal, between 0 and 1).
Length = int | Decimal

_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
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

    return Form(parse, str, words)


def decimal(minimum: str, maximum: str) -> Form[Decimal]:
    """A decimal number of at most nine places."""
    words = f"a number from {minimum} to {maximum}"

    def parse(name: str, text: str) -> Decimal:
        if not text or not _DECIMAL.fullmatch(text):
            raise malformed(name, text, words)
        if not Decimal(minimum) <= Decimal(text) <= Decimal(maximum):
            raise out_of_range(name, text, words)
        return _plain(Decimal(text))

    return Form(parse, _write, words)


def length(maximum: int) -> Form[Length]:
    """Pixels, or a ratio where the number is between 0 and 1.

    A ratio is kept as the decimal that was written: `0.333333` of 5640 pixels is 1879.998, and no
    binary fraction may decide on which side of a rounding it falls.
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

    return Form(parse, _write, words)


def choice(*names: str) -> Form[str]:
    """One of a few words."""
    words = "one of " + ", ".join(names)

    def parse(name: str, text: str) -> str:
        if text not in names:
            raise malformed(name, text, words)
        return text

    return Form(parse, str, words)


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
    return f"{Decimal(value):f}"
