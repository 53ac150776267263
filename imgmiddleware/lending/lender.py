"""The lender of idle slots to the render of a thread; there is none unless the service sets one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

#: Whether the borrower's slot is wanted back.
Recalled = Callable[[], bool]


class Lender(Protocol):
    """Idle slots, lent to one render until another request needs them."""

    @property
    def has_idle(self) -> bool:
        """Whether a slot could be lent now: a look, without any lock."""
        ...

    def lend(self, work: Callable[[Recalled], object], size: int) -> bool:
        """Have `work` called in another thread, beside this one; returns whether a slot and `size`
        bytes were free. Both go back when it returns. It must raise nothing, and return soon when
        the slot is recalled.
        """
        ...


_current: ContextVar[Lender | None] = ContextVar("lender", default=None)


def current() -> Lender | None:
    """The lender to this thread's render."""
    return _current.get()


def idle() -> bool:
    """Whether this thread's render may borrow a slot now."""
    lender = _current.get()
    return lender is not None and lender.has_idle


@contextmanager
def lent_by(lender: Lender | None) -> Iterator[None]:
    """Let renders inside borrow from this one; None lends nothing.

    >>> with lent_by(None):
    ...     current() is None
    True
    """
    token = _current.set(lender)
    try:
        yield
    finally:
        _current.reset(token)
