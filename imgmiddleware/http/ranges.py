"""Range (RFC 9110, section 14): the bytes of a representation that a client asks for."""

import re

#: int-range = first-pos "-" [ last-pos ]; suffix-range = "-" suffix-length (14.1.1)
_SPEC = re.compile(r"([0-9]++)-([0-9]*+)|-([0-9]++)", re.ASCII)

#: `int()` refuses over 4300 digits. A number of more digits than this is beyond any picture's end.
_MOST_DIGITS = 4000

Span = tuple[int, int]


def requested(field: str | None, length: int) -> Span | None:
    """The one range that the field asks for, in a body of `length` bytes: its start and its stop.

    Start equals stop where the range has no byte of the body: a 416 (15.5.17). None where the field
    is ignored, as 14.2 allows. That is so for another unit than bytes, several ranges, no range at
    all, and a range that ends before it begins.
    """
    if field is None:
        return None
    unit, _, specs = field.partition("=")
    if unit.lower() != "bytes":  # 14.1: unit names are case-insensitive
        return None
    # 5.6.1.2: empty elements of a list are to be ignored.
    given = [spec for spec in (part.strip(" \t") for part in specs.split(",")) if spec]
    found = _SPEC.fullmatch(given[0]) if len(given) == 1 else None
    if found is None or specs[0] in " \t":  # a space before the first element is not allowed
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return max(0, length - _number(suffix)), length
    start = _number(first)
    if not last:
        return min(start, length), length
    if _number(last) < start:
        return None
    return min(start, length), min(_number(last) + 1, length)


def content_range(span: Span, length: int) -> str:
    """Content-Range of a 206 (14.4)."""
    start, stop = span
    return f"bytes {start}-{stop - 1}/{length}"


def unsatisfied_range(length: int) -> str:
    """Content-Range of a 416: the length of the whole (14.4)."""
    return f"bytes */{length}"


def _number(digits: str) -> int:
    """The number of these digits. There may be any number of them (14.1.2)."""
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS
