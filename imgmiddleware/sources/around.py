"""Calls of the application's code get the framework's context around them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self, TypeVar

from imgmiddleware.sources.array import ArrayOriginal
from imgmiddleware.sources.file import FileOriginal
from imgmiddleware.sources.function import loop_noting, runs_on_loop
from imgmiddleware.sources.memory import BytesOriginal
from imgmiddleware.sources.original import Opened, Original, Source, strictly

Around = Callable[[], AbstractContextManager[object]]
"""Makes a context that is entered around a call of the application's code."""

#: Reading these calls no code but the package's.
_OURS = (BytesOriginal, FileOriginal)

R = TypeVar("R")


def with_around(
    function: Callable[[Any], R] | None, around: Around | None
) -> Callable[[Any], R] | None:
    """The same function with a context around each call, unless it runs on an event loop."""
    if function is None or around is None or runs_on_loop(function):
        return function

    def called(given: Any) -> R:
        with around():
            return function(given)

    return called


class AroundSource:
    """A `Source` with a context of its own around each call, and around each call of its originals.

    A source on an event loop is opened without one, but its originals are read in threads all the
    same.

    Each call has its own, as a context may hold a connection to a database. One context around all
    reading would hold it while a picture waits for a slot, and is rendered.
    """

    def __init__(self, source: Source, around: Around) -> None:
        self._source = source
        self._around = around
        self.note_loop = loop_noting(source)
        """As the source's, if opening waits for an event loop."""
        self._opening = around if self.note_loop is None else nullcontext

    def open(self, id: str) -> Opened | None:
        return self._opened(self._source.open, id)

    def open_strictly(self, id: str) -> Opened | None:
        """The same, by `strictly`."""
        return self._opened(strictly(self._source), id)

    def _opened(self, opens: Callable[[str], Opened | None], id: str) -> Opened | None:
        original: Opened | None = None
        try:
            with self._opening():
                original = opens(id)
                if isinstance(original, ArrayOriginal):
                    return original.called_by(self._called)
                if isinstance(original, _OURS) or not isinstance(original, Original):
                    return original
                return _AroundOriginal(original, self._around)
        except BaseException:
            if original is not None:  # the context itself has failed
                original.__exit__(None, None, None)
            raise

    def _called(self, function: Callable[[], object]) -> object:
        with self._around():
            return function()


class _AroundOriginal:
    """An original of the application's own kind."""

    def __init__(self, original: Original, around: Around) -> None:
        self._original = original
        self._around = around
        # Looked up here, as the attributes may be lazy, and this constructor is called in a
        # context.
        self.version = original.version
        self.last_modified = original.last_modified
        self.size = original.size

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        with self._around():
            return self._original.read_into(buffer, offset)

    def __enter__(self) -> Self:
        with self._around():
            self._original.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        with self._around():
            self._original.__exit__(*error)
