"""Values that were computed lately, bounded in number. Any number of threads may use them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from imgmiddleware.cache.forks import Forkable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LruCache(Forkable, Generic[K, V]):
    """Up to `most` values by key; the least recently used goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        super().__init__()

    def _begin(self) -> None:
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of `key`, made now if it is not remembered; an error of `make` propagates."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()  # outside of the lock: two threads may both make it, which is harmless
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value
