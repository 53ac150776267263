"""Accept (RFC 9110, section 12.5.1): the media types that a client names."""

import re
from collections.abc import Iterable

#: qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ), section 12.4.2
_QVALUE = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?", re.ASCII)

#: quoted-string (5.6.4), which may hold commas, semicolons and media types. Where its end is
#: missing, it reaches to the end of the field: so a hostile field costs linear time.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?$)', re.DOTALL)

#: An element between two commas of the list; quoted strings in it may hold commas.
_ELEMENT = re.compile(rf'(?:[^",]++|{_QUOTED.pattern})+', re.DOTALL)


def named(field: str | None, offered: Iterable[str]) -> tuple[str, ...]:
    """The media types of `offered`, in its order, that the field names with a weight above 0.

    A wildcard names nothing: every browser sends `*/*`, also one that cannot show AVIF. Without the
    header no type is named. An element whose weight is malformed is ignored.
    """
    accepted = weights(field)
    return tuple(name for name in offered if accepted.get(name, 0) > 0)


def weights(field: str | None) -> dict[str, float]:
    """The weight of each media range that the field has, from 0 to 1, by its name in lower case.

    >>> weights("image/webp, */*;q=0.8")
    {'image/webp': 1.0, '*/*': 0.8}
    """
    found: dict[str, float] = {}
    for element in _QUOTED.sub('""', field or "").split(","):
        media_type, *parameters = (part.strip(" \t") for part in element.split(";"))
        weight = _weight(parameters)
        if weight is not None:
            name = media_type.lower()
            found[name] = max(weight, found.get(name, 0))
    return found


def weight_of(field: str | None, profile: str) -> float:
    """The highest weight of the elements that have a profile among their parameters, or 0.

    >>> weight_of('text/html, a/b;profile="http://c, http://d";q=0.5', "http://c")
    0.5
    """
    having = [one for one in _ELEMENT.findall(field or "") if profile in one]
    split = (_QUOTED.sub('""', one).split(";")[1:] for one in having)
    return max((_weight(parameters) or 0 for parameters in split), default=0)


def _weight(parameters: Iterable[str]) -> float | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip(" \t").lower() == "q":
            value = value.strip(" \t")
            return float(value) if _QVALUE.fullmatch(value) else None
    return 1.0
