"""The memory that this process may take: its part of the container's limit."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from imgmiddleware.process.workers import workers

#: Bytes of a process before it makes any picture: Python, NumPy, OpenCV, the application.
_IDLE = 128 * 2**20
#: The least number of bytes. With less, at best one original of some megapixels fits at a time.
_LEAST = 64 * 2**20
#: The files with a group's limit, in version 2 and in version 1 (the kernel's admin-guide,
#: cgroup-v2 and cgroup-v1/memory).
_FILES = ("memory.max", "memory.high", "memory.limit_in_bytes")
_ROOT = Path("/")


def memory_share(most: int, root: Path = _ROOT) -> int:
    """Bytes for pictures in each process: `most`, or two fifths of the rest where that is less.

    The rest is the memory of the container or the machine, divided by the server's workers, less
    128 MiB for a process without a picture. The share is 64 MiB at least. Where the address space
    is bounded (`ulimit -v`), two fifths of its unused part bound the share too. glibc's malloc
    keeps as much again: with half, a process of 512 MiB was killed over JPEGs of 24 MP, with two
    fifths none.

    >>> memory_share(2**20)
    1048576
    """
    rooms = [limit // workers() - _IDLE for limit in _limits(root)]
    rooms += [limit - used for limit, used in _address_space()]
    return min(most, max(_LEAST, min(rooms, default=3 * most) * 2 // 5))


def _limits(root: Path) -> Iterator[int]:
    """The limits of the process's group, of the groups above it, and of the machine."""
    with suppress(ValueError, OSError, AttributeError):
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for folder in _groups(root):
        for name in _FILES:
            with suppress(OSError, ValueError):  # "max"; or the file is another version's
                yield int((folder / name).read_text())


def _groups(root: Path) -> Iterator[Path]:
    """The folders of the memory controller, the process's own first.

    A container sees its own group as the root of the mounted folder, whatever path it is told.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        mounted = root / "sys/fs/cgroup" / ("memory" if controllers else "")
        group = Path(path.lstrip("/"))
        yield from (mounted / above for above in (group, *group.parents) if ".." not in above.parts)


def _address_space() -> Iterator[tuple[int, int]]:
    """The limit of this process's address space, if there is one, and its used part."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Unix alone has it

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        used = 0
        with suppress(OSError):
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        yield limit, used
