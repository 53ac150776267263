"""The option `tiers`: the stores of results below memory, in the order of looking."""

import os
import re
from collections.abc import Sequence
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from imgmiddleware.objects.address import BUCKETS, parse
from imgmiddleware.settings.addresses import folder
from imgmiddleware.settings.checks import listed, wrong

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
#: The number of a database.
_NUMBER = re.compile(r"[0-9]{1,9}").fullmatch
#: The values that the option takes.
_TAKEN = "a folder, or a URL such as 'redis://cache.example:6379/0'"


class Kind(Enum):
    """The kinds of tiers, of each of which there is one at most."""

    FOLDER = "a folder"
    REDIS = "a Redis"
    BUCKET = "a bucket"


#: By schemes of URLs. `unix` is the socket of a Redis on the same machine.
_KINDS = {
    **dict.fromkeys(("redis", "rediss", "unix"), Kind.REDIS),
    **dict.fromkeys(BUCKETS, Kind.BUCKET),
}


def kind_of(tier: str) -> Kind:
    """The kind of a tier that was checked."""
    scheme = _SCHEME.match(tier)
    return _KINDS[scheme[1].lower()] if scheme else Kind.FOLDER


def shown(tier: str) -> str:
    """A tier without its secrets, for logs and people.

    >>> shown("redis://user:secret@cache.example:6379/0?password=secret")
    'redis://cache.example:6379/0'
    """
    scheme = _SCHEME.match(tier)
    if scheme is None:
        return tier
    return f"{scheme[0]}{tier[scheme.end() :].partition('?')[0].rpartition('@')[2]}"


def tiers(name: str, given: Any) -> tuple[str, ...]:
    """Folders, which become absolute paths, and URLs. No message shows a URL, as it may have a
    password.
    """
    alone = isinstance(given, str | os.PathLike)
    if not alone and not isinstance(given, Sequence):  # a set has no order
        raise wrong(name, given, f"a list, of which each is {_TAKEN}")
    kept = tuple(_tier(name, tier) for tier in ([given] if alone else listed(name, given, _TAKEN)))
    kinds = [kind_of(tier) for tier in kept]
    for kind in Kind:
        if kinds.count(kind) > 1:
            raise ValueError(f"{name}: {kind.value} may be named once")
    return kept


def _tier(name: str, tier: Any) -> str:
    scheme = _SCHEME.match(tier) if isinstance(tier, str) else None
    if scheme is None:
        if not isinstance(tier, str | os.PathLike):
            raise wrong(name, tier, _TAKEN)
        return folder(name, tier)
    if scheme[1].lower() not in _KINDS:
        known = ", ".join(f"{scheme}://" for scheme in _KINDS)
        raise ValueError(f"{name}: {scheme[1]}:// is none of {known}, and a folder has no scheme")
    if kind_of(tier) is Kind.BUCKET:
        return parse(tier, name).url
    return _redis(name, tier)


def _redis(name: str, url: str) -> str:
    """The URL, whose query may choose a database, and have options for TLS."""
    try:
        split = urlsplit(url)
        given = parse_qsl(split.query, keep_blank_values=True, strict_parsing=bool(split.query))
        is_file = split.scheme == "unix"
        databases = [value for key, value in given if key == "db"]
        databases += [] if is_file else [split.path.strip("/") or "0"]
        # Where this is no number the library would take the first database.
        right = bool(split.port or split.hostname or is_file) and all(map(_NUMBER, databases))
    except ValueError:  # its text may have the password
        right, given = False, []
    if not right or any(key != "db" and not key.startswith("ssl_") for key, _ in given):
        raise ValueError(
            f"{name}: {url.partition('://')[0]}:// needs the place of a Redis such as "
            "cache.example:6379/0, and takes only db= and ssl_...= after a question mark"
        )
    return url
