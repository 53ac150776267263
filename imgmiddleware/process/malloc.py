"""The C library's malloc, which keeps what it was given back, for later."""

import ctypes
import sys
from typing import Any

#: The numbers of `mallopt` in glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
#: Bytes from which on a buffer is a mapping of its own, which goes back to the system as soon as it
#: is freed. By itself glibc raises this to 32 MiB, with the first large buffer that is freed. With
#: 1 MiB a process takes no less, and twice as much time for pages that are given to it anew.
_LARGE = 2**22
#: Heaps for smaller ones. By itself glibc makes eight for each processor, and none of them shrinks
#: while anything lies at its end.
_HEAPS = 4


def tune_malloc() -> bool:
    """Have malloc give large buffers back at once; whether it takes that.

    This is for the whole process, for good. Of eight JPEGs of 24 MP that 16 threads ask for a
    process takes a fourth of the memory then (benchmarks/RESULTS.md). Other libraries than glibc
    (musl, macOS, Windows) have no `mallopt`, and nothing changes there.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is None:
        return False
    options = (_M_MMAP_THRESHOLD, _LARGE), (_M_TRIM_THRESHOLD, _LARGE), (_M_ARENA_MAX, _HEAPS)
    taken = [mallopt(option, value) for option, value in options]
    return all(taken)


def trim_malloc() -> None:
    """Have malloc give back what is free in its heaps: results, rows, whatever is not large.

    It takes 0.2 ms, and as many for each MB that goes back.
    """
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _of_glibc(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
