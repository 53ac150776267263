"""The fuzzer finds what is planted: else that it finds nothing would say nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import imgmiddleware
import parts

TESTS = Path(__file__).parents[1]
#: A line of `formats/gif/facts.py`, behind which a fault is put.
LINE = '    width, height, packed = window.unpack("<HHB", 6)\n'

#: Once, or an input would take minutes of a machine that is busy with others.
ONCE = """import time
    end = time.thread_time() + (0 if hasattr(time, "spent") else 2.5)
    time.spent = True
    while time.thread_time() < end: pass"""
FAULTS = {
    "an exception that no parser may let out": ("assert height < 2000", "AssertionError"),
    "a warning": ("import numpy; numpy.uint8(height & 1) / numpy.uint8(0)", "RuntimeWarning"),
    "a decoder": ("import cv2, numpy; cv2.imdecode(numpy.zeros(9, 'u1'), 1)", "DecoderReachedError"),
    "memory": ("bytes(2**27)", "MemoryError"),
    "time": (ONCE, "TooSlowError"),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _fuzzer() -> None:
    parts.module("atheris")


def fuzzed(package: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-P",
        "-m",
        "fuzz",
        "gif",
        "--seconds",
        "30",
        "--folder",
        str(folder),
    ]
    path = os.pathsep.join(map(str, (package, TESTS)))
    return subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=200
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_planted_is_found(fault: str, tmp_path: Path) -> None:
    code, name = FAULTS[fault]
    package = tmp_path / "imgmiddleware"
    shutil.copytree(Path(imgmiddleware.__file__).parent, package)
    file = package / "formats" / "gif" / "facts.py"
    text = file.read_text()
    assert LINE in text
    file.write_text(text.replace(LINE, f"{LINE}    {code}\n"))
    done = fuzzed(tmp_path, tmp_path / "found")
    assert done.returncode == 1, done.stdout + done.stderr
    assert name in done.stdout
    assert "crash-" in done.stdout
    assert [*(tmp_path / "found" / "gif").glob("crash-*")]
