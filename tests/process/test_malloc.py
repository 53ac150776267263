"""Freed buffers go back to the system: measured, in processes of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

_CHILD = """
import sys, threading
import numpy as np
from imgmiddleware.process.malloc import trim_malloc, tune_malloc

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

if sys.argv[1] == "on":
    tune_malloc()
for size in (2**24, 2**25):  # with the first that is freed glibc takes larger ones to be usual
    np.ones(size, np.uint8)
before = resident()
large, small = [], []

def fill():
    for _ in range(5):
        large.append(np.ones(5 * 2**20, np.uint8))
        small.append(bytearray(9999))  # which stays between them

threads = [threading.Thread(target=fill) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
large.clear()
if sys.argv[1] == "trimmed":
    trim_malloc()
print((resident() - before) // 2**20)
"""


def left(tuned: str) -> int:
    """MiB that a process has of 100 which it has freed."""
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, tuned],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return int(child.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_large_buffers_go_back() -> None:
    assert left("off") > 30  # or this tells nothing
    assert left("on") < 10
    assert left("trimmed") < 10
