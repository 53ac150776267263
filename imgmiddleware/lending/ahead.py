"""Independent pieces of one render, of which idle slots make the next ones ahead.

The thread of the render takes the pieces up in their order, and hands their results on in their
order. It makes all pieces itself that no helper has begun. So it never waits for a slot, and its
results are the same with helpers and without.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextvars import Context, copy_context
from functools import partial
from threading import Condition
from typing import Generic, NoReturn, TypeVar

from imgmiddleware.lending.lender import Lender, Recalled, current, lent_by

K = TypeVar("K")
R = TypeVar("R")

#: Slots that one render borrows: with more, the thread that takes pieces up could not keep them
#: busy.
MOST = 4

#: Pieces that are taken up for each of them: one that is being made, and the next.
_EACH = 2

#: Seconds between two checks of an idle helper whether its slot is wanted back.
_LOOK_EVERY = 0.02


def ahead(
    items: Sequence[K], prepare: Callable[[K], Callable[[], R]], size: int = 0, own: int = 0
) -> Iterator[R]:
    """The value of each item, in their order.

    `prepare` is called in this thread, in order, and its function in any thread: so one thread
    reads an original. `size` is the number of bytes that a piece keeps between the two, and `own`
    the number that a thread needs to make any piece. Raises their errors, at the item's turn.

    >>> list(ahead(range(3), lambda number: lambda: number * number))
    [0, 1, 4]
    """
    lender = current()
    if lender is None or len(items) < 2:
        return (prepare(item)() for item in items)
    return _Pieces(items, prepare, _EACH * size + own, lender).results()


def _inside(context: Context, work: Callable[[Recalled], None], recalled: Recalled) -> None:
    context.run(work, recalled)


def _raise(error: Exception) -> NoReturn:
    raise error


class _Piece(Generic[R]):
    """One call: first waiting, then begun, then done."""

    def __init__(self, call: Callable[[], R]) -> None:
        self._call: Callable[[], R] | None = call
        self._result: R | None = None
        self._error: BaseException | None = None
        self.begun = self.done = False

    def make(self) -> None:
        assert self._call is not None
        try:
            self._result = self._call()
        except BaseException as error:  # noqa: BLE001 - raised at its turn, by `result`
            self._error = error
        self._call = None  # frees what the call holds

    def result(self) -> R:
        error, self._error = self._error, None
        if error is not None:
            raise error
        return self._result  # type: ignore[return-value] # it may be None


class _Pieces(Generic[K, R]):
    """The pieces that are taken up and not handed on yet."""

    def __init__(
        self,
        items: Sequence[K],
        prepare: Callable[[K], Callable[[], R]],
        size: int,
        lender: Lender,
    ) -> None:
        self._items = items
        self._taken = 0  # the number of items, from the first on
        self._prepare = prepare
        self._lender = lender
        self._size = size  # bytes that each helper takes
        self._changed = Condition()
        self._window: deque[_Piece[R]] = deque()
        self._helpers = 0
        self._busy = 0  # helpers with a piece
        self._closed = False

    def results(self) -> Iterator[R]:
        try:
            while self._left or self._window:
                self._borrow()
                self._take_up()
                self._finish(self._window[0])
                yield self._window.popleft().result()
        finally:
            self._close()

    @property
    def _left(self) -> int:
        return len(self._items) - self._taken

    def _borrow(self) -> None:
        """Borrow as many slots as there are pieces for, as all pieces may be begun."""
        most = min(MOST, self._left - (not self._window))
        for _ in range(self._helpers, most):
            work = partial(_inside, copy_context(), self._help)
            if not (self._lender.has_idle and self._lender.lend(work, self._size)):
                return
            with self._changed:
                self._helpers += 1

    def _take_up(self) -> None:
        while self._left and len(self._window) < 1 + _EACH * max(0, self._helpers):
            item = self._items[self._taken]
            self._taken += 1
            piece = _Piece(self._prepared(item))
            with self._changed:
                self._window.append(piece)
                self._changed.notify()

    def _prepared(self, item: K) -> Callable[[], R]:
        """The call of an item, or its error as the last piece: those before it come first."""
        try:
            return self._prepare(item)
        except Exception as error:  # noqa: BLE001 - raised at its turn
            self._taken = len(self._items)
            return partial(_raise, error)

    def _finish(self, first: _Piece[R]) -> None:
        """Make this piece; while another thread makes it, make those after it."""
        while True:
            with self._changed:
                if first.done:
                    return
                piece = self._begun()
                if piece is None:
                    self._changed.wait()
                    continue
            self._make(piece)

    def _help(self, recalled: Recalled) -> None:
        """The work of a helper, in another thread."""
        with lent_by(None):
            while (piece := self._next(recalled)) is not None:
                self._make(piece)
                with self._changed:
                    self._busy -= 1
                    self._changed.notify_all()

    def _next(self, recalled: Recalled) -> _Piece[R] | None:
        with self._changed:
            while not self._closed and not recalled():
                piece = self._begun()
                if piece is not None:
                    self._busy += 1
                    return piece
                if not self._left:
                    break
                self._changed.wait(_LOOK_EVERY)
            self._helpers -= 1
            return None

    def _begun(self) -> _Piece[R] | None:
        """The first piece that is not begun; called with the lock."""
        for piece in self._window:
            if not piece.begun:
                piece.begun = True
                return piece
        return None

    def _make(self, piece: _Piece[R]) -> None:
        piece.make()
        with self._changed:
            piece.done = True
            self._changed.notify_all()

    def _close(self) -> None:
        """Wait until no helper works on a piece, whose memory is the caller's."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            while self._busy:
                self._changed.wait()
        self._window.clear()
