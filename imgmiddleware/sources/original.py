"""The protocols of a source and of an original: one version of one picture that it hands out.

Everything about an original comes from one opening of it. So the pixels can never belong to another
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
    `imgmiddleware.testing.OriginalConformance` tests what is promised here.

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
        """Whole seconds since the epoch. None: nobody knows."""
        ...

    @property
    def size(self) -> int:
        """Bytes of the file."""
        ...

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        """Fill `buffer` with the bytes from `offset` on, and return how many there were.

        They are fewer than `len(buffer)` only at the end of the original. Raises `ImageError`, 503
        `original-changed`, where the bytes may be of another version.
        """
        ...

    # Not those of `AbstractContextManager`: zope.interface, and with it Twisted, gives that class
    # attributes of its own, which every original would need to have then.
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
    """Where originals come from: an object with `open`, which several threads may call at once.

    `imgmiddleware.testing.SourceConformance` tests what is promised here.

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

        It is an `Original`, or the package's own `ArrayOriginal` for pixels that are no file. The
        ID is as it stands in the URL, percent-decoded. Raises `ImageError`, 503
        `source-unavailable`, where the source fails and nobody knows whether there is one.
        """
        ...


class AsyncSource(Protocol):
    """What `ASGIImageMiddleware` takes beside them: a `Source` whose `open` needs an event loop.

    What it opens is an `Original` like any other, which threads read.
    """

    async def open(self, id: str) -> Original | ArrayOriginal | None:
        """The same as a `Source`'s."""
        ...


class UnreadableError(Exception):
    """There is an original of the ID, or may be one, that this process may not read.

    To all who ask by `open` there is none. Where a second source is asked for what the first has
    not, this is the difference between what is not there and what is kept from us.
    """


def strictly(source: Source) -> Callable[[str], Opened | None]:
    """The `open` of a source; where it can tell, one that raises `UnreadableError`.

    A class that overrides `open` alone is called by that.
    """
    for kind in type(source).__mro__:
        if "open_strictly" in vars(kind):
            strict: Callable[[str], Opened | None] = source.open_strictly  # type: ignore[attr-defined]
            return strict
        if "open" in vars(kind):
            break
    return source.open


def announcing(original: object) -> Callable[[Numbers, Numbers], None] | None:
    """What is told of an original before it is read: offsets, and how many bytes from each, in the
    order of the reads. None of one that has no use for that: only requests to somewhere have.
    """
    return getattr(original, "announce", None)


def changed_while_read() -> ImageError:
    """The refusal of bytes that may be of another version than the key: 503, ask again."""
    return ImageError("original-changed", "the original was changed while it was read; ask again")


def unavailable(error: OSError) -> ImageError:
    """The refusal of a disk or network that fails: nothing is wrong with the request; ask again."""
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
