"""The C library's malloc, which keeps freed memory for later."""

import ctypes
import sys
from typing import Any

#: The numbers of `mallopt` in glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
#: Bytes from which on a buffer is a mapping of its own, which goes back to the system as soon as it
#: is freed. By itself glibc raises this up to 32 MiB, with the first large buffer that is freed.
#: With 1 MiB a process takes no less, and needs twice as much time for new pages.
_LARGE = 2**22
#: Heaps for smaller buffers. By itself glibc makes eight for each processor, and none of them
#: shrinks while anything lies at its end.
_HEAPS = 4


def tune_malloc() -> bool:
    """Have malloc give large buffers back at once; returns whether it accepts that.

    This is for the whole process, for good. A process that 16 threads ask for eight JPEGs of 24 MP
    then takes a fourth of the memory (benchmarks/RESULTS.md). Other libraries than glibc (musl,
    macOS, Windows) have no `mallopt`, and nothing changes there.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is None:
        return False
    options = (_M_MMAP_THRESHOLD, _LARGE), (_M_TRIM_THRESHOLD, _LARGE), (_M_ARENA_MAX, _HEAPS)
    taken = [mallopt(option, value) for option, value in options]
    return all(taken)


def trim_malloc() -> None:
    """Have malloc give back the free parts of its heaps: those of results, rows and other smaller
    buffers.

    It takes 0.2 ms, and another 0.2 ms for each MB that goes back.
    """
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _of_glibc(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
