"""imgix's base64 variants: `w64=MzAw` is `w=300`, for texts that are awkward in a URL."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Container, Mapping

from imgmiddleware.errors import ImageError
from imgmiddleware.forms.form import malformed

#: The alphabet of URLs, without padding (RFC 4648, section 5).
_BASE64 = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def plain(texts: Mapping[str, str], known: Container[str]) -> dict[str, str]:
    """The parameters, with each variant replaced by the known parameter that it stands for.

    >>> plain({"w64": "MzAw", "txt64": "SGk"}, {"w"})
    {'w': '300', 'txt64': 'SGk'}

    Raises `ImageError` (400) for a value that is no base64 of a text, and for a parameter that is
    given twice.
    """
    found: dict[str, str] = {}
    for name, text in texts.items():
        meant = name.removesuffix("64")
        if meant == name or name in known or meant not in known:
            found[name] = text
        elif meant in texts:
            detail = f"{name!r} and {meant!r} are one parameter, given twice"
            raise ImageError("repeated-parameter", detail, parameter=name)
        else:
            found[meant] = decoded(name, text)
    return found


def decoded(name: str, text: str) -> str:
    """The text of a variant. Raises `ImageError` (400)."""
    try:
        if not _BASE64.fullmatch(text):
            raise ValueError
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        raise malformed(name, text, "base64 of a text, in the alphabet of URLs") from None
