"""Several sources as one: each for the IDs below a prefix, or one after the other."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from copy import copy
from functools import partial
from typing import Any, Self

from imgmiddleware.sources.directory import DirectorySource
from imgmiddleware.sources.function import loop_noting
from imgmiddleware.sources.marked import mark_of, marked
from imgmiddleware.sources.objects import ObjectSource
from imgmiddleware.sources.original import Opened, Source, UnreadableError, strictly
from imgmiddleware.sources.single import single

Opens = Callable[[str], Opened | None]

#: The error of this thread's missing event loop, once it was looked for.
_no_loop: ContextVar[RuntimeError | None] = ContextVar("no loop", default=None)


def made(given: Any, make: Callable[[Any], Any]) -> Any:
    """The source that was given. `make` makes each single source in it.

    A mapping is a `PrefixSource`, unless it can be called or opened.
    """
    if isinstance(given, Mapping) and not callable(given) and not hasattr(given, "open"):
        given = PrefixSource(given)
    return given.made(make) if isinstance(given, Several) else make(given)


def each(source: object) -> Iterator[object]:
    """The source, and all sources in it."""
    yield source
    if isinstance(source, Several):
        for one in source.sources.values():
            yield from each(one)


def directories(source: object) -> list[str]:
    """The directories of a source's originals, as far as they are known."""
    return [one.root for one in each(source) if isinstance(one, DirectorySource)]


def object_sources(source: object) -> list[ObjectSource]:
    """The object sources in a source."""
    return [one for one in each(source) if isinstance(one, ObjectSource)]


def branches(source: object, prefix: str = "") -> list[str]:
    """The prefixes of all sources that are asked independently; "" for a single one."""
    if not isinstance(source, PrefixSource):
        return [prefix]
    below = source.sources.items()
    return [whole for own, one in below for whole in branches(one, f"{prefix}{own}")]


def branch(source: object, id: str, prefix: str = "") -> str | None:
    """The prefix of the source that an ID belongs to; None: there is none."""
    if not isinstance(source, PrefixSource):
        return prefix
    own = source.prefix_of(id)
    return None if own is None else branch(source.sources[own], id[len(own) :], f"{prefix}{own}")


class Several(ABC):
    """A `Source` of other sources, which are given in the same forms as to a service.

    `sources` are these, by their names. A service makes each with its own options; without a
    service each is made without options.
    """

    def __init__(self, sources: Mapping[str, Any]) -> None:
        if not sources:
            raise ValueError(f"source: {type(self).__name__} of no source has no originals")
        self.sources = dict(sources)
        self._opens: dict[str, Opens] = {}

    def made(self, make: Callable[[Any], Any]) -> Self:
        """The same, of the sources that `make` makes."""
        other = copy(self)
        other.sources = {name: made(source, make) for name, source in self.sources.items()}
        other._opens = {}
        return other

    def open(self, id: str) -> Opened | None:
        """The original, or None where there is none. Raises the errors of the source."""
        try:
            return self.open_strictly(id)
        except UnreadableError:
            return None

    @abstractmethod
    def open_strictly(self, id: str) -> Opened | None:
        """The same, but raises `UnreadableError` where there is one that cannot be read."""

    @property
    def note_loop(self) -> Callable[[], None] | None:
        """The method of the sources that wait for an event loop; None if none does.

        It raises nothing: without a loop the other sources can still be asked.
        """
        noting = filter(None, map(loop_noting, self.sources.values()))
        return next((partial(_note, note) for note in noting), None)

    def _opening(self) -> dict[str, Opens]:
        """The opening function of each source, by its name."""
        if not self._opens:
            sources = self.made(single).sources
            self._opens = {name: _opening(source) for name, source in sources.items()}
        return self._opens


