"""The requests of one process to a bucket, and the thread that asks it again and again.

After a failure nothing is tried for some seconds; the thread goes on asking, so that requests need
not.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakMethod

from imgmiddleware.cache.circuit_breaker import CircuitBreaker
from imgmiddleware.cache.forks import Forkable
from imgmiddleware.objects.errors import GoneError, RefusedError, StoreError
from imgmiddleware.objects.store import ObjectStore

R = TypeVar("R")

#: The most bytes of an era, and of a claim, which is a token and the number of its renewals.
_SMALL = 64

#: Seconds that a request may take, with all retries.
CALL = 3.0
#: Seconds between two questions of the thread, at most and at least: each is a request that costs
#: money.
_SLOWEST, _FASTEST = 2.0, 0.05


class BucketLink(Forkable):
    """Requests to the bucket of a URL, with no connection before the first use in a process, nor
    over a fork.

    The thread calls `beat`, every so many seconds. Raises the errors of `ObjectStore`.
    """

    def __init__(self, url: str, beat: Callable[[ObjectStore], None], every: float) -> None:
        self._objects = ObjectStore(url, CALL, "tiers")
        self.name = url
        self._every = max(_FASTEST, min(every or _SLOWEST, _SLOWEST))
        # Weak, so as not to keep the store alive: the thread of an unused service has to end.
        self._beat = WeakMethod(beat)
        super().__init__()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._breaker = CircuitBreaker(self.name)
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def read(self, call: Callable[[ObjectStore], R], otherwise: R) -> R:
        """The value of `call`, or `otherwise` for a missing object or a failing bucket."""
        return self._tried("reading", call, otherwise)

    def write(self, call: Callable[[ObjectStore], R], otherwise: R) -> R:
        """The same for calls that a bucket refuses to a client that may only read."""
        return self._tried("writing", call, otherwise)

    def is_up(self) -> bool:
        """Whether the bucket answered the last call."""
        return not self._breaker.is_open("reading")

    def warn(self, text: str) -> None:
        """Warn of the bucket."""
        self._breaker.warn(text, StoreError("as it was tried"))

    def close(self) -> None:
        """End the thread; it begins again where it is needed again."""
        with self._lock:
            self._thread = None
            self._closed.set()
            self._closed = threading.Event()

    def _tried(self, what: str, call: Callable[[ObjectStore], R], otherwise: R) -> R:
        if self._breaker.is_open("reading") or self._breaker.is_open(what):
            return otherwise
        self._start()
        try:
            return call(self._objects)
        except GoneError:
            return otherwise
        except RefusedError as error:
            if what == "writing":  # for a read it may mean that there is no object
                self._breaker.trip(what, error)
        except StoreError as error:
            self._breaker.trip(what, error)
        return otherwise

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None:
                told: Any = (WeakMethod(self._listened), self._closed, self._every)
                self._thread = threading.Thread(
                    target=_ask, args=told, name="imgmiddleware-bucket", daemon=True
                )
                self._thread.start()

    def _listened(self) -> bool:
        """Ask once; returns whether the store is still in use."""
        beat = self._beat()
        if beat is None:
            return False
        try:
            beat(self._objects)
        except Exception as error:  # noqa: BLE001 - the thread has to go on after any error
            self._breaker.trip("reading", error)
        else:
            self._breaker.mend("reading")
        return True


def _ask(listened: WeakMethod[Callable[[], bool]], closed: threading.Event, every: float) -> None:
    while not closed.wait(every) and (listen := listened()) is not None and listen():
        del listen


def read_small(objects: ObjectStore, name: str) -> bytes:
    """An era or a claim; nothing where the object is larger. Raises `StoreError`."""
    data = objects.read_whole(name, _SMALL)
    return b"" if data is None else bytes(data)
