"""Several sources as one: each for the IDs below a prefix, or one asked after the other."""

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

#: Why no event loop can be waited for in this thread, as far as that was asked.
_no_loop: ContextVar[RuntimeError | None] = ContextVar("no loop", default=None)


def made(given: Any, make: Callable[[Any], Any]) -> Any:
    """What was given as a source, where `make` makes each one of it that is not several itself.

    A mapping is a `PrefixSource`, unless it can be called or opened.
    """
    if isinstance(given, Mapping) and not callable(given) and not hasattr(given, "open"):
        given = PrefixSource(given)
    return given.made(make) if isinstance(given, Several) else make(given)


def each(source: object) -> Iterator[object]:
    """The source, and all that it is made of."""
    yield source
    if isinstance(source, Several):
        for one in source.sources.values():
            yield from each(one)


def directories(source: object) -> list[str]:
    """The directories that a source has its originals in, as far as it tells."""
    return [one.root for one in each(source) if isinstance(one, DirectorySource)]


def object_sources(source: object) -> list[ObjectSource]:
    """Those of a source that have their originals in object stores."""
    return [one for one in each(source) if isinstance(one, ObjectSource)]


def branches(source: object, prefix: str = "") -> list[str]:
    """The prefixes of all sources that are asked independently of each other; "" of one alone."""
    if not isinstance(source, PrefixSource):
        return [prefix]
    below = source.sources.items()
    return [whole for own, one in below for whole in branches(one, f"{prefix}{own}")]


def branch(source: object, id: str, prefix: str = "") -> str | None:
    """Which of them an ID is asked of; None: of none."""
    if not isinstance(source, PrefixSource):
        return prefix
    own = source.prefix_of(id)
    return None if own is None else branch(source.sources[own], id[len(own) :], f"{prefix}{own}")


class Several(ABC):
    """A `Source` that is made of others, which are given as a service takes them.

    `sources` are these, by their names. A service makes each by its own options; where there is
    none, each is made as if no option was given.
    """

    def __init__(self, sources: Mapping[str, Any]) -> None:
        if not sources:
            raise ValueError(f"source: {type(self).__name__} of no source has no originals")
        self.sources = dict(sources)
        self._opens: dict[str, Opens] = {}

    def made(self, make: Callable[[Any], Any]) -> Self:
        """The same of what `make` makes of each source."""
        other = copy(self)
        other.sources = {name: made(source, make) for name, source in self.sources.items()}
        other._opens = {}
        return other

    def open(self, id: str) -> Opened | None:
        """The original, or None where there is none. Raises what the source raises."""
        try:
            return self.open_strictly(id)
        except UnreadableError:
            return None

    @abstractmethod
    def open_strictly(self, id: str) -> Opened | None:
        """The same, but raises `UnreadableError` where there is one that cannot be read."""

    @property
    def note_loop(self) -> Callable[[], None] | None:
        """Of the sources that wait for an event loop; None if none does.

        It raises nothing: where there is no loop, the others can still be asked.
        """
        noting = filter(None, map(loop_noting, self.sources.values()))
        return next((partial(_note, note) for note in noting), None)

    def _opening(self) -> dict[str, Opens]:
        """How each is opened, by its name."""
        if not self._opens:
            sources = self.made(single).sources
            self._opens = {name: _opening(source) for name, source in sources.items()}
        return self._opens


class PrefixSource(Several):
    """A `Source` of others, each for the IDs that begin with its prefix. The longest counts.

    A source is asked for what follows its prefix. An empty one is for all IDs that have no other.
    What has none of them, and what its source has not, is no original.

    >>> from imgmiddleware import PrefixSource
    >>> source = PrefixSource({"maps/": "photos/", "art": {"1": b"BM..."}.get})
    >>> source.open("art/1").size, source.open("art/2"), source.open("1")
    (5, None, None)

    A prefix is one or more parts of a path: "maps" and "/maps/" are "maps/". Raises `ValueError`
    for one that no ID could have, or that is there twice. Given to a service, a mapping is this.
    """

    def __init__(self, sources: Mapping[str, Any]) -> None:
        prefixes = [_prefix(given) for given in sources]
        for prefix in prefixes:
            if prefixes.count(prefix) > 1:
                raise ValueError(f"source: the prefix {prefix!r} is there more than once")
        super().__init__(dict(zip(prefixes, sources.values(), strict=True)))
        self._depth = max(prefix.count("/") for prefix in prefixes)
        self._marks = {prefix: mark_of(prefix) if prefix else "" for prefix in prefixes}

    def prefix_of(self, id: str) -> str | None:
        """Which prefix an ID has; None: none of them."""
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
    """A `Source` of others, of which each is asked for what those before it have not.

    >>> from imgmiddleware import ChainSource
    >>> source = ChainSource({"1": b"BM..."}.get, "photos/")
    >>> source.open("1").size
    5

    Only what is not there is asked of the next. Where a source fails, by what it raises, or has a
    file that cannot be read, that is the answer, and not another's picture.

    The version of an original says of which source it is, as two may have files of the same time
    and size. A source's name is the path of a directory, and what Python calls all else; a keyword
    is another: `ChainSource(new="photos/", old=find)`. The time of an original (`Last-Modified`) is
    told of the first source alone: what is older in another may be the newer answer.
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
    """How a source is opened; one that waits for an event loop, not where there is none."""
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
