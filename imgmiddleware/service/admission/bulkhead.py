"""The bulkhead between requests and a source that is slow, or never answers.

A thread of the server that waits for the source cannot answer other requests, so calls of the
source are bounded in number and in time. While the source is quick, the thread of a request calls
it itself. That takes half a microsecond; handing the call over to another thread takes 26. Only one
thread does so at a time, as a call that hangs cannot be taken back. All other calls run in threads
of their own, so that a request can stop waiting for them. A call counts until it returns, even if
no request waits for it any more.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any, Literal, TypeVar, get_args

from imgmiddleware.cache.forks import Forkable
from imgmiddleware.service.admission.deadline import WaitLimit, busy, overdue
from imgmiddleware.service.admission.threads import THREADS

R = TypeVar("R")

#: The kinds of calls. Each is quick or slow by itself: a function that asks a distant database may
#: give the path of a file whose header is read at once.
Kind = Literal["open", "header", "array"]

#: Seconds. A call that took no longer the last time is made by the thread of the request, which
#: waits as long for its turn. With eight threads that ask for nothing but 304s of a local file,
#: every 30th call is handed over then.
_QUICK = 0.005
#: Seconds. A call that takes longer shows that the source is slow.
_SLOW = 1.0
#: Seconds that a request with another answer waits for a slow source.
_GRACE = 0.1


class Bulkhead(Forkable):
    """Calls of one source: at most `slots` at once, and no request waits longer than `seconds`."""

    def __init__(self, slots: int, seconds: float, limit: WaitLimit) -> None:
        self._slots = slots
        self._seconds = seconds
        self._limit = limit
        super().__init__()

    def _begin(self) -> None:
        self._turn = threading.Lock()
        self._quick: set[Kind] = set(get_args(Kind))
        self._changed = threading.Condition()
        #: The start of each call under way, the oldest first, and its subject.
        self._calls: dict[Future[Any], tuple[float, str]] = {}

    def call(
        self,
        function: Callable[[], R],
        kind: Kind,
        about: str,
        give_up: Callable[[], Callable[[Future[R]], object]],
        has_other: Callable[[], object] = lambda: None,
    ) -> R:
        """The function's value, within the time that there is.

        `has_other` tells whether the caller has another answer, which it prefers to waiting for a
        slow source. When the time is over, `give_up` is called. The function that it returns is
        called with the ended call, in that call's thread. Raises `ImageError` (503) where no slot
        is free, or the source does not answer in time.
        """
        if kind in self._quick and self._turn.acquire(timeout=_QUICK):
            began = time.monotonic()
            try:
                return function()
            finally:
                self._note(kind, time.monotonic() - began)
                self._turn.release()
        call: Future[R] = Future()
        patience = self._entered(call, about, spare=bool(has_other()))
        self._hand_over(call, function, kind)
        try:
            return call.result(patience)
        except TimeoutError:
            if call.done():  # just now, or this is what it raised
                return call.result()
            call.add_done_callback(give_up())
            raise overdue(patience) from None

    def _entered(self, call: Future[Any], about: str, *, spare: bool) -> float:
        """Take a slot; the seconds to wait for the call then. Raises 503 `busy`."""
        with self._changed:
            age = self._age()
            if spare and self._age(about) > _GRACE:  # others find it out already
                raise busy()
            if not (self._is_free() or spare or age > _SLOW):
                with self._limit.taken():
                    self._changed.wait_for(self._is_free, _SLOW)
            if not self._is_free():
                raise busy()
            self._calls[call] = time.monotonic(), about
        if spare and age > _SLOW:
            return min(_GRACE, self._seconds)
        return min(_SLOW, self._seconds) if spare or age > self._seconds else self._seconds

    def _hand_over(self, call: Future[R], function: Callable[[], R], kind: Kind) -> None:
        context = copy_context()

        def run() -> None:
            began = time.monotonic()
            try:
                result = context.run(function)
            except BaseException as error:  # noqa: BLE001 - raised again for the waiting request
                self._leave(call)
                call.set_exception(error)
            else:
                self._leave(call)
                self._note(kind, time.monotonic() - began)
                call.set_result(result)

        try:
            THREADS.start(run)
        except RuntimeError as error:
            self._leave(call)
            raise busy() from error

    def _note(self, kind: Kind, seconds: float) -> None:
        (self._quick.add if seconds < _QUICK else self._quick.discard)(kind)

    def _leave(self, call: Future[Any]) -> None:
        with self._changed:
            self._calls.pop(call, None)
            self._changed.notify()

    def _is_free(self) -> bool:
        return len(self._calls) < self._slots

    def _age(self, about: str | None = None) -> float:
        """The age in seconds of the oldest call, of all or with this subject; 0: there is none."""
        for began, what in self._calls.values():
            if about in (None, what):
                return time.monotonic() - began
        return 0.0
