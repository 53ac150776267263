"""The bulkhead between requests and a source that is slow, or never answers.

A thread of the server that waits for the source answers nobody else, so calls of it are bounded in
number and in time. While the source is quick, the thread of a request calls it itself: this takes
half a microsecond, and to hand a call over to another thread takes 26. Only one does so at a time,
as a call that hangs cannot be taken back. All other calls are made in threads of their own, and who
waits for them may tire of it. They count until they return, whoever still waits.
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

#: What is called, each quick or slow by itself: a function that asks a distant database may give
#: the path of a file whose header is read at once.
Kind = Literal["open", "header", "array"]

#: Seconds. What took no longer the last time is called by the thread of the request, which waits as
#: long for its turn. Of eight threads that ask for nothing but 304s of a local file, every
#: 30th call is handed over then.
_QUICK = 0.005
#: Seconds. A call that takes longer tells that the source is slow.
_SLOW = 1.0
#: Seconds for which a slow source is waited for by who has something else to answer with.
_GRACE = 0.1


class Bulkhead(Forkable):
    """Calls of one source: at most `slots` at once, and nobody waits longer than `seconds`."""

    def __init__(self, slots: int, seconds: float, limit: WaitLimit) -> None:
        self._slots = slots
        self._seconds = seconds
        self._limit = limit
        super().__init__()

    def _begin(self) -> None:
        self._turn = threading.Lock()
        self._quick: set[Kind] = set(get_args(Kind))
        self._changed = threading.Condition()
        #: When each call under way began, the oldest first, and what it is about.
        self._calls: dict[Future[Any], tuple[float, str]] = {}

    def call(
        self,
        function: Callable[[], R],
        kind: Kind,
        about: str,
        give_up: Callable[[], Callable[[Future[R]], object]],
        has_other: Callable[[], object] = lambda: None,
    ) -> R:
        """What the function returns, within the time that there is.

        `has_other` tells whether the caller has something else, which it rather takes than wait for
        a slow source. If the time is over, `give_up` is called, and what it returns is called with
        the ended call, in the thread of that. Raises `ImageError` (503) for want of a slot or of an
        answer.
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
        """Take a slot; for how many seconds to wait for the call then. Raises 503 `busy`."""
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
            except BaseException as error:  # noqa: BLE001 - raised for who waits
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
        """Seconds since the oldest call under way began, of all or about this; 0: there is none."""
        for began, what in self._calls.values():
            if about in (None, what):
                return time.monotonic() - began
        return 0.0
