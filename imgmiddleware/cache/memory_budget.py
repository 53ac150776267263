"""The one budget of bytes that caches and renders under way draw on.

Bounds of their own would add up: a cache that is full, and as many decodes as there are processors.
What is cached gives way to what is being made; nothing is made that does not fit into the budget.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

#: Gives back about so many bytes, if it can.
Giver = Callable[[int], None]


class MemoryBudget:
    """`total` bytes, taken and given back by any thread."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._free = total
        self._reserved = 0
        self._lock = threading.Lock()
        self._givers: list[Giver] = []

    @property
    def free(self) -> int:
        return self._free

    def lend_to(self, giver: Giver) -> None:
        """Remember a cache that can give back what it holds, which is asked first come first."""
        self._givers.append(giver)

    def take(self, size: int) -> bool:
        """Take `size` bytes of what is free, to cache something; False where there is less."""
        with self._lock:
            if size > self._free:
                return False
            self._free -= size
            return True

    def reserve(self, size: int) -> bool:
        """Take `size` bytes, for which the caches give way; False where that is not enough, and
        then they keep what they have.

        All of it is taken where nobody else holds any: what is larger than the total must not wait
        for ever.
        """
        size = min(size, self.total)
        if size > self.total - self._reserved:  # whatever the caches give
            return False
        for giver in self._givers:
            if self._reserve_free(size):
                return True
            giver(size - self._free)
        return self._reserve_free(size)

    def release(self, size: int) -> None:
        """Give back what was reserved."""
        with self._lock:
            self._free += min(size, self.total)
            self._reserved -= min(size, self.total)

    def give(self, size: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self._free += size

    def _reserve_free(self, size: int) -> bool:
        with self._lock:
            if size > self._free:
                return False
            self._free -= size
            self._reserved += size
            return True
