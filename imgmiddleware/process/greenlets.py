"""Greenlets: gevent and eventlet run all of them in one thread, which a render would block.

Where they have patched Python's threads, a waiting greenlet lets others go on, and a computing one
does not. So pixels are made in a real thread, and the greenlet that needs them waits for it. All
other work stays with the greenlets, whose locks are for them alone. This includes the application's
own code, as its connections belong to the thread that opened them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakKeyDictionary

R = TypeVar("R")

#: The most real threads of one loop. The slots bound how many are in use.
_MOST = 64
#: Seconds for which an idle thread waits for work.
_IDLE = 10.0
#: Different in each real thread, patched or not.
_apart = threading.local()


def apart(call: Callable[..., R], *arguments: Any) -> R:
    """The value of the call: made in a real thread where this one runs greenlets, otherwise in this
    thread.

    A greenlet that is killed while it waits ends after the call, which may use objects that the
    greenlet closes.

    >>> apart(max, 1, 2)
    2
    """
    errands = _patched()
    if errands is None:
        return call(*arguments)
    return _run_apart(errands(), _Call(call, arguments))


def has_greenlets() -> bool:
    """Whether this process's threads are greenlets."""
    return _patched() is not None


def here(function: Callable[..., R]) -> Callable[..., R]:
    """The function; where an `apart` call calls it, the waiting greenlet runs it.

    >>> here(max)(1, 2)
    2
    """
    return partial(_here, function) if has_greenlets() else function


def _here(function: Callable[..., R], *arguments: Any) -> R:
    errands: _Errands | None = getattr(_apart, "errands", None)
    if errands is None:  # this is no thread of `apart`
        return function(*arguments)
    call = _Call(function, arguments)
    over = errands.lock()
    over.acquire()
    errands.put(partial(_and_release, call, over))
    over.acquire()
    return call.result()


class _Call(Generic[R]):
    """A call in one thread, whose outcome is for another."""

    def __init__(self, call: Callable[..., R], arguments: tuple[Any, ...]) -> None:
        self._call = partial(call, *arguments)
        self._error: BaseException | None = None

    def __call__(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:  # noqa: BLE001 - raised again for the waiting thread
            self._error = error

    def result(self) -> R:
        error, self._error = self._error, None
        if error is not None:
            raise error
        return self._result


Errand = Callable[[], object]


class _Errands(Protocol):
    """The errands between a greenlet and the real thread that works for it: calls that the thread
    asks of the greenlet.

    None says that the thread has ended its work.
    """

    def start(self, work: Callable[[], None]) -> None:
        """Have it called in a real thread."""
        ...

    def put(self, errand: Errand | None) -> None:
        """Called in the real thread."""
        ...

    def get(self) -> Errand | None:
        """Called by the greenlet. An error in it is the greenlet's alone: no errand is lost."""
        ...

    def lock(self) -> Any:
        """A lock of real threads."""
        ...


def _run_apart(errands: _Errands, call: _Call[R]) -> R:
    errands.start(partial(_with_errands, errands, call))
    killed: BaseException | None = None
    while True:
        try:
            errand = errands.get()
        except BaseException as error:  # noqa: BLE001 - raised when the call has ended
            killed = error
            continue
        if errand is None:
            break
        errand()
    if killed is not None:
        raise killed
    return call.result()


def _with_errands(errands: _Errands, call: _Call[Any]) -> None:
    _apart.errands = errands
    try:
        call()
    finally:
        _apart.errands = None
        errands.put(None)


def _and_release(call: _Call[Any], over: Any) -> None:
    call()
    over.release()


def _patched() -> Callable[[], _Errands] | None:
    """The library that made this process's threads greenlets; None: they are real ones.

    It is looked up at each use, as a server may patch the threads after the service was made.
    """
    modules = sys.modules
    gevent = modules.get("gevent.monkey")
    if gevent is not None and gevent.is_module_patched("threading"):
        return _OfGevent
    eventlet = modules.get("eventlet.patcher")
    if eventlet is not None and eventlet.is_monkey_patched("thread"):
        return _OfEventlet
    return None


class _OfGevent:
    def __init__(self) -> None:
        from gevent import get_hub, monkey, queue  # noqa: PLC0415 - where it is in use

        hub = get_hub()
        self._pool = _pool(hub)
        self._loop = hub.loop
        self._queue = queue.SimpleQueue()
        self.lock = monkey.get_original("_thread", "allocate_lock")

    def start(self, work: Callable[[], None]) -> None:
        self._pool.spawn(work)

    def put(self, errand: Errand | None) -> None:
        self._loop.run_callback_threadsafe(self._queue.put, errand)

    def get(self) -> Errand | None:
        found: Errand | None = self._queue.get()
        return found


_pools: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def _pool(hub: Any) -> Any:
    """A pool of the loop, as the loop's own has ten threads, which look up names, too."""
    from gevent.threadpool import ThreadPool  # noqa: PLC0415

    pool = _pools.get(hub)
    if pool is None:
        pool = _pools[hub] = ThreadPool(_MOST, hub, _IDLE)
    return pool


class _OfEventlet:
    """eventlet's pool has twenty threads, which only wait; the work has threads of its own."""

    def __init__(self) -> None:
        from eventlet import patcher  # noqa: PLC0415

        threads = patcher.original("_thread")
        self._start = threads.start_new_thread
        self._queue = patcher.original("queue").SimpleQueue()
        self._getting: Any = None
        self.lock = threads.allocate_lock

    def start(self, work: Callable[[], None]) -> None:
        self._start(work, ())

    def put(self, errand: Errand | None) -> None:
        self._queue.put(errand)

    def get(self) -> Errand | None:
        import eventlet.tpool  # noqa: PLC0415

        if self._getting is None:
            self._getting = eventlet.spawn(eventlet.tpool.execute, self._queue.get)
        found: Errand | None = (
            self._getting.wait()
        )  # a greenlet that is killed here waits for the same again
        self._getting = None
        return found
