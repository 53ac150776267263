"""Calls of a slow source: bounded in number and in time, and in threads of their own."""

from __future__ import annotations

import contextvars
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import pytest

from imgmiddleware.errors import ImageError
from imgmiddleware.service.admission import bulkhead, threads
from imgmiddleware.service.admission.bulkhead import Bulkhead, Kind
from imgmiddleware.service.admission.deadline import WaitLimit

LONG = 30.0


def made(slots: int = 2, seconds: float = LONG, waiting: int = 8) -> Bulkhead:
    return Bulkhead(slots, seconds, WaitLimit(waiting))


def call(
    bulk: Bulkhead,
    function: Callable[[], Any],
    about: str = "a",
    late: Callable[[Any], object] = lambda result: None,
    *,
    spare: bool = False,
    kind: Kind = "open",
) -> Any:
    def ended(call: Future[Any]) -> None:
        if call.exception() is None:
            late(call.result())

    return bulk.call(function, kind, about, lambda: ended, lambda: spare)


def refused(*arguments: Any, **options: Any) -> str:
    with pytest.raises(ImageError) as raised:
        call(*arguments, **options)
    assert raised.value.status == 503
    return raised.value.code


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any call is too long for the thread of the request, and any under way makes the source slow."""
    monkeypatch.setattr(bulkhead, "_QUICK", 0.0)
    monkeypatch.setattr(bulkhead, "_SLOW", 0.05)
    monkeypatch.setattr(bulkhead, "_GRACE", 0.01)


class Hanging:
    """A function that returns when it is told to."""

    def __init__(self) -> None:
        self.begun, self.end = threading.Semaphore(0), threading.Event()

    def __call__(self) -> str:
        self.begun.release()
        assert self.end.wait(60)
        return "late"


@contextmanager
def hanging(bulk: Bulkhead, times: int = 1, **options: Any) -> Iterator[Hanging]:
    """So many calls under way, in threads of the test."""
    hangs = Hanging()
    asking = [
        threading.Thread(target=call, args=(bulk, hangs), kwargs=options) for _ in range(times)
    ]
    try:
        for each in asking:
            each.start()
        for _ in asking:
            assert hangs.begun.acquire(timeout=60)
        yield hangs
    finally:
        hangs.end.set()
        for each in asking:
            each.join(60)


def test_a_quick_source_is_called_by_the_thread_that_asks() -> None:
    bulk = made()
    assert [call(bulk, threading.get_ident) for _ in range(3)] == [threading.get_ident()] * 3


@pytest.mark.usefixtures("slow")
def test_a_slow_one_in_a_thread_that_holds_up_no_end() -> None:
    bulk = made()
    assert call(bulk, threading.current_thread) is threading.current_thread()  # not known yet
    other = call(bulk, threading.current_thread)
    assert other is not threading.current_thread()
    assert other.daemon


def test_what_is_quick_again_is_called_by_who_asks_again() -> None:
    bulk = made()
    call(bulk, lambda: time.sleep(0.02))
    assert call(bulk, threading.get_ident) != threading.get_ident()
    assert call(bulk, threading.get_ident) == threading.get_ident()


def test_what_is_read_quickly_says_nothing_of_who_finds_it() -> None:
    """A function that asks a distant database may give the path of a file."""
    bulk = made()
    call(bulk, lambda: time.sleep(0.02))
    assert call(bulk, threading.get_ident, kind="header") == threading.get_ident()
    assert call(bulk, threading.get_ident) != threading.get_ident()


def test_one_thread_at_most_is_lost_to_a_source_that_hangs_suddenly() -> None:
    bulk = made()
    with hanging(bulk):
        assert call(bulk, threading.get_ident) != threading.get_ident()


@pytest.mark.usefixtures("slow")
def test_context_variables_go_along() -> None:
    variable = contextvars.ContextVar("variable", default="none")
    bulk = made()
    call(bulk, variable.get)
    variable.set("mine")
    assert call(bulk, variable.get) == "mine"


@pytest.mark.parametrize("kind", [LookupError, TimeoutError, KeyboardInterrupt])
@pytest.mark.usefixtures("slow")
def test_what_it_raises(kind: type[BaseException]) -> None:
    def fail() -> None:
        raise kind("its own")

    bulk = made()
    for _ in range(2):
        with pytest.raises(kind, match="its own"):
            call(bulk, fail)
    assert call(bulk, lambda: 1) == 1


@pytest.mark.usefixtures("slow")
def test_nobody_waits_longer() -> None:
    bulk, late, told = made(seconds=0.02), [], threading.Event()

    def noted(result: str) -> None:
        late.append(result)
        told.set()

    call(bulk, lambda: None)
    hangs = Hanging()
    assert refused(bulk, hangs, late=noted) == "source-unavailable"
    assert not late
    hangs.end.set()
    assert told.wait(60)
    assert late == ["late"]


@pytest.mark.usefixtures("slow")
def test_a_late_error_is_nobodys() -> None:
    hangs, late = Hanging(), []

    def fail() -> None:
        hangs()
        raise LookupError

    bulk = made(slots=1, seconds=0.02)
    call(bulk, lambda: None)
    assert refused(bulk, fail, late=late.append) == "source-unavailable"
    hangs.end.set()
    until = time.monotonic() + 60
    while bulk._calls:
        assert time.monotonic() < until
        time.sleep(0.001)
    assert late == []


@pytest.mark.usefixtures("slow")
def test_those_that_hang_count() -> None:
    bulk = made(slots=2, seconds=0.02)
    call(bulk, lambda: None)
    hangs = Hanging()
    assert [refused(bulk, hangs) for _ in range(2)] == ["source-unavailable"] * 2
    time.sleep(0.06)
    assert refused(bulk, lambda: 1) == "busy"
    hangs.end.set()


def test_a_slot_is_waited_for_while_the_source_moves() -> None:
    bulk = made(slots=1)
    call(bulk, lambda: time.sleep(0.02))
    got: list[Any] = []
    with hanging(bulk) as hangs:
        waiting = threading.Thread(target=lambda: got.append(call(bulk, lambda: 1)))
        waiting.start()
        time.sleep(0.02)
        assert not got
        hangs.end.set()
        waiting.join(60)
    assert got == [1]


def test_only_so_many_wait_for_a_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulkhead, "_SLOW", LONG)
    bulk = made(slots=1, waiting=0)
    call(bulk, lambda: time.sleep(0.02))
    with hanging(bulk):
        began = time.monotonic()
        assert refused(bulk, lambda: 1) == "busy"
        assert time.monotonic() - began < LONG / 2


@pytest.mark.usefixtures("slow")
def test_who_has_something_else_does_not_wait_long() -> None:
    bulk = made(slots=5)
    call(bulk, lambda: None)
    hangs = Hanging()
    began = time.monotonic()
    assert refused(bulk, hangs, spare=True) == "source-unavailable"
    # The source is slow by now; another call does not find out what one already does.
    assert refused(bulk, hangs, spare=True) == "busy"
    with pytest.raises(ImageError, match=r"within 0\.01 seconds"):
        call(bulk, hangs, "b", spare=True)
    assert call(bulk, lambda: 1, "c", spare=True) == 1
    assert time.monotonic() - began < LONG / 2
    assert len(bulk._calls) == 2
    hangs.end.set()


@pytest.mark.usefixtures("slow")
def test_who_has_something_else_waits_for_no_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulkhead, "_SLOW", LONG)
    bulk = made(slots=1)
    call(bulk, lambda: None)
    with hanging(bulk):
        assert refused(bulk, lambda: 1, "b", spare=True) == "busy"


@pytest.mark.usefixtures("slow")
def test_once_one_is_overdue_others_wait_less() -> None:
    bulk = made(slots=3, seconds=LONG)
    call(bulk, lambda: None)
    with hanging(bulk) as hangs:
        for future, (began, about) in bulk._calls.items():
            bulk._calls[future] = began - LONG, about
        assert refused(bulk, hangs) == "source-unavailable"


@pytest.mark.usefixtures("slow")
def test_no_thread_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    bulk = made(slots=1)
    call(bulk, lambda: None)

    def fail(work: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threads.THREADS, "start", fail)
        assert [refused(bulk, lambda: 1) for _ in range(2)] == ["busy"] * 2
    assert call(bulk, lambda: 1) == 1


def test_an_idle_thread_is_used_again() -> None:
    own, used = threads.Threads(), set()
    for _ in range(5):
        done = threading.Event()
        own.start(lambda done=done: (used.add(threading.current_thread()), done.set()))
        assert done.wait(60)
        until = time.monotonic() + 60
        while not own._idle:
            assert time.monotonic() < until
            time.sleep(0.001)
    assert len(used) == 1


def test_an_idle_thread_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_IDLE", 0.01)
    own, used = threads.Threads(), []
    for number in range(3):
        done = threading.Event()
        own.start(lambda done=done: (used.append(threading.current_thread()), done.set()))
        assert done.wait(60)
        if number == 1:
            used[-1].join(60)
            assert not used[-1].is_alive()
    assert used[2] is not used[1]
    assert own._idle in (0, 1)


_STUCK = """
import threading
from imgmiddleware import ImageRequest, ImageService

service = ImageService(lambda id: threading.Event().wait(), source_timeout=0.01)
service._originals._bulkhead._quick.clear()
print(service.handle(ImageRequest("GET", "/image/a")).status)
"""


def test_a_source_that_hangs_does_not_keep_the_process() -> None:
    command = [sys.executable, "-c", _STUCK]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout.strip()) == (0, "503"), ended.stderr
