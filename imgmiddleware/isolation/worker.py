"""A worker as its parent sees it: a process of its own, and the wire to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import weakref
from contextlib import suppress
from typing import Any

from imgmiddleware.isolation.channel import Channel, ClosedError, pair
from imgmiddleware.isolation.nursery import NURSERY, Started

#: Seconds for a worker to start, on a busy machine.
_START = 60.0
#: Seconds for the kernel to bury a killed process.
_BURIAL = 5.0
#: Seconds from the end of the wire to that of the process, on a machine that is short of memory.
_LAST_MOMENT = 1.0
#: The most bytes of a worker's report on its start.
_MOST_SAID = 2**16
#: The variables that the worker inherits: the places of libraries, and the instructions that they
#: may use, on which the bytes of pictures depend.
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "OPENCV_CPU_DISABLE", "NPY_DISABLE_CPU_FEATURES")
#: The program sets the parent's path of modules before it imports any of them.
_BOOT = """
import json, sys
sys.path[:] = json.loads(sys.argv[3])
try:
    from importlib import import_module
    main = import_module(sys.argv[4]).main
except BaseException:
    import socket, struct, traceback
    said = traceback.format_exc().encode()[-60000:]
    socket.socket(fileno=int(sys.argv[1])).sendall(struct.pack("!cQ", b"f", len(said)) + said)
    raise
main(int(sys.argv[1]), int(sys.argv[2]))
"""


class StartError(Exception):
    """No worker could be started; no original is to blame."""


class KilledError(ClosedError):
    """The system has killed the worker for want of memory, or an operator has."""


class Worker:
    """A process that was started, and waits for its orders. One thread at a time uses it."""

    def __init__(self, module: str, start: bytes) -> None:
        """The process calls `main(descriptor, parent)` of the module; `start` is its first message.

        Raises `StartError`.
        """
        self.channel, theirs = pair()
        try:
            with theirs:
                self._process = NURSERY.start(
                    _command(module, theirs.fileno()), _environment(), theirs.fileno()
                )
            self.channel.send(b"S", start)
        except (OSError, ClosedError) as error:
            self.channel.close()
            raise StartError(f"no worker could be started: {error}") from error
        self._said: dict[str, Any] | None = None
        self.held = 0, 0
        """The number of its decoded originals, and their bytes, by its last report."""
        self._end = weakref.finalize(self, _ended, self.channel, self._process, os.getpid())

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def ready(self) -> dict[str, Any]:
        """The worker's report on itself, once it has started. Raises `StartError`."""
        if self._said is None:
            try:
                kind, said = self.channel.receive(_MOST_SAID, _START)
            except (ClosedError, TimeoutError) as error:
                raise StartError(f"a worker did not start: {error!r}") from error
            if kind != b"R":
                raise StartError(f"a worker did not start: {said.decode('utf-8', 'replace')}")
            self._said = json.loads(said)
        assert self._said is not None
        return self._said

    def is_alive(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process.poll() is None

    def was_killed(self) -> bool:
        """Whether a SIGKILL ended it, which then came from outside: no decoder raises that one.

        Call this when the wire has ended, a moment before the process does.
        """
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(_LAST_MOMENT) == -signal.SIGKILL
        return False

    def end(self) -> None:
        """Kill it, and see it buried; so it also ends with its last user, or the program."""
        self._end()

    def let_go(self) -> None:
        """Close the wire in a child, whose parent goes on with the worker."""
        self._end.detach()
        self.channel.close()
        # Otherwise the child would warn of a process that it has not waited for, and is not its
        # own.
        self._process.returncode = 0


def _ended(channel: Channel, process: Started, parent: int) -> None:
    if os.getpid() != parent:  # a child that Python was not told of
        return
    channel.close()
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_BURIAL)


def _command(module: str, descriptor: int) -> list[str]:
    path = json.dumps([os.path.abspath(entry) for entry in sys.path])
    return [_python(), "-I", "-c", _BOOT, str(descriptor), str(os.getpid()), path, module]


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {"OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8", **kept}


def _python() -> str:
    """The interpreter. `sys.executable` may be an application server, as with uWSGI."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if os.path.basename(sys.executable or "").startswith(("python", "pypy")):
        return sys.executable
    for folder in (sys.exec_prefix, sys.base_exec_prefix):
        found = os.path.join(folder, "bin", name)
        if os.access(found, os.X_OK):
            return found
    raise StartError(f"no worker could be started: there is no {name} below {sys.exec_prefix}")
