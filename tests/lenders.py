"""Slots that are lent without a service: threads, which are counted."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Threads:
    """Lends so many threads, and counts them."""

    def __init__(self, most: int) -> None:
        self.has_idle = most > 0
        self.free, self.lent, self.recalled = most, 0, False
        self.sizes: list[int] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def lend(self, work: Callable[[Callable[[], bool]], object], size: int) -> bool:
        with self._lock:
            if not self.free:
                return False
            self.free -= 1
        self.lent += 1
        self.sizes.append(size)
        self._threads.append(threading.Thread(target=self._run, args=(work,)))
        self._threads[-1].start()
        return True

    def _run(self, work: Callable[[Callable[[], bool]], object]) -> None:
        work(lambda: self.recalled)
        with self._lock:
            self.free += 1

    def join(self) -> None:
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()
