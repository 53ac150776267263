"""The sources of originals: a directory, an object store, a function, any object with `open`, or
several."""

import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Unpack

from imgmiddleware.pixels.values import ArrayLike
from imgmiddleware.sources.array import ArrayOriginal
from imgmiddleware.sources.directory import DirectorySource
from imgmiddleware.sources.function import Found, FunctionSource
from imgmiddleware.sources.memory import BytesOriginal
from imgmiddleware.sources.objects import ObjectSource
from imgmiddleware.sources.original import (
    AsyncSource,
    Opened,
    Original,
    Source,
    UnreadableError,
)
from imgmiddleware.sources.several import ChainSource, PrefixSource, each, made
from imgmiddleware.sources.single import SourceOptions, single

SourceLike = str | os.PathLike[str] | Callable[[Any], Found] | Source | Mapping[str, "SourceLike"]
"""A source in the words of the caller: a directory, the URL of an object store, a function of an
ID, a `Source`, or a mapping of prefixes to these."""

OverlayLike = str | os.PathLike[str] | bytes | ArrayLike | Opened | Callable[[Any], Found] | Source
"""An overlay in the words of the caller: an image file, an array, or a source of it."""

AsyncFunction = Callable[[Any], Awaitable[Found]]
"""A function that needs an event loop."""

AsyncSourceLike = SourceLike | AsyncFunction | AsyncSource | Mapping[str, "AsyncSourceLike"]
"""A source for `ASGIImageMiddleware`."""


def as_source(source: SourceLike, **options: Unpack[SourceOptions]) -> Source:
    """The `Source` of a directory, a URL, a function or a mapping; a `Source` stays as it is.

    The options are described at `Settings`. Raises `ValueError` for a path that is no directory,
    and for an `id_type` of IDs with prefixes; `TypeError` for anything else.
    """
    whole: Source = made(source, partial(single, **options))
    if options.get("id_type", str) is not str and any(
        isinstance(one, PrefixSource) for one in each(whole)
    ):
        raise ValueError(
            "id_type: an ID with a prefix is text; a source of one prefix has its own type by "
            "FunctionSource(function, id_type=int)"
        )
    return whole


__all__ = [
    "ArrayOriginal",
    "AsyncFunction",
    "AsyncSource",
    "AsyncSourceLike",
    "BytesOriginal",
    "ChainSource",
    "DirectorySource",
    "FunctionSource",
    "ObjectSource",
    "Opened",
    "Original",
    "OverlayLike",
    "PrefixSource",
    "Source",
    "SourceLike",
    "UnreadableError",
    "as_source",
]
