"""Names of cached files that outlive an answer, for servers that open files themselves.

A server that is handed a path opens it when it gets round to it, and by then the entry may have
been evicted. So it is handed another name of the same file, a hard link, which goes after a while.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress

#: Seconds that share a folder of links. A link lasts from one to two of these.
_SPAN = 60


class Handouts:
    """Links to cached files, in `folder`/sending. Any number of processes may share the folder."""

    def __init__(self, folder: str, clock: Callable[[], float] = time.time) -> None:
        self._folder = os.path.join(folder, "sending")
        self._clock = clock
        self._span = ""

    def path(self, stored: str) -> str | None:
        """A path of the file `stored` that lasts; None where there can be none, or it has gone."""
        span = str(int(self._clock() // _SPAN))
        path = os.path.join(self._folder, span, os.path.basename(stored))
        try:
            if span != self._span:
                self._sweep(span)
            with suppress(FileExistsError):  # handed out in this span before
                os.link(stored, path, follow_symlinks=False)
        except OSError:
            return None
        return path

    def _sweep(self, span: str) -> None:
        """Begin a span, and let go of all but the one before."""
        os.makedirs(os.path.join(self._folder, span), mode=0o700, exist_ok=True)
        self._span = span
        for name in os.listdir(self._folder):
            if name not in (span, str(int(span) - 1)):
                shutil.rmtree(os.path.join(self._folder, name), ignore_errors=True)
