"""Signatures of links: without the key nobody can make a link or change one.

There are two schemes, and the form of a signature tells its scheme. Ours signs the content of a
link, decoded and sorted, so that proxies may encode it anew and in another order. imgix's signs the
text as it stands, for the client libraries of that service.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from hashlib import md5
from hmac import compare_digest
from hmac import new as hmac

from imgmiddleware.errors import ImageError
from imgmiddleware.forms.form import malformed

#: The parameters that signed links have, beside those of every link.
NAMES = ("s", "expires", "sw")

#: 16 bytes in base64 for URLs (RFC 4648, section 5), and those of MD5 in hexadecimal digits.
_OURS = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]", re.ASCII)
_IMGIX = re.compile(r"[0-9a-f]{32}", re.ASCII)
#: Seconds since 1970, as far as year 33658.
_TIME = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_WIDTHS = re.compile(r"[1-9][0-9]{0,4}(?:\.[1-9][0-9]{0,4}){0,31}", re.ASCII)
#: The signature in a viewer's path, in front of the ID and of a prefix that says a version.
_TOKEN = re.compile(rf"s~({_OURS.pattern})(?:\.({_TIME.pattern}))?/", re.ASCII)

#: A signed text begins with its label, so that a signature of another kind is never one of these.
_LABEL, _PATHS = "imgmiddleware link 1", "imgmiddleware paths 1"


def of_link(key: bytes, namespace: str, id: str, pairs: Collection[tuple[str, str]]) -> str:
    """The signature of a query, decoded, for an ID; a parameter that is given twice is signed
    twice.

    HMAC-SHA256, cut to 16 bytes (RFC 2104, section 5). `sw` lists the widths that `w` may have, and
    is signed in its place: links that differ in `w` alone have one signature.
    """
    left_out = {"s", "w"} if any(name == "sw" for name, _ in pairs) else {"s"}
    signed = sorted(pair for pair in pairs if pair[0] not in left_out)
    return _signed(key, _LABEL, namespace, id, *(part for pair in signed for part in pair))


def of_paths(key: bytes, namespace: str, id: str, expires: int | None) -> str:
    """The signature of all paths by which viewers ask for an ID."""
    return _signed(key, _PATHS, namespace, id, "" if expires is None else str(expires))


def by_imgix(token: str, path: str, query: str) -> str:
    """imgix's signature of a path as it stands in a URL, and the query in front of `s`."""
    text = f"{token}{path}?{query}" if query else f"{token}{path}"
    return md5(text.encode("latin-1", "replace"), usedforsecurity=False).hexdigest()


def is_ours(signature: str) -> bool:
    return _OURS.fullmatch(signature) is not None


def is_imgix(signature: str) -> bool:
    return _IMGIX.fullmatch(signature) is not None


def equal(signature: str, expected: Collection[str]) -> bool:
    """Whether it is one of these, in a time that does not tell how much of it is right."""
    same = [compare_digest(signature.encode(), one.encode()) for one in expected]
    return any(same)


def end_of(text: str) -> int:
    """The value of `expires`: seconds since 1970. Raises `ImageError` (400)."""
    if not _TIME.fullmatch(text):
        raise malformed("expires", text, "a time in seconds since 1970")
    return int(text)


def check_width(pairs: Mapping[str, str]) -> None:
    """Raises `ImageError` (400) where `w` is none of the widths of `sw`."""
    if not _WIDTHS.fullmatch(pairs["sw"]):
        raise malformed("sw", pairs["sw"], "widths with points between them, such as 320.640")
    if pairs.get("w") not in pairs["sw"].split("."):
        detail = f"'w' must be one of the widths of sw={pairs['sw']}"
        raise ImageError("parameter-not-allowed", detail, parameter="w")


def token_of(path: str) -> tuple[str, str, int | None] | None:
    """The beginning of a viewer's path, if it is signed: this text, the signature, its end."""
    found = _TOKEN.match(path)
    return None if found is None else (found[0], found[1], int(found[2]) if found[2] else None)


def token(signature: str, expires: int | None) -> str:
    """The beginning of a signed viewer's path."""
    return f"s~{signature}/" if expires is None else f"s~{signature}.{expires}/"


def _signed(key: bytes, *parts: str) -> str:
    """Each part has its length in front of it: no two lists of them are one text."""
    signed = hmac(key, digestmod="sha256")
    for part in (text.encode() for text in parts):
        signed.update(len(part).to_bytes(8, "big") + part)
    return urlsafe_b64encode(signed.digest()[:16]).rstrip(b"=").decode()
