"""Idle slots that a render borrows: their borrowers, and their return."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from asking import get
from counting import counted
from imgmiddleware import ImageService
from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.errors import ImageError
from imgmiddleware.lending.ahead import ahead
from imgmiddleware.lending.lender import current
from imgmiddleware.service.admission.deadline import Deadline, WaitLimit
from imgmiddleware.service.admission.flight import Admission
from imgmiddleware.service.admission.threads import Threads
from pictures import noise, saved

TOTAL = 2**30


def patient() -> Deadline:
    return Deadline(30, lambda: False)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


class Lending:
    """An admission, its budget, and a helper that works until it is told to stop."""

    def __init__(self, slots: int, waiting: int = 0, total: int = TOTAL, **options: bool) -> None:
        self.budget = MemoryBudget(total)
        self.admission = Admission(slots, WaitLimit(waiting), self.budget, **options)
        self.stop = threading.Event()
        self.helping = threading.Event()

    def lend(self, size: int = 0) -> bool:
        lender = current()
        return lender is not None and lender.has_idle and lender.lend(self._help, size)

    def _help(self, recalled: Callable[[], bool]) -> None:
        self.helping.set()
        until(lambda: recalled() or self.stop.is_set())

    def admitted(self, size: int = 0) -> Any:
        return self.admission.admitted(size, patient())

    @contextmanager
    def rested(self) -> Iterator[None]:
        """All slots and bytes are free again afterwards."""
        slots = self.admission.slots
        yield
        until(lambda: self.admission._free == slots and self.budget.free == self.budget.total)
        assert not self.admission._loans


def test_idle_slots_are_lent_with_their_bytes() -> None:
    lending = Lending(3)
    with lending.rested():
        with lending.admitted(100):
            assert lending.lend(7)
            assert lending.lend(8)
            assert not lending.lend()  # there are three
            assert lending.budget.free == TOTAL - 115
        assert current() is None


def test_nothing_is_lent_to_who_may_not() -> None:
    for lending in (Lending(1), Lending(4, lends=False), Lending(2, total=10)):
        with lending.rested(), lending.admitted(10):
            assert not lending.lend(1)
    assert current() is None


def test_who_comes_gets_a_lent_slot_at_once() -> None:
    """No request may wait here: one that had to would be refused."""
    lending = Lending(2)
    with lending.rested(), lending.admitted():
        assert lending.lend()
        assert lending.helping.wait(30)
        with lending.admitted():
            assert not lending.lend()
            with pytest.raises(ImageError, match="busy"), lending.admitted():
                raise AssertionError


def test_nothing_is_lent_while_somebody_waits() -> None:
    lending = Lending(2, waiting=1, total=100)
    with lending.rested():
        entered = threading.Event()

        def large() -> None:
            with lending.admitted(90):
                entered.set()

        with lending.admitted(20):
            waiting = threading.Thread(target=large)
            waiting.start()
            until(lambda: len(lending.admission._queue) == 1)
            assert not lending.lend()
        assert entered.wait(30)
        waiting.join(30)


def test_lent_bytes_come_back_to_who_needs_them() -> None:
    lending = Lending(3, waiting=1, total=100)
    with lending.rested(), lending.admitted(20):
        assert lending.lend(70)
        with lending.admitted(80):  # waits until the helper has noticed
            assert lending.budget.free == 0


def test_no_loan_outlasts_a_render_that_fails() -> None:
    lending = Lending(2)

    def render() -> None:
        with lending.admitted():
            assert lending.lend(5)
            raise ZeroDivisionError

    with lending.rested(), pytest.raises(ZeroDivisionError):
        render()


def test_a_thread_that_cannot_be_started_is_no_loan(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Threads, "start", start)
    lending = Lending(2)
    with lending.rested(), lending.admitted():
        assert not lending.lend(5)
        assert list(ahead(range(9), lambda number: lambda: number)) == [*range(9)]


def test_a_rest_comes_after_the_last_loan() -> None:
    rests: list[int] = []
    admission = Admission(2, WaitLimit(0), MemoryBudget(TOTAL), lambda: rests.append(1))
    with admission.admitted(2**27, patient()):
        lender = current()
        assert lender is not None
        assert lender.lend(until, 0)
    until(lambda: rests == [1])


@pytest.mark.parametrize("lends", [True, False])
def test_a_service_lends_or_does_not(lends: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The strips of a TIFF, by more than one thread or by one."""
    data = saved(noise(1200, 900), "TIFF", compression="tiff_lzw")
    service = ImageService(lambda id: data, render_slots=3, lend_slots=lends, cache_bytes=0)
    loans = counted(monkeypatch, "lend", Admission)
    assert get(service, "w=300").status == 200
    assert bool(loans) == lends
    until(lambda: service._pictures._admission._free == 3)
