"""What the steps of one answer took, for Server-Timing.

The service opens a `Steps` with `measured`. Whatever it then calls in the same thread says
`with step("decode"):` around what it does, and needs no argument for that. If nobody measures, this
costs a look at a variable. What the thread of another request did for this one is no step of this
one, but part of the time that it waited.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar


class Steps:
    """Seconds by name, in the order in which the steps were first taken."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def add(self, name: str, seconds: float) -> None:
        """Add to a step. One that is taken twice has the sum of both times."""
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds

    def header(self) -> str:
        """The value of Server-Timing (W3C): durations in milliseconds."""
        taken = tuple(self._seconds.items())  # another thread may still add to them
        return ", ".join(f"{name};dur={1000 * s:.3f}" for name, s in taken)


_current: ContextVar[Steps | None] = ContextVar("steps", default=None)

#: Most answers are not measured, and must not pay for it.
_NOTHING = nullcontext()


def current() -> Steps | None:
    """The steps of the answer that this thread works on, where they are measured."""
    return _current.get()


def taken() -> str | None:
    """Their Server-Timing; None where nothing is measured."""
    steps = _current.get()
    return None if steps is None else steps.header()


def measured(steps: Steps | None) -> AbstractContextManager[None]:
    """Add what is done inside to `steps`; None measures nothing."""
    return _NOTHING if steps is _current.get() else _measured(steps)


def step(name: str) -> AbstractContextManager[None]:
    """A step of the answer that this thread works on. `name` is a token (RFC 9110, 5.6.2)."""
    steps = _current.get()
    return _NOTHING if steps is None else _step(steps, name)


@contextmanager
def _measured(steps: Steps | None) -> Iterator[None]:
    token = _current.set(steps)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def _step(steps: Steps, name: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        steps.add(name, time.perf_counter() - start)
