"""Landlock without a path: the process can open no file by its name, and no port (landlock(7)).

Each version of the kernel's interface offers more; all that it offers is used.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time

#: The numbers of these system calls, which all machines share.
_CREATE, _RESTRICT = 444, 446
_VERSION = 1
#: Rights by the version that introduced them: to files, to ports, and to outside processes, by a
#: socket's name or by a signal.
_FILES = {1: 0x1FFF, 2: 0x2000, 3: 0x4000, 5: 0x8000}
_PORTS = {4: 0x3}
_SCOPES = {6: 0x3}
#: The version that can close all threads at once, and the flag for that.
_ALL_THREADS, _SYNC = 8, 8
_NO_NEW_PRIVILEGES = 38
#: Seconds for threads that have ended to leave the list of the process. A joined thread has let go
#: of its memory, but stays in the list for a moment after that (21 of 20,000 were seen).
_LEAVING = 1.0


def close() -> int:
    """Refuse all of it from here on, in this process; the version that does so, 0 where none can.

    Raises `OSError` where another thread would stay open.
    """
    if sys.platform != "linux":
        return 0
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return 0
    if version < _ALL_THREADS and not _is_alone():
        raise OSError("a library has started threads, which Landlock would not close")
    words = [_known(rights, version) for rights in (_FILES, _PORTS, _SCOPES)]
    size = 8 * sum(1 for word in words if word)
    rules = (ctypes.c_uint64 * len(words))(*words)
    ruleset = _checked(library.syscall(_CREATE, rules, ctypes.c_size_t(size), 0))
    try:
        _checked(library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
        flags = _SYNC if version >= _ALL_THREADS else 0
        _checked(library.syscall(_RESTRICT, ruleset, flags))
    finally:
        os.close(ruleset)
    return int(version)


def _is_alone() -> bool:
    """Whether this thread is the only one, once ended threads have left the list."""
    until = time.monotonic() + _LEAVING
    while len(os.listdir("/proc/self/task")) > 1:
        if time.monotonic() > until:
            return False
        time.sleep(0.001)
    return True


def _known(rights: dict[int, int], version: int) -> int:
    return sum(bits for since, bits in rights.items() if since <= version)


def _checked(returned: int) -> int:
    if returned < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return returned
