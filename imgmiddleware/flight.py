"""Admission: how many pictures are rendered at once, and whom it is still worth rendering for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class ClientGoneError(Exception):
    """Whoever asked has hung up while waiting; there is nobody to answer."""


class Slots:
    """Places for pixel work. Threads that wait for one are cheap; the work is not."""

    #: Seconds between two looks at whether a waiting client is still there.
    _PATIENCE = 0.1

    def __init__(self, count: int) -> None:
        self._free = threading.Semaphore(count)

    @contextmanager
    def taken(self, gone: Callable[[], bool]) -> Iterator[None]:
        """Hold a slot. Raises `ClientGoneError` if `gone()` says so before one is free."""
        while not self._free.acquire(timeout=self._PATIENCE):
            if gone():
                raise ClientGoneError
        try:
            if gone():
                raise ClientGoneError
            yield
        finally:
            self._free.release()
