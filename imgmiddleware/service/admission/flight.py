"""Admission and merging: how many pictures are made at once, and each of them once.

Equal requests wait for one render. A request that renders holds a slot, and the predicted bytes of
its decoder. A request that waits, for a slot or for another's render, holds neither, and the number
of those that wait is bounded.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from imgmiddleware.cache.forks import Forkable
from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.errors import ImageError
from imgmiddleware.lending.lender import lent_by
from imgmiddleware.service.admission.deadline import (
    ClientGoneError,
    Deadline,
    WaitLimit,
    memory_needed,
)
from imgmiddleware.service.admission.loans import Borrower, Loan
from imgmiddleware.service.admission.queue import FairQueue

_log = logging.getLogger("imgmiddleware")

R = TypeVar("R")

#: Bytes that renders must have taken before a rest is worth its cost.
_WORK = 64 * 2**20
#: Seconds between two checks whether the client of a waiting request is still there.
_LOOK_EVERY = 0.1


class Admission(Forkable):
    """Slots for pixel work, each with the bytes that it takes; originals take turns for them.

    The order also holds where the second in the queue would fit and the first does not. Otherwise a
    large original would wait for ever behind small ones. A slot that no request waits for is lent
    to a render that holds one, and is taken back at once when it is needed.
    """

    def __init__(
        self,
        slots: int,
        limit: WaitLimit,
        budget: MemoryBudget,
        at_rest: Callable[[], object] | None = None,
        *,
        lends: bool = True,
    ) -> None:
        """`at_rest` is called where no slot is taken any more, after some work was done."""
        self.slots = slots
        self._limit = limit
        self._budget = budget
        self._at_rest = at_rest
        self._lends = lends
        super().__init__()

    def _begin(self) -> None:
        self._free = self.slots
        self._loans: list[Loan] = []  # not recalled yet
        self._done = 0  # bytes, since the last rest
        self._lock = threading.Lock()
        self._queue = FairQueue()

    @contextmanager
    def admitted(self, size: int, deadline: Deadline) -> Iterator[None]:
        """Hold a slot and `size` bytes; to get them may take a while.

        Raises the errors of `Deadline.check` and `WaitLimit.taken`.
        """
        if not self._entered(size):
            self._wait(size, deadline)
        borrower = Borrower(self)
        try:
            if deadline.gone():
                raise ClientGoneError
            with lent_by(borrower if self._lends else None):
                yield
        finally:
            borrower.end()
            self._leave(size)

    @property
    def busy(self) -> int:
        """Slots that are taken, or lent: a look, without the lock."""
        return self.slots - self._free

    @property
    def has_idle(self) -> bool:
        """Whether a slot may be lent now: a look, without the lock."""
        return self._free > 0

    def lend(self, size: int) -> Loan | None:
        """A slot and `size` bytes, if no request waits, and no cache has to give way for them."""
        with self._lock:
            if not self._free or self._queue.first or not self._budget.take(size):
                return None
            self._free -= 1
            loan = Loan(size)
            self._loans.append(loan)
            return loan

    def give_back(self, loan: Loan) -> None:
        """Take back the loan's bytes, and its slot unless that was recalled before."""
        self._budget.give(loan.size)
        with self._lock:
            if loan in self._loans:
                self._loans.remove(loan)
                self._free += 1
        self._left()

    def _recall(self, most: int) -> None:
        """Take lent slots back; the thread in each of them finishes its piece."""
        for loan in self._loans[:most]:
            loan.recalled = True
            self._loans.remove(loan)
            self._free += 1

    def _entered(self, size: int, mine: threading.Event | None = None) -> bool:
        """Take a slot and the bytes, if free and this request is first; returns whether it did."""
        with self._lock:
            if self._queue.first is not mine:
                return False
            if not self._free:
                self._recall(1)
            if not self._free:
                return False
            if not self._budget.reserve(size):
                self._recall(self.slots)
                return False
            self._free -= 1
            return True

    def _wait(self, size: int, deadline: Deadline) -> None:
        with self._limit.taken(deadline.original):
            with self._lock:
                mine = self._queue.join(deadline.original)
            try:
                while not self._entered(size, mine):
                    deadline.check()
                    mine.wait(_LOOK_EVERY)
                    mine.clear()
            finally:
                with self._lock:
                    self._queue.leave(deadline.original, mine)
                self._wake()

    def _leave(self, size: int) -> None:
        self._budget.release(size)
        with self._lock:
            self._free += 1
            self._done += size
        self._left()

    def _left(self) -> None:
        """A slot or bytes are free now."""
        self._wake()
        with self._lock:
            rests = self._free == self.slots and self._done >= _WORK
            if rests:
                self._done = 0
        if rests and self._at_rest:
            self._at_rest()

    def _wake(self) -> None:
        with self._lock:
            if first := self._queue.first:
                first.set()


