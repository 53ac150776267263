"""Cache-Control (RFC 9111, section 5.2.2; RFC 5861; RFC 8246)."""

#: A year, in seconds: the longest time that caches use.
_YEAR = 31_536_000


def cache_control(
    max_age: int, *, private: bool, immutable: bool, stale: int = 0, left: int | None = None
) -> str:
    """The header of a picture. All times are in seconds.

    `private` keeps the picture out of shared caches, as one client got it after a check.
    `immutable` (RFC 8246) is for a URL with the version of its original: another version has
    another URL. For `stale` seconds after `max_age` a cache may answer with the picture while it
    asks again (RFC 5861, section 3). A picture with only some time `left` is kept for no longer.
    """
    scope = "private" if private else "public"
    if left is not None:
        return f"{scope}, max-age={min(left, _YEAR if immutable else max_age)}"
    if immutable:
        return f"{scope}, max-age={_YEAR}, immutable"
    revalidated = f", stale-while-revalidate={stale}" if stale else ""
    return f"{scope}, max-age={max_age}{revalidated}"
