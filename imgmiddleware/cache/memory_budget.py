"""The one budget of bytes, for cached values and for renders.

With a bound for each, the bounds would add up: a full cache, and as many decodes as there are
processors. Cached values give way to renders; a render waits until it fits.
"""

import threading
from collections.abc import Callable

from imgmiddleware.cache.forks import Forkable

#: Asks a cache to give back so many bytes, if it can.
Giver = Callable[[int], None]


class MemoryBudget(Forkable):
    """`total` bytes, taken and given back by any thread."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._givers: list[Giver] = []
        super().__init__()

    def _begin(self) -> None:
        """All of it is free. The caches take the bytes that they hold when they begin."""
        self._lock = threading.Lock()
        self._free = self.total
        self._reserved = 0

    @property
    def free(self) -> int:
        return self._free

    def lend_to(self, giver: Giver) -> None:
        """Remember a cache that can give back its bytes. Caches are asked in this order."""
        self._givers.append(giver)

    def take(self, size: int) -> bool:
        """Take `size` bytes to cache something, if so many are free; returns whether they are."""
        with self._lock:
            if size > self._free:
                return False
            self._free -= size
            return True

    def reserve(self, size: int) -> bool:
        """Take `size` bytes for a render; returns whether there were so many. Caches give way for
        it.

        If that could not be enough, they give nothing back. A render larger than the whole budget
        takes all of it, when there is no other: it must not wait for ever.
        """
        size = min(size, self.total)
        if size > self.total - self._reserved:  # whatever the caches give back
            return False
        for giver in self._givers:
            if self._reserve_free(size):
                return True
            giver(size - self._free)
        return self._reserve_free(size)

    def release(self, size: int) -> None:
        """Give back reserved bytes."""
        with self._lock:
            self._free += min(size, self.total)
            self._reserved -= min(size, self.total)

    def give(self, size: int) -> None:
        """Give back taken bytes."""
        with self._lock:
            self._free += size

    def _reserve_free(self, size: int) -> bool:
        with self._lock:
            if size > self._free:
                return False
            self._free -= size
            self._reserved += size
            return True
