"""Originals beside greenlets, whose pixels are made in another thread than the application's."""

from collections.abc import Callable
from typing import TypeVar

from imgmiddleware.process.greenlets import has_greenlets, here
from imgmiddleware.sources import ArrayOriginal, BytesOriginal, Original
from imgmiddleware.sources.file import FileOriginal
from imgmiddleware.sources.objects import ObjectOriginal

Kind = TypeVar("Kind", Original, Original | ArrayOriginal)

#: Reading these calls no code but the package's.
_OURS = FileOriginal, BytesOriginal


def read_here(original: Kind) -> Kind:
    """The same original, whose code runs in the greenlet that waits for the pixels.

    Only the thread that opened a socket of gevent's can use it.
    """
    if isinstance(original, _OURS) or not has_greenlets():
        return original
    if isinstance(original, ArrayOriginal):
        return original.called_by(here(_called))  # type: ignore[return-value] # it is of its kind
    return _ReadHere(original)


def _called(function: Callable[[], object]) -> object:
    return function()


class _ReadHere:
    """An original of an application's own kind. The caller who opened it closes it."""

    def __init__(self, original: Original) -> None:
        self.version = original.version
        self.last_modified = original.last_modified
        self.size = original.size
        self.read_into = here(original.read_into)
        if isinstance(original, ObjectOriginal):
            self.announce = original.announce

    def __enter__(self) -> "_ReadHere":
        return self

    def __exit__(self, *error: object) -> None:
        pass
