"""Where threads are real, nothing of greenlets is done; servers have the rest (tests/servers)."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from imgmiddleware import ArrayOriginal, BytesOriginal
from imgmiddleware.process import greenlets
from imgmiddleware.process.greenlets import apart, here
from imgmiddleware.service.originals.reading import read_here


def test_real_threads_do_it_themselves() -> None:
    assert apart(threading.get_ident) == threading.get_ident()
    function = threading.get_ident
    assert here(function) is function


def test_what_is_raised_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        apart(lambda: 1 / 0)


def test_originals_are_read_as_they_are() -> None:
    for original in (BytesOriginal(b""), ArrayOriginal(np.zeros((2, 3), np.uint8))):
        assert read_here(original) is original


@pytest.mark.parametrize("patched", [True, False])
def test_a_library_that_is_loaded_may_have_patched_nothing(
    patched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gevent is loaded by many a library; it is asked at each use, as servers patch late."""
    gevent = SimpleNamespace(is_module_patched=lambda name: patched and name == "threading")
    monkeypatch.setitem(greenlets.sys.modules, "gevent.monkey", gevent)
    assert greenlets.has_greenlets() == patched


class _Two:
    """Errands between two real threads, where one of them is interrupted as greenlets are."""

    def __init__(self) -> None:
        import queue

        self.lock = threading.Lock
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.interruptions = [KeyboardInterrupt(), SystemExit()]

    def start(self, work: Any) -> None:
        threading.Thread(target=work, daemon=True).start()

    def put(self, errand: Any) -> None:
        self._queue.put(errand)

    def get(self) -> Any:
        if self.interruptions:
            raise self.interruptions.pop()
        return self._queue.get(timeout=20)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> _Two:
    errands = _Two()
    monkeypatch.setattr(greenlets, "_patched", lambda: lambda: errands)
    return errands


def test_a_call_asks_for_what_is_to_be_done_here(two: _Two) -> None:
    two.interruptions.clear()
    read = here(threading.get_ident)

    def call(number: int) -> tuple[int, int, int]:
        return number, threading.get_ident(), read()

    number, made_in, read_in = apart(call, 3)
    assert (number, read_in) == (3, threading.get_ident())
    assert made_in != read_in
    assert read() == threading.get_ident()  # also where nothing is apart


def test_what_is_raised_here_is_raised_there(two: _Two) -> None:
    two.interruptions.clear()

    def fails() -> None:
        raise FileNotFoundError

    failing, seen = here(fails), []

    def call() -> None:
        try:
            failing()
        except FileNotFoundError:
            seen.append(threading.get_ident())
            raise

    with pytest.raises(FileNotFoundError):
        apart(call)
    assert seen != [threading.get_ident()]


def test_who_is_interrupted_waits_for_its_end(two: _Two) -> None:
    ended = []
    with pytest.raises(KeyboardInterrupt):  # the last of two
        apart(ended.append, 1)
    assert ended == [1]
