"""A sub-interpreter is told from the main one: by making one, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from imgmiddleware.process.interpreter import require_main_interpreter

_CHILD = """
import _xxsubinterpreters as interpreters
interpreters.run_string(interpreters.create(), '''
import sys
sys.path[:] = PATH
from imgmiddleware import ImageService
try:
    ImageService("photos/")
except RuntimeError as error:
    print(error)
''')
"""


def test_this_one_is_the_main_one() -> None:
    require_main_interpreter()


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the module has another name there")
def test_a_service_in_another_is_refused() -> None:
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _CHILD.replace("PATH", repr(sys.path))],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "WSGIApplicationGroup %{GLOBAL}" in child.stdout, child.stderr
