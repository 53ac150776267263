"""A worker closes when its threads have ended: those that are about to are waited for."""

import os
import subprocess
import sys

import pytest

#: A process with a thread beside the one that closes it.
PROGRAM = """
import sys, threading, time
from imgmiddleware.isolation import landlock
landlock._LEAVING = float(sys.argv[2])
threading.Thread(target=time.sleep, args=(float(sys.argv[1]),), daemon=True).start()
print(landlock.close())
"""


def closed(stays: float, leaving: float) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, str(stays), str(leaving)]
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # as workers are started
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=alone
    )


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock")
class TestThreads:
    def test_one_that_ends_is_waited_for(self) -> None:
        done = closed(0.2, 30)
        assert (done.returncode, done.stdout.strip().isdigit()) == (0, True), done.stderr

    def test_one_that_stays_would_go_free(self) -> None:
        done = closed(30, 0.05)
        if done.returncode == 0 and (version := int(done.stdout)) not in range(1, 8):
            pytest.skip(f"Landlock {version} closes all threads, or none")
        assert "a library has started threads" in done.stderr
