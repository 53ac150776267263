"""The resampler has the same bytes whatever instructions a processor has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CLASSES = """
import hashlib
import numpy as np
from imgmiddleware.pixels.resample import resample

random = np.random.default_rng(1)
pixels = random.integers(0, 256, (500, 700, 4), np.uint8)
found = hashlib.sha256()
for size in [(300, 200), (500, 450), (900, 600)]:
    found.update(resample(pixels, size, alpha=False))
    found.update(resample(pixels, size, alpha=True))
    found.update(resample(pixels.astype(np.uint16) * 257, size, alpha=True))
    found.update(resample(pixels, size, alpha=False, linear=True))
print(found.hexdigest())
"""


def test_equal_bytes_on_every_processor() -> None:
    """OpenBLAS and NumPy take other instructions, of other widths, where they are told to."""
    found = set()
    for core, threads, without in [
        ("", "", ""),
        ("Prescott", "1", "AVX512F AVX512CD AVX512_SKX AVX2 FMA3"),
        ("Haswell", "2", ""),
        ("SkylakeX", "1", ""),
    ]:
        if core == "SkylakeX" and "avx512f" not in Path("/proc/cpuinfo").read_text():
            continue
        if core == "Haswell" and "avx2" not in Path("/proc/cpuinfo").read_text():
            continue
        environment = {
            **os.environ, "OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": threads,
            "NPY_DISABLE_CPU_FEATURES": without,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", CLASSES],
            capture_output=True, text=True, timeout=120, check=True,
            env={name: value for name, value in environment.items() if value},
        )  # fmt: skip
        found.add(done.stdout)
    assert len(found) == 1
