"""Cache-Control (RFC 9111, section 5.2.2; RFC 5861; RFC 8246)."""

from __future__ import annotations

#: The longest that RFC 8246 and common caches make sense of: a year.
_YEAR = 31_536_000


def cache_control(max_age: int, *, private: bool, immutable: bool, stale: int = 0) -> str:
    """The header for a picture.

    For `stale` seconds after `max_age` a cache may still answer with it while it asks again
    (RFC 5861, section 3).

    `private` keeps it out of shared caches: it was given to somebody who was asked who they are.
    `immutable` (RFC 8246) is for a URL that carries its original's version: what it names can never
    be anything else.
    """
    scope = "private" if private else "public"
    if immutable:
        return f"{scope}, max-age={_YEAR}, immutable"
    revalidated = f", stale-while-revalidate={stale}" if stale else ""
    return f"{scope}, max-age={max_age}{revalidated}"
