"""Who lends idle slots to the render of a thread; nobody, unless the service says so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

#: Whether the slot of who asks is wanted back.
Recalled = Callable[[], bool]


class Lender(Protocol):
    """Slots that are idle, lent to one render until somebody else wants them."""

    @property
    def has_idle(self) -> bool:
        """Whether a slot could be lent now: a look, without any lock."""
        ...

    def lend(self, work: Callable[[Recalled], object], size: int) -> bool:
        """Have `work` called in another thread, beside this one; whether a slot and `size` bytes
        were free. Both go back when it returns. It must raise nothing, and return soon when the
        slot is recalled.
        """
        ...


_current: ContextVar[Lender | None] = ContextVar("lender", default=None)


def current() -> Lender | None:
    """Who lends to what this thread renders."""
    return _current.get()


def idle() -> bool:
    """Whether what this thread renders may borrow a slot now."""
    lender = _current.get()
    return lender is not None and lender.has_idle


@contextmanager
def lent_by(lender: Lender | None) -> Iterator[None]:
    """Let what is rendered inside borrow of this one; None lends nothing.

    >>> with lent_by(None):
    ...     current() is None
    True
    """
    token = _current.set(lender)
    try:
        yield
    finally:
        _current.reset(token)
