"""IDs that are numbers or UUIDs: each has one text.

Other texts that Python reads as the same ID would be other pictures to all caches. A number is a
64-bit key at most: `int()` of more digits costs quadratic time, and no database has one.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

_TEXTS: Mapping[object, tuple[re.Pattern[str], str]] = {
    int: (
        re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII),
        "a whole number: decimal digits without a leading zero",
    ),
    UUID: (
        re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII),
        "a UUID: 8, 4, 4, 4 and 12 hexadecimal digits in lower case, with hyphens between",
    ),
}


def is_written(id: str, id_type: Callable[[str], Any]) -> bool:
    """Whether this is the text of an ID of the type; for other types any text is.

    >>> is_written("7", int), is_written("007", int), is_written("cat.jpg", str)
    (True, False, True)
    """
    written = _TEXTS.get(id_type)
    return written is None or written[0].fullmatch(id) is not None


def described(id_type: Callable[[str], Any]) -> str:
    """The words for the texts that `is_written` accepts."""
    return _TEXTS[id_type][1]
