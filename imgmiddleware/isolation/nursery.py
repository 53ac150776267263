"""The nursery: one thread in which all workers of a process are started.

A worker asks the kernel to be killed when its parent dies. The request is tied to the thread that
started the worker (prctl(2), PR_SET_PDEATHSIG). A worker that a request's thread started would die
with that thread.
"""

import queue
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from imgmiddleware.cache.forks import Forkable

Started = subprocess.Popen[bytes]
_Order = tuple[Sequence[str], dict[str, str], int, "Future[Started]"]


class Nursery(Forkable):
    """Any number of threads may use it."""

    def __init__(self) -> None:
        super().__init__()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()

    def start(self, command: Sequence[str], environment: dict[str, str], kept: int) -> Started:
        """A process with this command that inherits one descriptor. Raises `OSError`."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=_work, args=(self._orders,), name="imgmiddleware-nursery", daemon=True
                )
                self._thread.start()
        started: Future[Started] = Future()
        self._orders.put((command, environment, kept, started))
        return started.result()


def _work(orders: "queue.SimpleQueue[_Order]") -> None:
    while True:
        command, environment, kept, started = orders.get()
        try:
            started.set_result(_started(command, environment, kept))
        except Exception as error:  # noqa: BLE001 - raised again for the caller
            started.set_exception(error)


def _started(command: Sequence[str], environment: dict[str, str], kept: int) -> Started:
    """In a session of its own, as a Ctrl-C at the terminal is for the server."""
    return subprocess.Popen(  # noqa: S603 - this interpreter, and our own words
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(kept,),
        env=environment,
        cwd="/",
        start_new_session=True,
    )


#: The nursery of all services of the process.
NURSERY = Nursery()
