"""The memory of a call, in a process of its own, forked from one that has imported everything.

Only so can it be told from memory in use before. A process that starts anew for each call would
take half a second for its imports.

python measuring.py        reads ["module", "function", arguments...] and writes what comes of it, each
                           a line of JSON, until there is no more
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

#: Parts that are loaded when they are first needed.
PARTS = (
    "imgmiddleware",
    "cv2",
    "simplejpeg",
    "pyspng",
    "isal.isal_zlib",
    "zlib_ng.zlib_ng",
    "pillow_heif",
)

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="needs /proc to measure memory"
)


def resident(name: str = "VmRSS") -> int:
    """Bytes of this process in memory; VmHWM is their peak since it was reset."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)


def growth(call: Callable[[], object]) -> int:
    """Bytes by which this process grows at most during the call (proc(5)).

    The code of libraries does not count: the kernel maps as much of it as its cache has. For one
    call this differed by 4 MB between two environments with the same packages.
    """
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:  # gives back what malloc keeps of what was freed
        malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before, code = resident(), resident("RssFile")
    call()
    return resident("VmHWM") - before - max(0, resident("RssFile") - code)


class Forked:
    """`forked("module", "function", arguments...)`: the value of the function in such a process."""

    def __enter__(self) -> Forked:
        self._server = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "NUMPY_MADVISE_HUGEPAGE": "0",  # of which all is counted where a part is touched
            },
        )  # fmt: skip
        return self

    def __exit__(self, *error: object) -> None:
        self._server.communicate()

    def __call__(self, module: str, function: str, *arguments: object) -> Any:
        assert self._server.stdin
        assert self._server.stdout
        print(json.dumps([module, function, *arguments]), file=self._server.stdin, flush=True)
        answer = self._server.stdout.readline()
        assert answer, "the function failed: see what it wrote to standard error"
        return json.loads(answer)

    def until(self, holds: Callable[[Any], bool], *job: object) -> Any:
        """The value of the job: up to four times again, until it `holds`.

        Each run is a process with its memory elsewhere. Pages are counted to some hundred
        kilobytes, and memory that threads of a library keep depends on when each runs. Code may
        have been paged out and in, where other processes need the memory.
        """
        taken = self(*job)
        for _ in range(4):
            if holds(taken):
                break
            with Forked() as other:
                taken = other(*job)
        return taken


def main() -> None:
    for part in PARTS:
        with suppress(ImportError):
            import_module(part)
    import_module("PIL.Image").init()
    for line in sys.stdin:
        module, function, *arguments = json.loads(line)
        if child := os.fork():
            if os.waitpid(child, 0)[1]:
                break
        else:
            code = 1
            try:
                # Not before the fork: memory that malloc has once freed changes what it keeps, in
                # all later children.
                call = getattr(import_module(module), function)
                print(json.dumps(call(*arguments)), flush=True)
                code = 0
            finally:
                if code:
                    import_module("traceback").print_exc()
                os._exit(code)


if __name__ == "__main__":
    main()