class _Flight(Generic[R]):
    """One render under way, and how many others wait for it."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.followers = 0
        self.result: R | None = None
        self.error: Exception | None = None


class Flights(Forkable, Generic[R]):
    """Each key is made once at a time: the first request makes it, the others get its result."""

    def __init__(self, limit: WaitLimit) -> None:
        self._limit = limit
        super().__init__()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._flying: dict[object, _Flight[R]] = {}

    def once(self, key: object, make: Callable[[Deadline], R], deadline: Deadline) -> R:
        """The value of `make`, which this thread calls, or another that asked before.

        An error of `make` is raised for all that wait too, so that a crash is not tried again for
        each of them. They get it as the cause of a `RuntimeError`. A refusal for load and a client
        that has gone concern no other request: the next of those that wait calls `make`.
        """
        while True:
            with self._lock:
                flight = self._flying.get(key)
                if flight is None:
                    mine = self._flying[key] = _Flight()
                    break
                flight.followers += 1
            self._follow(flight, deadline)
            if flight.error is not None:
                if isinstance(flight.error, ImageError):
                    raise flight.error.again()
                raise RuntimeError(
                    "the render that this one waited for has failed"
                ) from flight.error
            if flight.result is not None:
                return flight.result
        return self._lead(key, mine, make, deadline)

    def flying(self, key: object) -> bool:
        """Whether a thread makes it now."""
        return key in self._flying

    def wait(self, key: object, deadline: Deadline) -> None:
        """Wait until no thread makes this. Raises as `once` does if that takes too long."""
        with self._lock:
            flight = self._flying.get(key)
            if flight is None:
                return
            flight.followers += 1
        self._follow(flight, deadline)

    def _lead(
        self, key: object, flight: _Flight[R], make: Callable[[Deadline], R], deadline: Deadline
    ) -> R:
        listening = deadline.heeding(lambda: deadline.gone() and not flight.followers)
        try:
            with memory_needed():
                flight.result = make(listening)
        except ClientGoneError:
            raise
        except Exception as error:
            if not isinstance(error, ImageError) or error.status != 503:
                flight.error = error
            raise
        finally:
            with self._lock:
                self._flying.pop(key, None)  # gone, where `make` has forked and this is the child
            flight.landed.set()
        return flight.result

    def _follow(self, flight: _Flight[R], deadline: Deadline) -> None:
        try:
            with self._limit.taken():  # however many wait, one picture is made
                while not flight.landed.wait(_LOOK_EVERY):
                    deadline.check()
        finally:
            with self._lock:
                flight.followers -= 1


def alone(call: Callable[[], object], what: str) -> bool:
    """Call it in a thread of its own; returns whether one could be started.

    No thread waits for it, so an error is logged, with its subject, `what`.
    """

    def called() -> None:
        try:
            call()
        except Exception:  # noqa: BLE001 - no caller waits for it
            _log.exception("failed %s", what)

    try:
        threading.Thread(target=called, name="imgmiddleware", daemon=True).start()
    except RuntimeError:
        return False
    return True
