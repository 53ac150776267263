"""Mends texts that a form refuses, for a service that takes as much as it can.

Each function returns the text that was probably meant, or None. That text may be wrong too: the
caller reads it by the form.
"""

import re
from collections.abc import Collection, Mapping
from decimal import ROUND_HALF_UP, Decimal

_NUMBER = re.compile(r"(-?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18}))(?:px)?", re.ASCII)
_SHAPE = re.compile(r"([0-9.]+)(?:[x/]([0-9.]+))?", re.ASCII)
_OPPOSITES = {"top": "bottom", "bottom": "top", "left": "right", "right": "left"}
_SIZES = (2, 3)


def whole(text: str, minimum: int, maximum: int) -> str | None:
    """The nearest whole number in the range, halves up."""
    number = _number(text)
    if number is None:
        return None
    nearest = int(number.to_integral_value(ROUND_HALF_UP))
    return str(min(max(nearest, minimum), maximum))


def decimal(text: str, minimum: str, maximum: str) -> str | None:
    """The nearest number in the range, of nine decimal places."""
    number = _number(text)
    if number is None:
        return None
    return _plain(min(max(number, Decimal(minimum)), Decimal(maximum)))


def angle(text: str) -> str | None:
    """The same direction, within one turn."""
    number = _number(text)
    return None if number is None else _plain(number % 360)


def length(text: str, maximum: int) -> str | None:
    """The nearest whole pixels, or a ratio of nine places; None for 1.0, which is all, and 0."""
    number = _number(text)
    if number is None or number <= 0 or (number == 1 and "." in text):
        return None
    return _plain(number) if number < 1 else whole(text, 1, maximum)


def ratio(text: str) -> str | None:
    """1.5, 3/2 and 3x2 as a shape."""
    found = _SHAPE.fullmatch(text)
    return f"{found[1]}:{found[2] or 1}" if found else None


def rectangle(text: str, maximum: int) -> str | None:
    """Each part as a length: 0.0 is the edge, and 1.0 all of a side."""
    parts = [_side(part, i in _SIZES, maximum) for i, part in enumerate(text.split(",", 4))]
    return ",".join(parts)


def word(text: str, names: Collection[str], others: Mapping[str, str]) -> str | None:
    """The word that others use for one of ours; or ours in capital letters."""
    lower = text.lower()
    return lower if lower in names else others.get(lower)


def words(text: str, names: Collection[str]) -> str | None:
    """The known words of a list, each once."""
    return ",".join(word for word in dict.fromkeys(text.split(",")) if word in names) or None


def place(text: str, others: Collection[str] = ()) -> str | None:
    """The first known words of a list that do not contradict each other."""
    found: list[str] = []
    for word in text.split(","):
        known = word in others or (word in _OPPOSITES and _OPPOSITES[word] not in found)
        if known and word not in found:
            found.append(word)
    return ",".join(found) or None


def _number(text: str) -> Decimal | None:
    found = _NUMBER.fullmatch(text)
    return Decimal(found[1]) if found else None


def _side(text: str, is_size: bool, maximum: int) -> str:
    number = _number(text)
    if number is None:
        return text
    if number <= 0:
        return text if is_size else "0"
    return "full" if is_size and text == "1.0" else length(text, maximum) or text


def _plain(number: Decimal) -> str:
    return f"{round(number, 9).normalize():f}"
