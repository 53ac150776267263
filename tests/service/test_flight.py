"""Admission and merging: the maker of a picture, requests that wait, and refused ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.errors import ImageError
from imgmiddleware.service.admission.deadline import ClientGoneError, Deadline, WaitLimit, polled
from imgmiddleware.service.admission.flight import Admission, Flights
from imgmiddleware.service.admission.queue import FairQueue


def patient(seconds: float = 30.0, gone: Callable[[], bool] = lambda: False) -> Deadline:
    return Deadline(seconds, gone)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Asking(threading.Thread):
    """Calls a function in a thread, and keeps its value or error."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self._call, self.result, self.error = call, None, None
        self.start()

    def run(self) -> None:
        try:
            self.result = self._call()
        except (ImageError, ClientGoneError) as error:
            self.error = error


# Flights


def test_equal_requests_share_one_making() -> None:
    flights: Flights[str] = Flights(WaitLimit(10))
    made: list[int] = []
    land = threading.Event()

    def make(deadline: Deadline) -> str:
        made.append(1)
        assert land.wait(30)
        return "picture"

    asking = [Asking(lambda: flights.once("k", make, patient())) for _ in range(5)]
    until(lambda: bool(flights._flying) and flights._flying["k"].followers == 4)
    assert flights.once("other", lambda _: "another", patient()) == "another"
    land.set()
    for thread in asking:
        thread.join(30)
    assert [thread.result for thread in asking] == ["picture"] * 5
    assert made == [1]
    assert flights.once("k", lambda _: "made anew", patient()) == "made anew"


def test_damage_is_everybodys_and_load_is_not() -> None:
    flights: Flights[str] = Flights(WaitLimit(10))
    land = threading.Event()
    refusals = [ImageError(code, "") for code in ("busy", "damaged-original", "damaged-original")]
    made: list[int] = []

    def make(deadline: Deadline) -> str:
        made.append(1)
        assert land.wait(30)
        raise refusals.pop(0)

    asking = [Asking(lambda: flights.once("k", make, patient())) for _ in range(3)]
    until(lambda: bool(flights._flying) and flights._flying["k"].followers == 2)
    land.set()
    for thread in asking:
        thread.join(30)
    # A request that is refused for load is told so; one of the others tries again, for all.
    codes = sorted(thread.error.code for thread in asking)
    assert codes == ["busy", "damaged-original", "damaged-original"]
    assert len(made) in (2, 3)  # the last to wake may find that flight landed
    assert all(a.error is not b.error for a, b in pairwise(asking))


def test_a_crash_is_everybodys() -> None:
    """An error of the application's operation comes once, not for each request that waits."""
    flights: Flights[str] = Flights(WaitLimit(10))
    land = threading.Event()
    made: list[int] = []
    crash = ZeroDivisionError("of an operation")

    def make(deadline: Deadline) -> str:
        made.append(1)
        assert land.wait(30)
        raise crash

    def asked() -> BaseException | None:
        try:
            flights.once("k", make, patient())
        except (ZeroDivisionError, RuntimeError) as error:
            return error
        return None

    asking = [Asking(asked) for _ in range(4)]
    until(lambda: bool(flights._flying) and flights._flying["k"].followers == 3)
    land.set()
    for thread in asking:
        thread.join(30)
    assert made == [1]
    assert [thread.result for thread in asking].count(crash) == 1
    assert all(
        thread.result is crash or thread.result.__cause__ is crash  # type: ignore[union-attr]
        for thread in asking
    )


def test_a_flight_goes_on_for_its_followers_when_its_leader_has_gone() -> None:
    flights: Flights[str] = Flights(WaitLimit(10))
    gone = threading.Event()
    heard: list[bool] = []
    go = threading.Event()

    def make(deadline: Deadline) -> str:
        assert go.wait(30)
        heard.append(deadline.gone())
        return "picture"

    leader = Asking(lambda: flights.once("k", make, patient(gone=gone.is_set)))
    until(lambda: bool(flights._flying))
    follower = Asking(lambda: flights.once("k", make, patient()))
    until(lambda: flights._flying["k"].followers == 1)
    gone.set()
    go.set()
    follower.join(30)
    leader.join(30)
    assert (follower.result, heard) == ("picture", [False])


def test_a_follower_that_goes_or_waits_too_long_leaves() -> None:
    flights: Flights[str] = Flights(WaitLimit(10))
    land = threading.Event()
    leader = Asking(lambda: flights.once("k", lambda _: land.wait(30) and "p", patient()))
    until(lambda: bool(flights._flying))
    with pytest.raises(ClientGoneError):
        flights.once("k", lambda _: "p", patient(gone=lambda: True))
    with pytest.raises(ImageError, match="busy"):
        flights.once("k", lambda _: "p", patient(seconds=0))
    assert flights._flying["k"].followers == 0
    land.set()
    leader.join(30)
    assert leader.result == "p"


def test_followers_are_bounded() -> None:
    flights: Flights[str] = Flights(WaitLimit(0))
    land = threading.Event()
    leader = Asking(lambda: flights.once("k", lambda _: land.wait(30) and "p", patient()))
    until(lambda: bool(flights._flying))
    with pytest.raises(ImageError, match="busy"):
        flights.once("k", lambda _: "p", patient())
    with pytest.raises(ImageError, match="busy"):
        flights.wait("k", patient())
    land.set()
    leader.join(30)
    flights.wait("k", patient())  # nobody makes it: at once


# Admission


def admission(slots: int, total: int, waiting: int = 10) -> tuple[Admission, MemoryBudget]:
    budget = MemoryBudget(total)
    return Admission(slots, WaitLimit(waiting), budget), budget


