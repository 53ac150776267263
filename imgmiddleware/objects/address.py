"""Addresses: the URLs of buckets, and of servers whose files are originals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

#: Schemes of object stores, and of plain servers.
BUCKETS, SERVERS = ("s3", "gs", "az"), ("https", "http")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


@dataclass(frozen=True, slots=True)
class Address:
    """The place of a store's objects. `prefix` is without slashes at its ends."""

    scheme: str
    place: str  # a bucket or container; or a server, with its port
    prefix: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.place}/{self.prefix}".rstrip("/")


def is_address(given: object) -> bool:
    """Whether it is a text that begins as a URL does, of any scheme.

    >>> is_address("s3://photos/2026"), is_address("photos/"), is_address("C:\\\\photos")
    (True, False, False)
    """
    return isinstance(given, str) and _SCHEME.match(given) is not None


def parse(given: str, option: str = "source") -> Address:
    """The address in a URL.

    >>> parse("s3://photos/2026/").prefix
    '2026'

    Raises `ValueError` that names the option, and never shows a part of the URL that may be secret.
    """
    scheme, _, rest = given.partition("://")
    scheme = scheme.lower()
    if scheme not in (*BUCKETS, *SERVERS):
        known = ", ".join(f"{one}://" for one in (*BUCKETS, *SERVERS))
        raise ValueError(f"{option}: {scheme}:// is none of {known}")
    split = _split(f"{scheme}://{rest}", option)
    if "@" in split.netloc or split.query or split.fragment:
        raise ValueError(
            f"{option}: a URL such as {scheme}://{_example(scheme)} has no credentials and no "
            "query; credentials come from the environment, or by a store object of obstore's"
        )
    if not split.hostname:
        raise ValueError(f"{option}: {given!r} names no {_noun(scheme)}")
    prefix = split.path.strip("/")
    if prefix and any(part in ("", ".", "..") for part in prefix.split("/")):
        raise ValueError(f"{option}: {given!r} has an empty part, `.` or `..` in its path")
    return Address(scheme, split.netloc, prefix)


def _split(url: str, option: str) -> SplitResult:
    try:
        split = urlsplit(url)
        _ = split.port  # looks at it
    except ValueError:
        raise ValueError(
            f"{option}: there is no valid URL after {url.partition('://')[0]}://"
        ) from None
    return split


def _example(scheme: str) -> str:
    return "photos.example/full" if scheme in SERVERS else "bucket/photos"


def _noun(scheme: str) -> str:
    return "server" if scheme in SERVERS else "bucket"


def is_name(name: str) -> bool:
    """Whether an object may have this name, which no store takes for another.

    >>> is_name("a/b.jpg"), is_name("a//b"), is_name("../b"), is_name("/b"), is_name("b\\n")
    (True, False, False, False, False)
    """
    if not name or len(name) > _LONGEST or any(ord(letter) < 32 for letter in name):
        return False
    if "\\" in name or "\x7f" in name:  # Windows and some servers take it for a slash
        return False
    try:
        size = len(name.encode())
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return size <= _LONGEST and not any(part in ("", ".", "..") for part in name.split("/"))


#: Bytes of UTF-8 that S3, Google and Azure take: 1024, of which a prefix has some.
_LONGEST = 1024
