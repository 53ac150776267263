"""Threads for calls that may never return: such a thread does not keep the process from ending."""

import queue
import threading
from collections.abc import Callable

from imgmiddleware.cache.forks import Forkable

#: Seconds for which a thread without work waits for some.
_IDLE = 10.0


class Threads(Forkable):
    """Daemon threads that are used again: code may keep connections to a database by thread.

    When a process ends it waits for the threads of an executor, and one that hangs would prevent
    its end.
    """

    def __init__(self) -> None:
        super().__init__()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._idle = 0  # threads that wait, and have been given no work yet
        # By its module's name: a server may have replaced it with one for greenlets.
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def start(self, work: Callable[[], None]) -> None:
        """Have it called at once in a thread. The work must raise nothing. Raises `RuntimeError` if
        no thread can be started.
        """
        with self._lock:
            if self._idle:
                self._idle -= 1
                self._work.put(work)
                return
        # The work goes along in a list that the thread empties: a thread keeps its arguments for as
        # long as it lives.
        threading.Thread(
            target=self._run, args=([work],), name="imgmiddleware", daemon=True
        ).start()

    def _run(self, first: list[Callable[[], None]]) -> None:
        work: Callable[[], None] | None = first.pop()
        while work is not None:
            work()
            del work  # and all that it holds, while this waits
            work = self._next()

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            self._idle += 1
        try:
            return self._work.get(timeout=_IDLE)
        except queue.Empty:
            with self._lock:
                if not self._work.empty():  # given at this very moment
                    return self._work.get()
                self._idle -= 1
            return None


#: The threads of all services of the process.
THREADS = Threads()
