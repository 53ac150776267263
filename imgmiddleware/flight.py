"""Admission: how many pictures are rendered at once, who may wait, and for whom it is worth it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from imgmiddleware.errors import ImageError


class ClientGoneError(Exception):
    """Whoever asked has hung up while waiting; there is nobody to answer."""


class Slots:
    """Places for pixel work, and a bounded queue before them.

    Threads that wait are cheap, but not without number: to be told at once to come back is worth
    more than a place behind hundreds of others.
    """

    #: Seconds between two looks at whether a waiting client is still there.
    _PATIENCE = 0.1

    def __init__(self, count: int, most_waiting: int) -> None:
        self._free = threading.Semaphore(count)
        self._queue = threading.Semaphore(most_waiting)

    @contextmanager
    def taken(self, gone: Callable[[], bool]) -> Iterator[None]:
        """Hold a slot. Raises `ClientGoneError` if `gone()` says so before one is free, and
        `ImageError` (503) where too many wait already.
        """
        if not self._free.acquire(blocking=False):
            self._wait(gone)
        try:
            if gone():
                raise ClientGoneError
            yield
        finally:
            self._free.release()

    def _wait(self, gone: Callable[[], bool]) -> None:
        if not self._queue.acquire(blocking=False):
            raise ImageError("busy", "too many pictures are being made; ask again in a second")
        try:
            while not self._free.acquire(timeout=self._PATIENCE):
                if gone():
                    raise ClientGoneError
        finally:
            self._queue.release()
