"""Pieces that are made ahead: their order, their makers, and the remains after a fault."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from imgmiddleware.lending.ahead import ahead
from imgmiddleware.lending.lender import current, lent_by
from lenders import Threads

WORD: ContextVar[str] = ContextVar("word", default="")


@pytest.fixture(params=[0, 1, 2, 4])
def threads(request: pytest.FixtureRequest) -> Iterator[Threads]:
    lender = Threads(request.param)
    with lent_by(lender):
        yield lender
    lender.join()
    assert lender.free == request.param


def square(number: int) -> Callable[[], int]:
    return lambda: number * number


def test_results_come_in_order_and_pieces_are_taken_up_by_one_thread(threads: Threads) -> None:
    taken: list[tuple[int, int]] = []

    def prepare(number: int) -> Callable[[], int]:
        taken.append((number, threading.get_ident()))
        return lambda: time.sleep(number % 3 / 1000) or number * number

    assert list(ahead(range(40), prepare)) == [number * number for number in range(40)]
    assert taken == [(number, threading.get_ident()) for number in range(40)]


def test_others_make_pieces_while_this_one_waits() -> None:
    """Of two pieces each waits for the other to begin, which one thread alone could not do."""
    lender, both = Threads(1), threading.Barrier(2)
    with lent_by(lender):
        made = list(ahead("ab", lambda name: lambda: (both.wait(30) >= 0, name)))
    assert made == [(True, "a"), (True, "b")]
    lender.join()


def test_few_are_taken_up_before_they_are_needed() -> None:
    """Two for each helper, whose bytes are asked for, beside the one that is needed."""
    lender, taken = Threads(2), []
    with lent_by(lender):
        results = ahead(range(100), lambda number: (taken.append(number), square(number))[1], 7)
        assert next(results) == 0
    assert len(taken) <= 5
    assert lender.sizes == [14, 14]
    results.close()  # type: ignore[attr-defined] # it is a generator
    lender.join()
    assert lender.free == 2


def test_one_piece_borrows_nothing(threads: Threads) -> None:
    assert list(ahead([3], square)) == [9]
    assert list(ahead([], square)) == []
    assert threads.lent == 0


def test_the_first_error_is_raised_at_its_turn(threads: Threads) -> None:
    def fail(number: int) -> Callable[[], int]:
        return lambda: number // (number - 5) // (number - 4)

    results = ahead(range(40), fail)
    assert len([next(results) for _ in range(4)]) == 4
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_what_cannot_be_read_is_raised_at_its_turn(threads: Threads) -> None:
    def prepare(number: int) -> Callable[[], int]:
        if number == 4:
            raise OSError("gone")
        assert number < 4
        return square(number)

    results = ahead(range(40), prepare)
    assert [next(results) for _ in range(4)] == [0, 1, 4, 9]
    with pytest.raises(OSError, match="gone"):
        next(results)


def test_who_stops_early_leaves_nobody_at_work(threads: Threads) -> None:
    working = [0]

    def slowly() -> None:
        working[0] += 1
        time.sleep(0.01)
        working[0] -= 1

    results = ahead(range(40), lambda number: slowly)
    next(results)
    results.close()  # type: ignore[attr-defined] # it is a generator
    assert working == [0]


def test_a_helper_that_is_recalled_ends_with_its_piece() -> None:
    lender, helped, go_on = Threads(1), threading.Event(), threading.Event()
    mine = threading.get_ident()
    by: list[bool] = []

    def piece() -> None:
        by.append(threading.get_ident() == mine)
        if threading.get_ident() != mine:
            lender.recalled = True
            lender.has_idle = False
            helped.set()
            assert go_on.wait(30)

    with lent_by(lender):
        for number, _ in enumerate(ahead(range(20), lambda number: piece)):
            if number == 0:
                go_on.set() if helped.wait(30) else None
    lender.join()
    assert by.count(False) == 1
    assert len(by) == 20


def test_helpers_see_what_the_render_sees_and_borrow_nothing(threads: Threads) -> None:
    token = WORD.set("seen")
    try:
        made: set[Any] = set(ahead(range(20), lambda _: lambda: (WORD.get(), time.sleep(0.001))))
        lenders = list(ahead(range(20), lambda _: lambda: (threading.get_ident(), current())))
    finally:
        WORD.reset(token)
    assert made == {("seen", None)}
    for thread, lender in lenders:
        assert (lender is threads) == (thread == threading.get_ident())
