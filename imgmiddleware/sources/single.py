"""The source for one given path, URL, function, or object of the application."""

import os
from reprlib import repr as shortened
from typing import Any, Literal, TypedDict, Unpack
from uuid import UUID

from imgmiddleware.objects.stores import means_store
from imgmiddleware.sources.around import Around, AroundSource
from imgmiddleware.sources.directory import DirectorySource
from imgmiddleware.sources.file import FileVersion
from imgmiddleware.sources.function import FunctionSource, is_async
from imgmiddleware.sources.objects import ObjectSource
from imgmiddleware.sources.original import Source


class SourceOptions(TypedDict, total=False):
    """The options of `Settings` for making paths and functions into sources."""

    id_type: type[str] | type[int] | type[UUID]
    array_order: Literal["bgr", "rgb"]
    unsafe_follow_symlinks: bool
    file_version: FileVersion
    around: Around | None
    recheck: float
    source_timeout: float


def single(given: Any, **options: Unpack[SourceOptions]) -> Source:
    """The `Source` for a directory's path, the address of a store, or a function; a `Source` stays
    as it is.

    Raises `ValueError` for a path that is no directory, for a URL of no store, and for one that
    needs a missing extra; `TypeError` for any other object.
    """
    around = options.pop("around", None)
    if means_store(given):
        return _objects(given, options)
    if isinstance(given, str | os.PathLike):
        return _directory(given, options)
    opens = getattr(given, "open", None)
    if callable(opens):
        if is_async(opens):
            raise TypeError(
                "source: an async `open` needs ASGIImageMiddleware; give a plain one here"
            )
        made: Any = given  # the value of `open` is checked where it is used
    elif callable(given):
        made = _function(given, options)
    else:
        raise TypeError(_no_source(given))
    calls_nobody = isinstance(made, DirectorySource | ObjectSource)
    return made if around is None or calls_nobody else AroundSource(made, around)


def _directory(path: str | os.PathLike[str], options: SourceOptions) -> DirectorySource:
    return DirectorySource(
        path,
        unsafe_follow_symlinks=options.get("unsafe_follow_symlinks", False),
        file_version=options.get("file_version", "stat"),
    )


def _objects(given: Any, options: SourceOptions) -> ObjectSource:
    return ObjectSource(
        given,
        recheck=options.get("recheck", 1.0),
        seconds=options.get("source_timeout", 10.0),
    )


def _function(function: Any, options: SourceOptions) -> FunctionSource:
    return FunctionSource(
        function,
        id_type=options.get("id_type", str),
        array_order=options.get("array_order", "bgr"),
        file_version=options.get("file_version", "stat"),
    )


def _no_source(given: object) -> str:
    taken = (
        "a directory, the URL of an object store, a function of an ID, an object with `open(id)`, "
        "or a mapping of prefixes to these"
    )
    one_by_one = isinstance(given, list | tuple)
    hint = "; ChainSource(...) asks several, one after the other" if one_by_one else ""
    return f"source: {taken}; not {shortened(given)}{hint}"
