"""The values that were shown last. Each may stand in for its successor while that is made."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from imgmiddleware.cache.forks import Forkable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class _Shown(Generic[V]):
    value: V
    since: float | None = None  # when it was first known to be superseded


class Superseded(Forkable, Generic[K, V]):
    """The last `most` values by key. Each may stand in for some seconds, which begin when its
    successor is asked for first.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        super().__init__()

    def _begin(self) -> None:
        self._shown: OrderedDict[K, _Shown[V]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: K, value: V) -> None:
        """Remember the value that is shown now."""
        if not self._seconds:
            return
        with self._lock:
            shown = self._shown.get(key)
            if shown is None or shown.value != value:
                self._shown[key] = _Shown(value)
            self._shown.move_to_end(key)
            while len(self._shown) > self._most:
                self._shown.popitem(last=False)

    def instead_of(self, key: K, value: V) -> V | None:
        """The value that may stand in for this one, which has yet to be made."""
        with self._lock:
            shown = self._shown.get(key)
            if shown is None or shown.value == value:
                return None
            now = time.monotonic()
            if shown.since is None:
                shown.since = now
            return shown.value if now - shown.since <= self._seconds else None
