"""Turns: one thread of a process at a time does the work for a key, and the others wait.

Between processes a claim does this, which each of them has to look at again and again. Here the
thread that is done wakes the others.
"""

import threading
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager

from imgmiddleware.cache.forks import Forkable
from imgmiddleware.service.admission.deadline import Deadline, WaitLimit

#: Seconds between two checks whether the client of a waiting request is still there.
_LOOK_EVERY = 0.1


class Turns(Forkable):
    """The turns of one process, by key."""

    def __init__(self, limit: WaitLimit) -> None:
        self._limit = limit
        super().__init__()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[Hashable, threading.Event] = {}

    def take(self, key: Hashable) -> AbstractContextManager[None] | None:
        """The turn, as a context to be left when it is over; None while another thread has it."""
        with self._lock:
            if key in self._taken:
                return None
            self._taken[key] = threading.Event()
        return self._over(key)

    def wait(self, key: Hashable, deadline: Deadline) -> None:
        """Wait until the turn that another thread has is over.

        Raises the errors of `Deadline.check` and `WaitLimit.taken`.
        """
        over = self._taken.get(key)
        if over is not None:
            with self._limit.taken(deadline.original):
                while not over.wait(_LOOK_EVERY):
                    deadline.check()

    @contextmanager
    def _over(self, key: Hashable) -> Iterator[None]:
        try:
            yield
        finally:
            with self._lock:
                over = self._taken.pop(key, None)  # gone, where this has forked and is the child
            if over is not None:
                over.set()
