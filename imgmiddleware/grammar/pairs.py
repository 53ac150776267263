"""A query as it came, to pairs of names and values."""

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from imgmiddleware.errors import ImageError

#: Far more than every parameter at its longest. It bounds the text that one URL can make us parse.
_LONGEST = 4096


def split(query: str) -> dict[str, str]:
    """The parameters by name, decoded. `+` is a space, as HTML forms write it.

    A list that is given twice is one list: so do imgix's clients with `auto`.
    """
    texts: dict[str, str] = {}
    for name, text in listed(query):
        if name in texts and name != "auto":
            detail = f"{name[:60]!r} is given twice"
            raise ImageError("repeated-parameter", detail, parameter=name[:60])
        texts[name] = f"{texts[name]},{text}" if name in texts else text
    return texts


def listed(query: str, *, lenient: bool = False) -> Iterator[tuple[str, str]]:
    """The parameters as they come, decoded.

    Raises `ImageError` (400) for a part that is no name with a value in UTF-8. With `lenient` such
    a part is taken, and a missing value is an empty one. A query that is too long is always
    refused.
    """
    if len(query) > _LONGEST:
        raise ImageError("malformed-query", f"the query is longer than {_LONGEST} characters")
    for pair in filter(None, query.split("&")):
        name, equals, text = pair.partition("=")
        if not lenient and not (equals and name):
            raise ImageError("malformed-query", f"{pair[:60]!r} is not name=value")
        yield _decoded(name, lenient), _decoded(text, lenient)


def _decoded(text: str, lenient: bool) -> str:
    """A raw query is bytes in the dress of latin-1 on both protocols; the bytes spell UTF-8."""
    try:
        spelt = unquote_to_bytes(text.replace("+", " ").encode("latin-1"))
        return spelt.decode(errors="replace" if lenient else "strict")
    except UnicodeError:
        raise ImageError("malformed-query", f"{text[:60]!r} is not UTF-8") from None
