"""Preconditions (RFC 9110, section 13), evaluated in the order of section 13.2.2."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime

from imgmiddleware.http.etag import listed


def evaluate(headers: Mapping[str, str], etag: str, last_modified: int | None) -> int:
    """200, 304 or 412 for a GET or HEAD of an existing representation.

    `etag` is quoted; `last_modified` is in seconds since the epoch, None where unknown. A date that
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


def http_date(field: str | None) -> int | None:
    """Seconds since the epoch of an HTTP-date (5.6.7) in any of its forms; None if it is none."""
    if field is None:
        return None
    try:
        date = parsedate_to_datetime(field)
        # The asctime form has no zone, and means UTC.
        return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def imf_date(seconds: int) -> str:
    """The preferred form of an HTTP-date (5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`."""
    return formatdate(seconds, usegmt=True)
