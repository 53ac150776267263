"""Host (RFC 9110, section 7.2): the name and the port by which a client knows the server."""

import re

#: The names in use, of `uri-host [ ":" port ]`: RFC 3986 (section 3.2.2) allows commas, quotes and
#: brackets too, and a comma joins two headers. No name of DNS is longer.
_HOST = re.compile(r"(?:[A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?")


def is_host(field: str) -> bool:
    """Whether the field can stand in a URL as it is.

    >>> is_host("images.example:8000"), is_host("[::1]"), is_host('a"b'), is_host("")
    (True, True, False, False)
    """
    return _HOST.fullmatch(field) is not None
