"""A query as it came, to pairs of names and values."""

from urllib.parse import unquote_to_bytes

from imgmiddleware.errors import ImageError

#: Far more than every parameter at its longest; bounds what one URL can make us parse.
_LONGEST = 4096


def split(query: str) -> dict[str, str]:
    """The parameters by name, decoded. `+` is a space, as HTML forms write it.

    A list that is given twice is one list: so do imgix's clients with `auto`.
    """
    if len(query) > _LONGEST:
        raise ImageError("malformed-query", f"the query is longer than {_LONGEST} characters")
    texts: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, equals, text = pair.partition("=")
        name, text = _decoded(name), _decoded(text)
        if not equals or not name:
            raise ImageError("malformed-query", f"{pair[:60]!r} is not name=value")
        if name == "auto" and name in texts:
            text = f"{texts[name]},{text}"
        elif name in texts:
            raise ImageError(
                "repeated-parameter", f"{name[:60]!r} is given twice", parameter=name[:60]
            )
        texts[name] = text
    return texts


def _decoded(text: str) -> str:
    """A raw query is latin-1 dressed bytes on both protocols; what they spell is UTF-8."""
    try:
        return unquote_to_bytes(text.replace("+", " ").encode("latin-1")).decode()
    except UnicodeError:
        raise ImageError("malformed-query", f"{text[:60]!r} is not UTF-8") from None
