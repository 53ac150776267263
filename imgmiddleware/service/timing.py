"""The time of each step of one answer, for Server-Timing and for an observer.

The service opens a `Steps` with `measured`. Functions that it then calls in the same thread say
`with step("decode"):` around their work, and need no argument for that. Where nothing is measured,
this costs a look at a variable. Work of another request's thread is no step of this answer, but
part of the time that it waited.
"""

from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar, Token
from time import perf_counter
from typing import Any

from imgmiddleware.messages import ImageResponse


class Steps:
    """Seconds by name, in the order in which the steps were first taken."""

    is_told = True
    """Whether Server-Timing tells them."""
    tier = ""
    """The tier that the picture came from, once it is noted."""
    outcome = ""
    """The outcome of the request, once it is noted."""

    def __init__(self) -> None:
        #: The first start of each step, by this module's clock, and its seconds in all.
        self._taken: dict[str, tuple[float, float]] = {}

    def add(self, name: str, start: float, end: float) -> None:
        """Add to a step. A step that is taken twice has the sum of both times."""
        first, seconds = self._taken.get(name, (start, 0.0))
        self._taken[name] = first, seconds + end - start

    def taken(self) -> list[tuple[str, float, float]]:
        """Each step with its start, and the end that it would have if it had been taken at once."""
        taken = tuple(self._taken.items())  # another thread may still add to them
        return [(name, start, start + seconds) for name, (start, seconds) in taken]

    def header(self) -> str:
        """The value of Server-Timing (W3C): durations in milliseconds."""
        return ", ".join(f"{name};dur={1000 * (e - s):.3f}" for name, s, e in self.taken())

    def ended(self, answer: ImageResponse) -> None:
        """The answer is made, and this is it."""

    def broke(self, error: BaseException) -> None:
        """There is no answer, as this was raised."""


_current: ContextVar[Steps | None] = ContextVar("steps", default=None)

#: Most answers are not measured, and must not pay for it.
_NOTHING = nullcontext()


def current() -> Steps | None:
    """The steps of the answer that this thread works on, where they are measured."""
    return _current.get()


def taken() -> str | None:
    """The Server-Timing of the steps; None where there are none, or the client is not told."""
    steps = _current.get()
    return steps.header() if steps is not None and steps.is_told else None


def note_tier(tier: str) -> None:
    """Note the tier of the picture that this thread answers with."""
    steps = _current.get()
    if steps is not None:
        steps.tier = tier


def note_outcome(outcome: str) -> None:
    """Note the outcome of the request that this thread works on."""
    steps = _current.get()
    if steps is not None:
        steps.outcome = outcome


def measured(steps: Steps | None) -> AbstractContextManager[None]:
    """Add the steps that are taken inside to `steps`; None measures nothing."""
    return _NOTHING if steps is _current.get() else _Measured(steps)


def step(name: str) -> AbstractContextManager[None]:
    """A step of the answer that this thread works on. `name` is a token (RFC 9110, 5.6.2)."""
    steps = _current.get()
    return _NOTHING if steps is None else _Step(steps, name)


class _Measured:
    """A context, as a class: a generator's context takes three times as long."""

    __slots__ = ("_steps", "_token")

    def __init__(self, steps: Steps | None) -> None:
        self._steps = steps

    def __enter__(self) -> None:
        self._token: Token[Steps | None] = _current.set(self._steps)

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        _current.reset(self._token)
        if error is not None and self._steps is not None:
            self._steps.broke(error)


class _Step:
    __slots__ = ("_name", "_start", "_steps")

    def __init__(self, steps: Steps, name: str) -> None:
        self._steps = steps
        self._name = name

    def __enter__(self) -> None:
        self._start = perf_counter()

    def __exit__(self, *raised: object) -> None:
        self._steps.add(self._name, self._start, perf_counter())
