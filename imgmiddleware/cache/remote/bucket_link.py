"""The requests of one process to a bucket, and the thread that asks it again and again.

What fails is not tried for some seconds; the thread goes on asking, so that requests need not.
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

#: Seconds that a request may take, with all that is tried again.
CALL = 3.0
#: Seconds between two questions of the thread, at most and at least: each is a request that costs.
_SLOWEST, _FASTEST = 2.0, 0.05


class BucketLink(Forkable):
    """Requests to the bucket of a URL, none before the first use in a process, nor over a fork.

    `beat` is called by the thread, every so many seconds. Raises what `ObjectStore` raises.
    """

    def __init__(self, url: str, beat: Callable[[ObjectStore], None], every: float) -> None:
        self._objects = ObjectStore(url, CALL, "tiers")
        self.name = url
        self._every = max(_FASTEST, min(every or _SLOWEST, _SLOWEST))
        # By this it is not kept alive, nor by its thread: a service that nobody has any more ends.
        self._beat = WeakMethod(beat)
        super().__init__()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._breaker = CircuitBreaker(self.name)
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def read(self, call: Callable[[ObjectStore], R], otherwise: R) -> R:
        """What `call` returns, or `otherwise` where there is no such object, or no bucket."""
        return self._tried("reading", call, otherwise)

    def write(self, call: Callable[[ObjectStore], R], otherwise: R) -> R:
        """The same of what a bucket refuses to who may only read it."""
        return self._tried("writing", call, otherwise)

    def is_up(self) -> bool:
        """Whether the bucket answered when it was last asked."""
        return not self._breaker.is_open("reading")

    def warn(self, text: str) -> None:
        """Say something of the bucket."""
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
            if what == "writing":  # of a read it may mean that there is nothing
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
        """Ask once; whether there is still somebody who wants to know."""
        beat = self._beat()
        if beat is None:
            return False
        try:
            beat(self._objects)
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread has to go on
            self._breaker.trip("reading", error)
        else:
            self._breaker.mend("reading")
        return True


def _ask(listened: WeakMethod[Callable[[], bool]], closed: threading.Event, every: float) -> None:
    while not closed.wait(every) and (listen := listened()) is not None and listen():
        del listen
