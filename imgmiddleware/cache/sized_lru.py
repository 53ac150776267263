"""Values in memory, bounded in bytes; the least recently read goes first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from imgmiddleware.cache.forks import Forkable
from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.store import Holding

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    """A value, its size in bytes, and the tags of its originals."""

    value: V
    size: int
    tags: tuple[str, ...]


class SizedLru(Forkable, Generic[K, V]):
    """Up to `most` bytes of values, also taken from the budget, for any number of threads."""

    def __init__(self, most: int, budget: MemoryBudget, parts: int = 4) -> None:
        """One value may take a fourth of the bytes, or one of so many `parts`: a larger one would
        take the place of all others.
        """
        self._most = most
        self._parts = parts
        self._budget = budget
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._lock = threading.Lock()
        super().__init__()
        budget.lend_to(self.shrink)

    def _begin(self) -> None:
        """The values stay, unless another thread was changing them."""
        if self._lock.locked():
            self._entries = OrderedDict()
        self._lock = threading.Lock()
        self._bytes = sum(entry.size for entry in self._entries.values())
        self._budget.take(self._bytes)

    def get(self, key: K) -> V | None:
        """The value, which counts as read."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry.value

    def takes(self, size: int) -> bool:
        """Whether a value of this size is held at all."""
        return size * self._parts <= self._most

    def put(self, key: K, value: V, size: int, *tags: str) -> None:
        """Hold the value, and remove the least recently read ones for it."""
        if not self.takes(size):
            return
        with self._lock:
            self._drop(key)
            while self._entries and self._bytes + size > self._most:
                self._drop(next(iter(self._entries)))
            if self._budget.take(size):
                self._entries[key] = _Entry(value, size, tags)
                self._bytes += size

    def shrink(self, size: int) -> None:
        """Remove `size` bytes of values, the least recently read first."""
        with self._lock:
            goal = self._bytes - size
            while self._entries and self._bytes > goal:
                self._drop(next(iter(self._entries)))

    def purge(self, tag: str) -> int:
        """Remove the values of one original; returns how many there were."""
        with self._lock:
            keys = [key for key, entry in self._entries.items() if tag in entry.tags]
            for key in keys:
                self._drop(key)
            return len(keys)

    def clear(self) -> None:
        """Remove all values, also those that are put before this takes the lock."""
        self.shrink(self._most)

    def holding(self) -> Holding:
        return Holding(len(self._entries), self._bytes, self._most)

    def _drop(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size
            self._budget.give(entry.size)
