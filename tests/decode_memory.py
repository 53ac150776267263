"""How many bytes a process grows by while it decodes one original: its peak, less what it had.

python decode_memory.py < original        prints the growth and the bound that its header gave
"""

from __future__ import annotations

import ctypes
import sys
from importlib import import_module
from pathlib import Path

from imgmiddleware.formats import FORMATS, read_facts
from imgmiddleware.formats.decode_more import DECODERS
from imgmiddleware.imaging import decode_original, make_plan
from imgmiddleware.operations import build
from imgmiddleware.sources import BytesOriginal


def resident(name: str) -> int:
    """VmRSS or VmHWM, the peak since it was reset."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)


def _trim() -> None:
    """Give back what malloc keeps of what was freed."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)


def main() -> None:
    original = BytesOriginal(sys.stdin.buffer.read())
    facts = read_facts(original, FORMATS)
    plan = make_plan(facts, build({}))
    if facts.format in DECODERS:
        for module in filter(None, [FORMATS[facts.format].needs]):
            import_module(module)
    # What is read of the file is the caller's, and is counted by it; of bands it is never all.
    read = 0 if plan.in_bands else original.size

    def growth() -> int:
        _trim()
        before = resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        assert decode_original(original, facts, plan).pixels.nbytes
        return resident("VmHWM") - before - read

    # Once before: code that is paged in is not what a decode takes, and differs by installation.
    # It may be paged out and in again meanwhile, where other processes need the memory.
    growth()
    least = growth()
    if least > facts.decode_bytes:
        least = min(growth() for _ in range(3))
    print(least, facts.decode_bytes)


if __name__ == "__main__":
    main()
