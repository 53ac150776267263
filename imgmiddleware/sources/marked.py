"""Originals whose version also names their source, among several."""

import re
from copy import copy
from hashlib import sha256
from typing import Any, Self

from imgmiddleware.sources.array import ArrayOriginal
from imgmiddleware.sources.file import FileOriginal
from imgmiddleware.sources.memory import BytesOriginal
from imgmiddleware.sources.objects import ObjectOriginal
from imgmiddleware.sources.original import Opened, Original

#: One mark for each of the sources around one another.
_MARKS = re.compile(r"^(?:[0-9a-f]{16}\.)+")


def mark_of(name: str) -> str:
    """The mark of a source in versions, by its name: of fixed length, as that may be a path."""
    return f"{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}."


def unmarked(version: str) -> str:
    """A version without its marks: the same whichever of several sources gave it."""
    return _MARKS.sub("", version)


def marked(original: Opened, mark: str, *, dated: bool) -> Opened:
    """The same original, with the mark in its version; `dated`: with the time that it has.

    The given original is left as it is, as its maker may keep it. An object that is no original is
    returned for the caller to refuse.
    """
    if isinstance(original, FileOriginal | ObjectOriginal | BytesOriginal | ArrayOriginal):
        # A file is opened anew each time; bytes and arrays may be handed out again.
        anew = isinstance(original, FileOriginal | ObjectOriginal)
        other = original if anew else copy(original)
        other.version = mark + original.version
        if not dated:
            other.last_modified = None
        return other
    return _Marked(original, mark, dated) if isinstance(original, Original) else original


class _Marked:
    """An original of an application's own kind."""

    def __init__(self, original: Original, mark: str, dated: bool) -> None:
        self._original = original
        self._mark = mark
        self._dated = dated
        self.read_into = original.read_into

    @property
    def version(self) -> str:
        return self._mark + self._original.version

    @property
    def last_modified(self) -> int | None:
        return self._original.last_modified if self._dated else None

    @property
    def size(self) -> int:
        return self._original.size

    def __enter__(self) -> Self:
        self._original.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._original.__exit__(*error)
