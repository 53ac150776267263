"""Where originals come from: a directory, a function, or anything that has `open`."""

import os
from collections.abc import Awaitable, Callable
from typing import Any, Literal
from uuid import UUID

from imgmiddleware.sources.around import Around, AroundSource
from imgmiddleware.sources.array import ArrayOriginal
from imgmiddleware.sources.directory import DirectorySource
from imgmiddleware.sources.file import FileVersion
from imgmiddleware.sources.function import Found, FunctionSource, is_async
from imgmiddleware.sources.memory import BytesOriginal
from imgmiddleware.sources.original import AsyncSource, Opened, Original, Source

SourceLike = str | os.PathLike[str] | Callable[[Any], Found] | Source
"""What may be given as a source: a directory, a function of an ID, or a `Source`."""

AsyncFunction = Callable[[Any], Awaitable[Found]]
"""What `ASGIImageMiddleware` takes beside them: a function that needs an event loop."""


def as_source(
    source: SourceLike,
    *,
    id_type: type[str] | type[int] | type[UUID] = str,
    array_order: Literal["bgr", "rgb"] = "bgr",
    unsafe_follow_symlinks: bool = False,
    file_version: FileVersion = "stat",
    around: Around | None = None,
) -> Source:
    """The `Source` of a directory's path or a function; what is a `Source` already stays as it is.

    The options are described at `Settings`. Raises `ValueError` for a path that is no directory,
    and `TypeError` for anything else.
    """
    if isinstance(source, str | os.PathLike):
        return DirectorySource(
            source, unsafe_follow_symlinks=unsafe_follow_symlinks, file_version=file_version
        )
    opens = getattr(source, "open", None)
    if callable(opens):
        if is_async(opens):
            raise TypeError(
                "source: an async `open` needs ASGIImageMiddleware; give a plain one here"
            )
        made: Any = source  # what its `open` returns is checked by its use
    elif callable(source):
        made = FunctionSource(
            source, id_type=id_type, array_order=array_order, file_version=file_version
        )
    else:
        expected = "a directory, a function of an ID, or an object with `open(id)`"
        raise TypeError(f"source: {expected}; not {source!r}")
    calls_nobody = isinstance(made, DirectorySource)
    return made if around is None or calls_nobody else AroundSource(made, around)


__all__ = [
    "ArrayOriginal",
    "AsyncFunction",
    "AsyncSource",
    "BytesOriginal",
    "DirectorySource",
    "FunctionSource",
    "Opened",
    "Original",
    "Source",
    "SourceLike",
    "as_source",
]
