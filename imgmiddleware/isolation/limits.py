"""The most that a worker may take: limits of every Unix (setrlimit(2))."""

import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

#: Descriptors: an original, an overlay, a pyramid, the wire, and files that libraries have open.
_DESCRIPTORS = 64
#: Address space beside the used part: a heap of malloc's for each thread of an encoder.
_HEAPS = 2**30


def close(memory: int, file_size: int) -> None:
    """At most so many bytes beside those in use now, and as large a file; no core dumps."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, file_size)
    _limit(resource.RLIMIT_NOFILE, _DESCRIPTORS)
    if sys.platform == "linux":
        space, data = _used()
        _limit(resource.RLIMIT_DATA, data + memory)
        _limit(resource.RLIMIT_AS, space + memory + _HEAPS)


def _used() -> tuple[int, int]:
    """Bytes of address space, and of those that are data (proc(5), statm)."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[0]) * os.sysconf("SC_PAGE_SIZE"), int(fields[5]) * os.sysconf("SC_PAGE_SIZE")


def _limit(which: int, most: int) -> None:
    """Set a limit, but not above the process's own."""
    hard = resource.getrlimit(which)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(OSError, ValueError):  # macOS refuses some
        resource.setrlimit(which, (most, most))
