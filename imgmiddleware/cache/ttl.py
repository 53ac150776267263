"""Facts that are remembered for some seconds: that a version is fresh, or an original damaged."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from imgmiddleware.cache.forks import Forkable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TtlCache(Forkable, Generic[K, V]):
    """The last `most` values by key, each for some seconds after it was put (0: never).

    An expired value stays known until it gives way to others: `last` has it.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        super().__init__()

    def _begin(self) -> None:
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """The value, while it is remembered."""
        found = self._values.get(key)
        return None if found is None or time.monotonic() >= found[0] else found[1]

    def last(self, key: K) -> V | None:
        """The value that was put last, however long ago."""
        found = self._values.get(key)
        return None if found is None else found[1]

    def put(self, key: K, value: V) -> None:
        with self._lock:
            self._values[key] = (time.monotonic() + self._seconds, value)
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)

    def forget(self, key: K) -> None:
        with self._lock:
            self._values.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._values.clear()
