"""Preconditions (RFC 9110, section 13), evaluated in the order of section 13.2.2."""

from collections.abc import Mapping

from imgmiddleware.http.dates import http_date
from imgmiddleware.http.etag import listed


def evaluate(headers: Mapping[str, str], etag: str, last_modified: int | None) -> int:
    """The status for a GET or HEAD of an existing picture: 200, 304 or 412.

    `etag` has its quotes. `last_modified` is in seconds since the epoch; None: unknown. A date that
    is no HTTP-date is ignored, as 13.1.3 and 13.1.4 ask.
    """
    match = headers.get("if-match")
    unmodified_since = http_date(headers.get("if-unmodified-since"))
    if match is not None:
        if not listed(match, etag, weak=False):
            return 412
    elif unmodified_since is not None and last_modified is not None:
        if last_modified > unmodified_since:
            return 412
    none_match = headers.get("if-none-match")
    modified_since = http_date(headers.get("if-modified-since"))
    if none_match is not None:
        # 13.1.3: with If-None-Match present, If-Modified-Since is ignored.
        if listed(none_match, etag, weak=True):
            return 304
    elif modified_since is not None and last_modified is not None:
        if last_modified <= modified_since:
            return 304
    return 200


def range_applies(if_range: str | None, etag: str, last_modified: int | None) -> bool:
    """Whether the client may have a part: it has another part of the same picture (13.1.5).

    True without If-Range. An entity tag is compared strongly. A date must equal Last-Modified. Any
    other value gives False: then the whole picture is sent.
    """
    if if_range is None:
        return True
    if '"' in if_range[:3]:
        return if_range == etag and not etag.startswith("W/")
    return last_modified is not None and http_date(if_range) == last_modified
