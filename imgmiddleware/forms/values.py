"""The forms of the parameters that turn measurements into a picture: a range of values, bands."""

from __future__ import annotations

import re

from imgmiddleware.forms.form import Form, malformed
from imgmiddleware.pixels.value_range import WORDS, ValueRange

#: No sign but minus, only ASCII digits; an exponent for very small or large numbers.
_NUMBER = r"-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,17})?(?:e-?[0-9]{1,3})?"
_PERCENT = r"[0-9]{1,3}(?:\.[0-9]{1,6})?%"
_RANGE = re.compile(f"({_NUMBER}|{_PERCENT}),({_NUMBER}|{_PERCENT})", re.ASCII)
_BANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[1-9][0-9]{0,2}){2}|[1-9][0-9]{0,2}", re.ASCII)


def value_range() -> Form[ValueRange]:
    """The values that become black and white, as a `ValueRange`."""
    words = "auto, minmax, or least,most, each a number or a percentile such as 2%"

    def parse(name: str, text: str) -> ValueRange:
        found = _RANGE.fullmatch(text)
        try:
            if text in WORDS:
                return ValueRange.of(text)
            if found:
                return ValueRange.of(tuple(map(_end, found.groups())))
        except ValueError:
            pass
        raise malformed(name, text, words)

    return Form(parse, _write, words, endless=True)


def _end(text: str) -> float | str:
    return text if text.endswith("%") else float(text)


def _write(value: ValueRange) -> str:
    ends = value.least, value.most
    for word, percentiles in WORDS.items():
        if ends == percentiles:
            return word
    return ",".join(end if isinstance(end, str) else _number(end) for end in ends)


def _number(value: float) -> str:
    text = repr(value).replace("+", "").replace("e-0", "e-")
    return text.removesuffix(".0")


def bands() -> Form[tuple[int, ...]]:
    """One band or three, counted from 1, as a tuple."""
    words = "the number of a band, or three such as 4,3,2 for red, green and blue"

    def parse(name: str, text: str) -> tuple[int, ...]:
        if not _BANDS.fullmatch(text):
            raise malformed(name, text, words)
        return tuple(map(int, text.split(",")))

    return Form(parse, lambda value: ",".join(map(str, value)), words, endless=True)
