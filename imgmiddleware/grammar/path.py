"""Path to ID."""

import re
from collections.abc import Mapping
from uuid import UUID

from imgmiddleware.errors import ImageError

#: The one text of each ID of a type, and words for it. Other texts that Python reads as the same ID
#: would be other pictures to all caches. A number is a 64-bit key at most: `int()` of more digits
#: costs quadratic time, and no database has one.
_TEXTS: Mapping[type, tuple[re.Pattern[str], str]] = {
    int: (
        re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII),
        "a whole number: decimal digits without a leading zero",
    ),
    UUID: (
        re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII),
        "a UUID: 8, 4, 4, 4 and 12 hexadecimal digits in lower case, with hyphens between",
    ),
}

#: The longest path of Linux; no source needs more, and every ID is logged and hashed.
_LONGEST = 4096


def parse_id(path: str, prefix: str, id_type: type) -> str:
    """The ID in a decoded path that starts with `prefix`. Raises 404 where there is none."""
    if not path.startswith(prefix) and f"{path}/" != prefix:
        raise ImageError("not-found", f"pictures are below {prefix!r} here")
    id = path[len(prefix) :]
    if not id:
        raise ImageError("not-found", "the path ends where an ID should follow")
    if len(id) > _LONGEST:
        raise ImageError("not-found", f"an ID has at most {_LONGEST} characters")
    if not is_text(id):
        raise ImageError("not-found", "an ID is text that can be written in UTF-8")
    written = _TEXTS.get(id_type)
    if written is not None and not written[0].fullmatch(id):
        raise ImageError("not-found", f"an ID here is {written[1]}")
    return id


def is_text(id: str) -> bool:
    """Without lone surrogates, as `os.listdir` makes them of names that are not UTF-8."""
    try:
        id.encode()
    except UnicodeEncodeError:
        return False
    return True