class PrefixSource(Several):
    """A `Source` of others, each for the IDs that begin with its prefix. The longest counts.

    A source gets the part of the ID after its prefix. An empty prefix is for all IDs without
    another. An ID without a prefix, or that its source does not have, is no original.

    >>> from imgmiddleware import PrefixSource
    >>> source = PrefixSource({"maps/": "photos/", "art": {"1": b"BM..."}.get})
    >>> source.open("art/1").size, source.open("art/2"), source.open("1")
    (5, None, None)

    A prefix is one or more parts of a path: "maps" and "/maps/" are "maps/". Raises `ValueError`
    for a prefix that no ID could have, or that comes twice. A service makes a mapping into a
    `PrefixSource`.
    """

    def __init__(self, sources: Mapping[str, Any]) -> None:
        prefixes = [_prefix(given) for given in sources]
        for prefix in prefixes:
            if prefixes.count(prefix) > 1:
                raise ValueError(f"source: the prefix {prefix!r} is given more than once")
        super().__init__(dict(zip(prefixes, sources.values(), strict=True)))
        self._depth = max(prefix.count("/") for prefix in prefixes)
        self._marks = {prefix: mark_of(prefix) if prefix else "" for prefix in prefixes}

    def prefix_of(self, id: str) -> str | None:
        """The prefix of an ID; None: there is none."""
        found, end = "" if "" in self.sources else None, 0
        for _ in range(self._depth):
            end = id.find("/", end) + 1
            if not end:
                break
            found = id[:end] if id[:end] in self.sources else found
        return found

    def open_strictly(self, id: str) -> Opened | None:
        prefix = self.prefix_of(id)
        if prefix is None or id == prefix:
            return None
        original = self._opening()[prefix](id[len(prefix) :])
        mark = self._marks[prefix]
        return marked(original, mark, dated=True) if original is not None and mark else original


class ChainSource(Several):
    """A `Source` of others: each is asked for the originals that those before it do not have.

    >>> from imgmiddleware import ChainSource
    >>> source = ChainSource({"1": b"BM..."}.get, "photos/")
    >>> source.open("1").size
    5

    Only a missing original is asked of the next source. If a source raises an error, or has a file
    that cannot be read, that is the answer, and not another source's picture.

    The version of an original names its source, as two may have files of the same time and size. A
    source's name is the path of a directory, or Python's name of any other object; a keyword gives
    another: `ChainSource(new="photos/", old=find)`. Only originals of the first source have a time
    (`Last-Modified`): an older file of another source may be the newer answer.
    """

    def __init__(self, /, *sources: Any, **named: Any) -> None:
        """Raises `ValueError` where there is no source."""
        names = set(named)
        called: dict[str, Any] = {}
        for source in sources:
            name = _free(_called(source), names)
            names.add(name)
            called[name] = source
        super().__init__(called | named)
        self._first = next(iter(self.sources))
        self._marks = {name: mark_of(name) for name in self.sources}

    def open_strictly(self, id: str) -> Opened | None:
        for name, opens in self._opening().items():
            original = opens(id)
            if original is not None:
                return marked(original, self._marks[name], dated=name == self._first)
        return None


def _prefix(given: object) -> str:
    if not isinstance(given, str):
        raise TypeError(f"source: prefixes are texts such as 'maps/'; not {given!r}")
    inner = given.strip("/")
    if not inner:
        return ""
    if "\0" in inner or any(part in ("", ".", "..") for part in inner.split("/")):
        raise ValueError(f"source: {given!r} is no prefix such as 'maps/' or 'maps/old/'")
    return f"{inner}/"


def _called(source: object) -> str:
    """A name that is the same in all processes, and after a restart."""
    if isinstance(source, str | os.PathLike):
        return os.fsdecode(source)
    if isinstance(source, DirectorySource):
        return source.root
    named: Any = source if hasattr(source, "__qualname__") else type(source)
    return f"{named.__module__}.{named.__qualname__}"


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free


def _opening(source: Source) -> Opens:
    """The opening function of a source; it raises where it lacks its event loop."""
    opens = strictly(source)
    if loop_noting(source) is None or isinstance(source, Several):
        return opens

    def on_loop(id: str) -> Opened | None:
        error = _no_loop.get()
        if error is not None:
            raise error
        return opens(id)

    return on_loop


def _note(note_loop: Callable[[], None]) -> None:
    try:
        note_loop()
        _no_loop.set(None)
    except RuntimeError as error:
        _no_loop.set(error)
