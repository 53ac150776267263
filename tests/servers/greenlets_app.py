"""An application whose threads are greenlets, and renders that wait for real in the middle.

A journal notes each act with the number of the real thread. A render ends when a file named
`release` lies beside the journal; until then its thread does nothing else.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from imgmiddleware import ArrayOriginal, BytesOriginal
from imgmiddleware.service.making import stills
from imgmiddleware.wsgi import WSGIImageMiddleware
from servers import bare

JOURNAL = Path(os.environ["IMGMIDDLEWARE_TEST_JOURNAL"])
_render = stills.render


def _note(what: str) -> None:
    with JOURNAL.open("a") as journal:
        journal.write(f"{what} {threading.get_native_id()}\n")


def _really_sleep(seconds: float) -> None:
    """As what computes does: nothing else goes on in this thread."""
    if "gevent" in sys.modules:
        from gevent import monkey

        monkey.get_original("time", "sleep")(seconds)
    else:
        from eventlet import patcher

        patcher.original("time").sleep(seconds)


def _held(*arguments: Any) -> Any:
    _note("render")
    until = time.monotonic() + 30
    while not JOURNAL.with_name("release").exists() and time.monotonic() < until:
        _really_sleep(0.01)
    _note("rendered")
    return _render(*arguments)


stills.render = _held


class Own(BytesOriginal):
    """Of the application's own kind: its code is called wherever it is read."""

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        _note("read")
        return super().read_into(buffer, offset)

    def __exit__(self, *error: Any) -> None:
        _note("close")


def _own() -> Any:
    """No subclass of ours, which would be read like one."""
    file = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(file, "PNG")
    original = Own(file.getvalue())

    class Wrapped:
        version, last_modified, size = original.version, None, original.size
        read_into, __enter__, __exit__ = original.read_into, lambda self: self, original.__exit__

    return Wrapped()


class Source:
    def open(self, id: str) -> Any:
        _note("open")
        if id != "array":
            return _own()

        def make() -> Any:
            _note("array")
            return np.full((200, 300), 99, np.uint8)

        return ArrayOriginal(make, version=1, shape=(200, 300), dtype=np.uint8)


def _timeout(seconds: float) -> Any:
    if "gevent" in sys.modules:
        import gevent

        return gevent.Timeout(seconds, False)
    import eventlet

    return eventlet.Timeout(seconds, False)


_pictures = WSGIImageMiddleware(bare.wsgi, Source(), render_slots=1)


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """A picture named `cut` has no more than a moment."""
    if not environ["PATH_INFO"].endswith("/cut"):
        return _pictures(environ, start_response)
    answer = [b"it took too long"]
    with _timeout(0.2):
        answer = list(_pictures(environ, lambda *given: None))
    start_response("200 OK", [("Content-Length", str(len(answer[0])))])
    return answer


if __name__ == "__main__":
    import eventlet
    from eventlet import wsgi

    wsgi.server(eventlet.listen(("127.0.0.1", int(sys.argv[1]))), application)
