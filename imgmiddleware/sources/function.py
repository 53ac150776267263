"""Originals that a function of the application looks up or makes."""

import inspect
import logging
import os
from collections.abc import Callable
from typing import Any, Literal

from imgmiddleware.pixels.values import ArrayLike, is_array
from imgmiddleware.sources.array import ArrayOriginal
from imgmiddleware.sources.calls import takes
from imgmiddleware.sources.file import NO_SUCH_FILE, FileOriginal, FileVersion, open_path
from imgmiddleware.sources.ids import is_written
from imgmiddleware.sources.memory import BytesOriginal
from imgmiddleware.sources.original import Opened, Original, UnreadableError
from imgmiddleware.sources.paths import encoded

Found = str | os.PathLike[str] | bytes | bytearray | memoryview | ArrayLike | Opened | None
"""The results of a source function: a path, a file's bytes, an array, an original, or None."""

_log = logging.getLogger("imgmiddleware")


class FunctionSource:
    """A `Source` that asks a function of the application, `function(id)`.

    The function returns a path, the bytes of an image file, an array or an image of Pillow's, an
    original, or None where there is none. The version of bytes and arrays is a hash of all of them.
    `ArrayOriginal` and `BytesOriginal` take a `version` instead, and the first says how an array is
    read. A path is trusted: it may lie anywhere. A path that leads to no readable regular file is
    no original either, and is logged. Errors of the function propagate. The ID is given as a value
    of `id_type`: a str, an int or a `uuid.UUID`. Any other text of such an ID names no original.

    >>> from imgmiddleware import FunctionSource
    >>> source = FunctionSource({"1": b"BM..."}.get)
    >>> source.open("2") is None
    True
    """

    def __init__(
        self,
        function: Callable[[Any], Found],
        *,
        id_type: Callable[[str], Any] = str,
        array_order: Literal["bgr", "rgb"] = "bgr",
        file_version: FileVersion = "stat",
    ) -> None:
        """Raises `TypeError` for a function that takes no ID, and for an async one, which needs
        ASGI's event loop.
        """
        if is_async(function):
            raise TypeError(
                "source: an async function needs ASGIImageMiddleware; give a plain function here"
            )
        if not takes(function, "id"):
            words = f"source: a function of an ID; {function!r} cannot be called with one"
            raise TypeError(words)
        self.note_loop = loop_noting(function)
        """Notes this thread's loop for an async function, which other threads call."""
        self._function = function
        self._id_type = id_type
        self._order = array_order
        self._version: FileVersion = file_version

    def open(self, id: str) -> Opened | None:
        """The original, or None where there is none. Raises `TypeError` for anything else."""
        try:
            return self.open_strictly(id)
        except UnreadableError:
            return None

    def open_strictly(self, id: str) -> Opened | None:
        """The same, but raises `UnreadableError` for the path of a file that cannot be opened."""
        if not is_written(id, self._id_type):
            return None
        found = self._function(self._id_type(id))
        if isinstance(found, str | os.PathLike):
            return _opened(found, id, self._version)
        if isinstance(found, bytes | bytearray | memoryview):
            return BytesOriginal(found)
        if is_array(found):
            return ArrayOriginal(found, self._order)
        if found is None or isinstance(found, _ORIGINALS):
            return found
        lazy = ": a function that makes an array is ArrayOriginal(function, version=...)"
        raise TypeError(
            "source: the function returns a path, bytes, an array of NumPy's or an image of "
            f"Pillow's, an original or None; for id={id!r} it returned {type(found).__name__}"
            + (lazy if callable(found) else "")
        )


#: The package's own first: to check a protocol takes 20 µs on Python 3.11.
_ORIGINALS = (ArrayOriginal, BytesOriginal, FileOriginal, Original)


def _opened(path: str | os.PathLike[str], id: str, version: FileVersion) -> FileOriginal | None:
    try:
        return open_path(encoded(path), version=version)
    except (OSError, ValueError) as error:  # ValueError: it has a NUL, as its ID may have
        why = getattr(error, "strerror", None) or error
        _log.warning("the path for id=%r cannot be opened: %r: %s", id, path, why)
        number = getattr(error, "errno", None)
        if number is None or number in NO_SUCH_FILE:
            return None
        raise UnreadableError(id) from error


def loop_noting(called: object) -> Callable[[], None] | None:
    """The method by which a callable on an event loop notes its loop; None for all others.

    The loop's own thread calls it. Threads with its context can then call the function.
    """
    note: Callable[[], None] | None = getattr(called, "note_loop", None)
    return note


def runs_on_loop(called: object) -> bool:
    """Whether it waits for an event loop: no thread runs it itself."""
    return loop_noting(called) is not None


def is_async(function: object) -> bool:
    """Whether calling it makes a coroutine: an async function, or an object whose call is one."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - not whether it can be called, but how
    )
