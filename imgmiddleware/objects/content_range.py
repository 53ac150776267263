"""The header that names the part of a file in an answer (RFC 9110, section 14.4)."""

import re

from imgmiddleware.objects.errors import DownError

_BYTES = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII)


def content_range(header: str) -> tuple[int, int, int]:
    """First and last byte, and the number of all bytes. Raises `DownError` where it has none.

    >>> content_range("bytes 0-99/1234")
    (0, 99, 1234)
    """
    found = _BYTES.fullmatch(header.strip())
    first, last, size = map(int, found.groups()) if found else (1, 0, 0)
    if not first <= last < size:
        raise DownError("the store does not tell which range it sends")
    return first, last, size
