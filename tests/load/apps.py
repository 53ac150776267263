"""Applications for processes of their own, which note in a journal each picture that is made.

A line is `make PID`. While a file named `hold` lies beside the journal, a process that has noted
its line waits; with `hold` gone it goes on.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from imgmiddleware import ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.service.making import stills
from imgmiddleware.wsgi import WSGIImageMiddleware
from servers import bare

JOURNAL = Path(os.environ["IMGMIDDLEWARE_TEST_JOURNAL"])
_HOLD = JOURNAL.with_name("hold")
_render = stills.render


def _noted(*arguments: Any) -> Any:
    with JOURNAL.open("a") as journal:
        journal.write(f"make {os.getpid()}\n")
    until = time.monotonic() + 60
    while _HOLD.exists() and time.monotonic() < until:
        time.sleep(0.01)
    return _render(*arguments)


stills.render = _noted

#: Options that each bring a header of their own.
_HEADERS: dict[str, Any] = {
    "allow_origin": ["https://a.example", "https://b.example"],
    "client_hints": ["dpr"],
    "surrogate_keys": True,
    "server_timing": True,
}

_service = ImageService(
    os.environ["IMGMIDDLEWARE_TEST_PHOTOS"],
    cache_dir=os.environ.get("IMGMIDDLEWARE_TEST_CACHE"),
    cache_bytes=int(os.environ.get("IMGMIDDLEWARE_TEST_MEMORY", "67108864")),
    max_wait=60,
    x_accel_redirect=os.environ.get("IMGMIDDLEWARE_TEST_ACCEL", ""),
    **_HEADERS if "IMGMIDDLEWARE_TEST_HEADERS" in os.environ else {},
)
wsgi = WSGIImageMiddleware(bare.wsgi, _service)
asgi = ASGIImageMiddleware(bare.asgi, _service)
