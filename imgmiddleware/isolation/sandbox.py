"""The sandbox of a worker, for good: it may compute and answer; the kernel refuses all else.

Each layer is one file. The order matters: the filter of system calls would refuse the others.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Mapping

from imgmiddleware.isolation import landlock, limits, seccomp

#: prctl(2).
_SET_DEATH_SIGNAL = 1


def dies_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, whatever it is doing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def close(memory: int, file_size: int) -> dict[str, object]:
    """Close this process: it may take so many bytes of memory beside those that it has, and write
    files of so many. Returns the layers that close it beside these limits.

    There must be one thread. Raises `OSError` where the kernel offers a layer and then fails to
    apply it.
    """
    limits.close(memory, file_size)
    return {"landlock": landlock.close(), "seccomp": seccomp.close()}


def is_closed(said: Mapping[str, object]) -> bool:
    """Whether the layers that `close` returned close both files and system calls."""
    return bool(said.get("landlock")) and bool(said.get("seccomp"))
