"""Real servers on loopback, each in processes of its own, until they are left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def serving(
    command: Callable[[int], list[str]], environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Start `command(port)` and wait until it listens; its port."""
    with running(command, environment) as (port, _):
        yield port


@contextmanager
def running(
    command: Callable[[int], list[str]], environment: Mapping[str, str] | None = None
) -> Iterator[tuple[int, int]]:
    """The same, and the number of the process."""
    port = free_port()
    process = subprocess.Popen(
        command(port),
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a group of its own: workers that outlive their parent end with it
    )
    try:
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, command(port)
                assert time.monotonic() < until, command(port)
                time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def processor_seconds(pid: int) -> float:
    """Of a process and all below it, to some 10 ms (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(processor_seconds(int(child)) for child in below)
