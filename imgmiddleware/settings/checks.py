"""Checks of options: each returns the kept value, or raises `ValueError` that names the option."""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from imgmiddleware.errors.nearest import nearest, question
from imgmiddleware.formats.registry import names
from imgmiddleware.observing import Observer, Observers
from imgmiddleware.sources.calls import takes

#: Called with the name of the option and its given value, which may be anything.
Check = Callable[[str, Any], Any]

#: Bytes, pixels and seconds of `max_age` are counted in 64 bits at most, with a sign.
_MOST = 2**63 - 1
#: Seconds of waiting: some 30 years. Locks of Python take no more than 290.
_LONGEST = 10**9

#: Types that can be iterated, but are no lists of values.
_NO_LISTS = (str, bytes, bytearray, Mapping)


def wrong(name: str, value: Any, taken: str, near: str | None = None) -> ValueError:
    """The error for a value that the option does not take, with the nearest word that it does."""
    return ValueError(f"{name}: {value!r} is not {taken}{question(near)}")


def optional(check: Check) -> Check:
    """A check that also takes None."""
    return lambda name, value: None if value is None else check(name, value)


def text(taken: str) -> Check:
    """Text that can be written in UTF-8."""

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or (not value.isascii() and not is_unicode(value)):
            raise wrong(name, value, taken)
        return value

    return check


def queries(name: str, named: Any) -> Mapping[str, str]:
    """Text by name; the grammar checks its meaning."""
    if not isinstance(named, Mapping) or not all(
        isinstance(text, str) for pair in named.items() for text in pair
    ):
        raise wrong(name, named, "a mapping of names to queries such as {'thumb': 'w=200'}")
    return named


def mapping(taken: str) -> Check:
    """A mapping, whose contents are checked elsewhere."""

    def check(name: str, value: Any) -> Mapping[Any, Any]:
        if not isinstance(value, Mapping):
            raise wrong(name, value, taken)
        return value

    return check


def formats(*, safe: bool) -> Check:
    """A set of formats of originals: those with bounded decoders, or the others."""

    def check(name: str, given: Any) -> frozenset[str]:
        return frozenset(_words(name, given, sorted(names(safe=safe))))

    return check


def some_of(known: Collection[str], missing: Callable[[str], str] = lambda word: "") -> Check:
    """Some of these words, kept in this order; `missing` names the extra that a word needs."""

    def check(name: str, given: Any) -> tuple[str, ...]:
        words = _words(name, given, known)
        for word in filter(missing, words):
            raise ValueError(f"{name}: {word!r}: {missing(word)}")
        return tuple(word for word in known if word in words)

    return check


def _words(name: str, given: Any, known: Collection[str]) -> list[str]:
    words = listed(name, given, f"a list of {', '.join(known)}")
    for word in words:
        if not isinstance(word, str) or word not in known:
            raise wrong(name, word, f"one of {', '.join(known)}", nearest(word, known))
    return words


def listed(name: str, given: Any, taken: str) -> list[Any]:
    """The items of any collection; a text is not taken for a list of letters."""
    if not isinstance(given, Iterable) or isinstance(given, _NO_LISTS):
        raise wrong(name, given, taken)
    return list(given)


def one_of(*allowed: str) -> Check:
    """One of these words."""

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise wrong(name, value, f"one of {', '.join(allowed)}", nearest(value, allowed))
        return value

    return check


def number_of(*allowed: int) -> Check:
    """One of these whole numbers."""

    def check(name: str, value: Any) -> int:
        if type(value) is not int or value not in allowed:
            raise wrong(name, value, f"one of {', '.join(map(str, allowed))}")
        return value

    return check


def kind(*allowed: type) -> Check:
    """One of these types: the type itself, and none of its values."""

    def check(name: str, value: Any) -> Any:
        for kind in allowed:
            if kind is value:
                return kind
        raise wrong(name, value, f"one of {', '.join(kind.__qualname__ for kind in allowed)}")

    return check


def switch(name: str, value: Any) -> bool:
    """On or off. Others, such as `"no"`, would count as true, and turn on what was to be off."""
    if not isinstance(value, bool):
        raise wrong(name, value, "True or False")
    return value


def whole(least: int) -> Check:
    """A whole number that is not smaller than `least`."""

    def check(name: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _MOST:
            raise wrong(name, value, f"a whole number of {least} or more, below 2**63")
        return value

    return check


def secrets(name: str, given: Any) -> tuple[str | bytes, ...]:
    """Keys for signatures. No message shows one."""
    listed = isinstance(given, Iterable) and not isinstance(given, _NO_LISTS)
    keys = tuple(given) if listed else (None,)
    for key in keys:
        encoded = key.encode("utf-8", "replace") if isinstance(key, str) else key
        if not isinstance(encoded, bytes) or len(encoded) < 32:
            raise ValueError(f"{name}: not a list of secrets, each of 32 bytes or more")
    return keys


def seconds(name: str, value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= _LONGEST:
        raise wrong(name, value, f"a number of seconds from 0 to {_LONGEST}")
    return value  # type: ignore[no-any-return]


def plain_function(name: str, function: Any) -> Any:
    """A function that answers at once: a coroutine or a generator would always count as true."""
    call = getattr(function, "__call__", None)  # noqa: B004 - not whether it can be called, but how
    if not takes(function, "request") or any(map(_answers_later, (function, call))):
        raise wrong(
            name,
            function,
            "a function of an ImageRequest that returns yes or no, or is async, which needs "
            "ASGIImageMiddleware",
        )
    return function


def _answers_later(function: Any) -> bool:
    later = inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction
    return any(is_one(function) for is_one in later)


def context_maker(name: str, function: Any) -> Any:
    is_one = hasattr(
        type(function), "__enter__"
    )  # a context manager of `contextmanager` can be called, too
    if is_one or not takes(function) or _answers_later(function):
        raise wrong(
            name,
            function,
            "a function that makes a context manager, such as `app.app_context` (without a call)",
        )
    return function


def observer(name: str, given: Any) -> Any:
    """An object that has both methods, and not a class that has yet to be called."""
    if isinstance(given, type) or not isinstance(given, Observer):
        raise wrong(name, given, "an Observer: an object with `answered` and `watches`")
    for each in given.observers if isinstance(given, Observers) else (given,):
        if _answers_later(each.answered) or _answers_later(each.watches):
            raise wrong(name, each, "an Observer whose `answered` and `watches` are not async")
    return given


def sides(name: str, given: Any) -> tuple[int, ...]:
    sides = {whole(1)(name, side) for side in listed(name, given, "a list of pixels")}
    if not sides:
        raise ValueError(f"{name}: an empty list would allow nothing; None allows anything")
    return tuple(sorted(sides))


def is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
