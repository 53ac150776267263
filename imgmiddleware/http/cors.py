"""Cross-origin sharing (the Fetch standard): which scripts may read an answer.

An `<img>` shows pictures of any origin without it. It is needed by `fetch`, by canvases whose
pixels are read, by WebGL, and by pages that are isolated (Cross-Origin-Embedder-Policy).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Headers = tuple[tuple[str, str], ...]

#: An origin as a browser writes it in `Origin`; "null", which any sandbox can be, is none.
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@,A-Z]+")

#: What a script may read beside the headers that it always may.
_EXPOSED = "Accept-Ranges, Content-Disposition, Content-Range, ETag, Image-Notes, Retry-After"

#: What a script may send beside the headers that it always may.
_SENT = "If-Match, If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Range"

#: Seconds for which a preflight need not be repeated: the most that Chromium heeds.
_MAX_AGE = "7200"


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser asks before it sends a script's request, without any credentials."""
    return (
        method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers
    )


def shared(allowed: Sequence[str], origin: str | None) -> Headers:
    """The headers of every answer where `allowed` is `("*",)` or a list of origins."""
    # A single origin can be named to everybody, which keeps the answer the same for all.
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
    """What a preflight is told beside `shared`. `authorized`: a login may be asked for."""
    return (
        ("Access-Control-Allow-Methods", "GET, HEAD"),
        ("Access-Control-Allow-Headers", f"Authorization, {_SENT}" if authorized else _SENT),
        ("Access-Control-Max-Age", _MAX_AGE),
    )