def test_slots_and_bytes_are_held_and_given_back() -> None:
    admitting, budget = admission(2, 100)
    with admitting.admitted(60, patient()):
        assert budget.free == 40
        with admitting.admitted(40, patient()):
            assert budget.free == 0
    assert budget.free == 100
    with pytest.raises(ZeroDivisionError), admitting.admitted(60, patient()):
        raise ZeroDivisionError
    assert budget.free == 100


def test_who_does_not_fit_waits_and_nobody_overtakes() -> None:
    admitting, _ = admission(3, 100)
    order: list[str] = []

    def enter(name: str, size: int) -> None:
        with admitting.admitted(size, patient()):
            order.append(name)

    with admitting.admitted(60, patient()):
        large = Asking(lambda: enter("large", 80))
        until(lambda: len(admitting._queue) == 1)
        small = Asking(lambda: enter("small", 10))  # would fit, but is not first
        until(lambda: len(admitting._queue) == 2)
        assert order == []
    large.join(30)
    small.join(30)
    assert order == ["large", "small"]
    assert not admitting._queue


def asked_for(original: str) -> Deadline:
    return Deadline(30, lambda: False, original)


def order_of(asked: str) -> str:
    """Requests for pictures of originals, a letter each, in the order of being let in."""
    admitting, _ = admission(1, 100, waiting=20)
    order: list[str] = []

    def enter(original: str) -> None:
        with admitting.admitted(0, asked_for(original)):
            order.append(original)

    threads = []
    with admitting.admitted(0, patient()):
        for number, original in enumerate(asked, 1):
            threads.append(Asking(partial(enter, original)))
            until(lambda number=number: len(admitting._queue) == number)  # type: ignore[misc]
    for thread in threads:
        thread.join(30)
    assert not admitting._queue
    return "".join(order)


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        ("aaab", "abaa"),  # one that is wanted often does not own the queue
        ("aabbcc", "abcabc"),
        ("aaabbc", "abcaba"),
        ("a", "a"),
    ],
)
def test_originals_take_turns(asked: str, order: str) -> None:
    assert order_of(asked) == order


def test_who_was_let_in_goes_behind_all_who_are_there() -> None:
    """However many others come: the second of "a" is behind those that came before its turn."""
    queue = FairQueue()
    places = [(one, queue.join(one)) for one in "aab"]
    order = ""
    for late in "cdefgh":
        original, first = next(place for place in places if place[1] is queue.first)
        queue.leave(original, first)
        order += original
        places.append((late, queue.join(late)))
    assert order == "abacde"


def test_one_original_leaves_places_for_others() -> None:
    limit = WaitLimit(8)
    with ExitStack() as places:
        for _ in range(6):
            places.enter_context(limit.taken("a"))
        with pytest.raises(ImageError, match="busy"), limit.taken("a"):
            raise AssertionError
        for _ in range(2):
            places.enter_context(limit.taken("b"))
        with pytest.raises(ImageError, match="busy"), limit.taken("c"):
            raise AssertionError
    with limit.taken("a"):
        pass
    assert not limit._taken


def test_what_is_larger_than_all_is_made_alone() -> None:
    admitting, budget = admission(2, 100)
    refused = pytest.raises(ImageError, match="busy")
    with admitting.admitted(1, patient()), refused, admitting.admitted(500, patient(0.05)):
        raise AssertionError
    with admitting.admitted(500, patient()):
        assert budget.free == 0
    assert budget.free == 100


def test_the_queue_is_bounded_and_left_by_who_has_gone() -> None:
    admitting, _ = admission(1, 100, waiting=1)
    with admitting.admitted(0, patient()):
        gone = threading.Event()
        waiting = Asking(lambda: admitting.admitted(0, patient(gone=gone.is_set)).__enter__())
        until(lambda: len(admitting._queue) == 1)
        with pytest.raises(ImageError, match="busy"), admitting.admitted(0, patient()):
            raise AssertionError
        gone.set()
        waiting.join(30)
        assert isinstance(waiting.error, ClientGoneError)
    with admitting.admitted(0, patient()):
        pass


def test_a_rest_follows_work_and_is_not_in_between() -> None:
    rests: list[int] = []
    admitting = Admission(2, WaitLimit(0), MemoryBudget(2**30), lambda: rests.append(1))
    half = 2**25
    with admitting.admitted(half, patient()):
        pass
    assert not rests  # it is not worth one yet
    with admitting.admitted(half, patient()):
        with admitting.admitted(half, patient()):
            pass
        assert not rests  # another is under way
    assert rests == [1]
    with admitting.admitted(half, patient()):
        pass
    assert rests == [1]


def test_nobody_is_admitted_who_has_gone() -> None:
    admitting, budget = admission(1, 100)
    with pytest.raises(ClientGoneError), admitting.admitted(9, patient(gone=lambda: True)):
        raise AssertionError
    assert budget.free == 100
    with admitting.admitted(0, patient(0)):  # and a slot that is free needs no waiting
        pass


# Another process


def test_polling_takes_a_place_of_those_who_wait() -> None:
    looks = iter([None, None, "found"])
    assert polled(lambda: next(looks), WaitLimit(1), patient()) == "found"
    assert polled(lambda: "at once", WaitLimit(0), patient(0)) == "at once"
    with pytest.raises(ImageError, match="busy"):
        polled(lambda: None, WaitLimit(0), patient())
    with pytest.raises(ImageError, match="busy"):
        polled(lambda: None, WaitLimit(1), patient(0))
    with pytest.raises(ClientGoneError):
        polled(lambda: None, WaitLimit(1), patient(gone=lambda: True))
