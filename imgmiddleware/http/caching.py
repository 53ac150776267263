"""Cache-Control (RFC 9111, section 5.2.2)."""

from __future__ import annotations

#: The longest that RFC 8246 and common caches make sense of: a year.
_YEAR = 31_536_000


def cache_control(max_age: int, *, private: bool, immutable: bool) -> str:
    """The header for a picture.

    `private` keeps it out of shared caches: it was given to somebody who was asked who they are.
    `immutable` (RFC 8246) is for a URL that carries its original's version: what it names can never
    be anything else.
    """
    scope = "private" if private else "public"
    if immutable:
        return f"{scope}, max-age={_YEAR}, immutable"
    return f"{scope}, max-age={max_age}"
