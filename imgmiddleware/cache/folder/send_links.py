"""Names of cached files that outlive an answer, for servers that open files themselves.

A server opens the path that it was told some time later, and the entry may be evicted by then. So
it gets another name of the same file, a hard link, which is removed after a while.
"""

import os
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress

#: Seconds that share a folder of links. A link lasts from one to two of these.
_SPAN = 60
#: The names of such folders. A folder with another name is foreign.
_SPANS = re.compile(r"[0-9]{1,12}")


class SendLinks:
    """Links to cached files, in `folder`/sending. Any number of processes may share the folder."""

    def __init__(self, folder: str, clock: Callable[[], float] = time.time) -> None:
        self._folder = os.path.join(folder, "sending")
        self._clock = clock
        self._swept = ""

    def path(self, stored: str) -> str | None:
        """A path of the file `stored` that lasts; None if there can be none, or it has gone."""
        self.sweep()
        folder = os.path.join(self._folder, self._span())
        path = os.path.join(folder, os.path.basename(stored))
        try:
            try:
                _link(stored, path)
            except FileNotFoundError:  # the first of its span, or `stored` has gone
                os.makedirs(folder, mode=0o700, exist_ok=True)
                _link(stored, path)
        except OSError:
            return None
        return path

    def sweep(self) -> None:
        """Once a span, remove the links of all spans but this and the one before.

        A link may keep the bytes of a file that was evicted, so putting files sweeps too.
        """
        span = self._span()
        if span == self._swept:
            return
        self._swept = span
        with suppress(OSError):
            for name in os.listdir(self._folder):
                if _SPANS.fullmatch(name) and name not in (span, str(int(span) - 1)):
                    shutil.rmtree(os.path.join(self._folder, name), ignore_errors=True)

    def _span(self) -> str:
        return str(int(self._clock() // _SPAN))


def _link(stored: str, path: str) -> None:
    """Give the file another name. Raises `OSError`."""
    try:
        os.link(stored, path, follow_symlinks=False)
    except FileExistsError:
        if os.path.samestat(os.lstat(stored), os.lstat(path)):
            return  # this span has it already
        os.unlink(path)  # the file before, which was damaged
        os.link(stored, path, follow_symlinks=False)
