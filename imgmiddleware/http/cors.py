"""Cross-origin sharing (the Fetch standard): the scripts that may read an answer.

An `<img>` shows pictures of any origin without these headers. `fetch`, WebGL, a canvas whose pixels
are read, and pages with a Cross-Origin-Embedder-Policy need them.
"""

import re
from collections.abc import Mapping, Sequence

Headers = tuple[tuple[str, str], ...]

#: An origin as a browser writes it in `Origin`. "null" is not one: any sandboxed page sends that.
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@,A-Z]+")

#: Headers of an answer that a script may read, besides those that it always may.
_EXPOSED = "Accept-Ranges, Content-Disposition, Content-Range, ETag, Image-Notes, Retry-After"

#: Headers of a request that a script may send, besides those that it always may.
_SENT = "If-Match, If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Range"

#: Seconds for which a browser need not repeat a preflight: the most that Chromium allows.
_MAX_AGE = "7200"


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser asks if it may send a script's request. It asks without credentials."""
    return (
        method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers
    )


def shared(allowed: Sequence[str], origin: str | None) -> Headers:
    """The headers of an answer. `allowed` is `("*",)` or a list of origins."""
    # A single origin is named in every answer: so the answer is the same for all, and caches keep
    # one.
    named = allowed[0] if len(allowed) == 1 else origin if origin in allowed else None
    policy = (("Cross-Origin-Resource-Policy", "cross-origin"),)
    if named is None:
        return policy
    return (
        ("Access-Control-Allow-Origin", named),
        ("Access-Control-Expose-Headers", _EXPOSED),
        ("Timing-Allow-Origin", named),
        *policy,
    )


def varies(allowed: Sequence[str]) -> bool:
    """Whether `shared` depends on the request's Origin."""
    return len(allowed) > 1


def preflight(*, authorized: bool) -> Headers:
    """The further headers that answer a preflight. `authorized`: requests may carry a login."""
    return (
        ("Access-Control-Allow-Methods", "GET, HEAD"),
        ("Access-Control-Allow-Headers", f"Authorization, {_SENT}" if authorized else _SENT),
        ("Access-Control-Max-Age", _MAX_AGE),
    )
