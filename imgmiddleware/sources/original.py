"""The protocols of a source and of an original: one version of one picture.

All facts of an original come from one opening of it. So the pixels can never belong to another
version than the key: the version is that of the opened file, not of a second look at its name.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from imgmiddleware.errors import ImageError
from imgmiddleware.sources.array import ArrayOriginal


@runtime_checkable
class Original(Protocol):
    """One version of an original that is the bytes of an image file, as a context manager.

    It is open from the start, and leaving the context closes it. One thread at a time uses it.
    `imgmiddleware.testing.OriginalConformance` tests these promises.

    >>> from imgmiddleware import BytesOriginal
    >>> isinstance(BytesOriginal(b""), Original)
    True
    """

    @property
    def version(self) -> str:
        """Any text that changes whenever the content does."""
        ...

    @property
    def last_modified(self) -> int | None:
        """Whole seconds since the epoch. None: unknown."""
        ...

    @property
    def size(self) -> int:
        """Bytes of the file."""
        ...

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        """Fill `buffer` with the bytes from `offset` on; returns how many there were.

        They are fewer than `len(buffer)` only at the end of the original. Raises `ImageError`, 503
        `original-changed`, where the bytes may be of another version.
        """
        ...

    # Written out instead of derived from `AbstractContextManager`. zope.interface, and with it
    # Twisted, gives that class attributes of its own, which every original would need to have then.
    def __enter__(self) -> Any: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


Numbers = npt.NDArray[np.int64]
"""Offsets in a file, or numbers of bytes."""

Opened = Original | ArrayOriginal
"""The originals that a source opens: an image file, or an array of pixels."""


class Source(Protocol):
    """A source of originals: an object with `open`, which several threads may call at once.

    `imgmiddleware.testing.SourceConformance` tests these promises.

    >>> from imgmiddleware import BytesOriginal, ImageService
    >>> class Database:
    ...     def __init__(self, rows):
    ...         self.rows = rows
    ...     def open(self, id):
    ...         return BytesOriginal(self.rows[id]) if id in self.rows else None
    >>> service = ImageService(Database({"cat": b"BM..."}))
    """

    def open(self, id: str) -> Original | ArrayOriginal | None:
        """The newest version of an original, opened; None where there is none of this ID.

        It is an `Original`, or the package's own `ArrayOriginal` for pixels without a file. The ID
        is the text in the URL, percent-decoded. Raises `ImageError`, 503 `source-unavailable`,
        where the source fails, so that nobody knows whether there is one.
        """
        ...


class AsyncSource(Protocol):
    """A further kind of source for `ASGIImageMiddleware`: its `open` needs an event loop.

    It opens an `Original` like any other, which threads read.
    """

    async def open(self, id: str) -> Original | ArrayOriginal | None:
        """The same as a `Source`'s."""
        ...


class UnreadableError(Exception):
    """There is an original of the ID, or may be one, that this process may not read.

    Callers of `open` get None for it. A chain asks its second source only for originals that are
    missing in the first; this error tells a missing original from a forbidden one.
    """


def strictly(source: Source) -> Callable[[str], Opened | None]:
    """The `open` of a source; the variant that raises `UnreadableError`, where there is one.

    For a class that overrides `open` alone, its `open` is called.
    """
    for kind in type(source).__mro__:
        if "open_strictly" in vars(kind):
            strict: Callable[[str], Opened | None] = source.open_strictly  # type: ignore[attr-defined]
            return strict
        if "open" in vars(kind):
            break
    return source.open


def announcing(original: object) -> Callable[[Numbers, Numbers], None] | None:
    """The method that tells an original its next reads: offsets, and how many bytes from each, in
    the order of the reads. None for an original that cannot use it: only remote ones can.
    """
    return getattr(original, "announce", None)


def changed_while_read() -> ImageError:
    """The refusal of bytes that may be of another version than the key: 503, ask again."""
    return ImageError("original-changed", "the original was changed while it was read; ask again")


def unavailable(error: OSError) -> ImageError:
    """The refusal where a disk or network fails: the request is valid; ask again."""
    return ImageError(
        "source-unavailable", f"the source failed: {error.strerror or type(error).__name__}"
    )


def read_all(original: Original) -> memoryview:
    """All bytes of an original. Raises `ImageError("original-changed")`.

    They are read into memory that is not zeroed first. For a BMP of 54 MB, zeroing takes as long as
    reading.
    """
    buffer = np.empty(original.size, np.uint8).data
    if original.read_into(buffer) < len(buffer):
        raise changed_while_read()
    return buffer.toreadonly()
