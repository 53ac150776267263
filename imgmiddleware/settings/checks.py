"""Checks of options: each returns the value as it is kept, or raises `ValueError` that names it."""

import inspect
import math
import os
from collections.abc import Callable, Collection, Mapping
from typing import Any

from imgmiddleware.formats.registry import names
from imgmiddleware.http.cors import ORIGIN
from imgmiddleware.sources.paths import encoded

#: Called with the name of the option and what was given for it, which may be anything.
Check = Callable[[str, Any], Any]


def optional(check: Check) -> Check:
    """What this check takes, or None."""
    return lambda name, value: None if value is None else check(name, value)


def prefix(name: str, path: Any) -> str:
    if not isinstance(path, str) or "?" in path or "#" in path or "//" in path:
        raise ValueError(f"{name}: {path!r} is not a path such as '/image/'")
    inner = path.strip("/")
    return f"/{inner}/" if inner else "/"


def folder(name: str, path: Any) -> str:
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        raise ValueError(f"{name}: {path!r} is not a folder")
    return os.fsdecode(os.path.abspath(encoded(path)))


def image_file(name: str, given: Any) -> str | bytes:
    """A path, which becomes an absolute one, or the bytes of a file."""
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given)
    if not isinstance(given, str | os.PathLike) or not os.fspath(given):
        raise ValueError(f"{name}: {type(given).__name__} is no path, and no bytes of a file")
    return os.fsdecode(os.path.abspath(encoded(given)))


def query(name: str, text: Any) -> str:
    """Text; what it means is the grammar's to check."""
    if not isinstance(text, str):
        raise ValueError(f"{name}: {text!r} is not a query such as 'w=800'")
    return text


def queries(name: str, named: Any) -> Mapping[str, str]:
    """Text by name, in the same way."""
    if not isinstance(named, Mapping) or not all(
        isinstance(text, str) for pair in named.items() for text in pair
    ):
        raise ValueError(f"{name}: not a mapping of names to queries such as {{'thumb': 'w=200'}}")
    return named


def formats(*, safe: bool) -> Check:
    """A set of formats of originals, whose decoders are bounded or are not."""

    def check(name: str, given: Any) -> frozenset[str]:
        if isinstance(given, str):
            raise ValueError(f"{name}: {given!r} is not a list of formats")
        if others := frozenset(given) - names(safe=safe):
            known = ", ".join(sorted(names(safe=safe)))
            raise ValueError(f"{name}: {', '.join(sorted(others))} is none of {known}")
        return frozenset(given)

    return check


def some_of(known: Collection[str]) -> Check:
    """Some of these words, which are kept in this order."""

    def check(name: str, given: Any) -> tuple[str, ...]:
        if isinstance(given, str) or set(given) - {*known}:
            raise ValueError(f"{name}: {given!r} is not a list of {', '.join(known)}")
        return tuple(word for word in known if word in given)

    return check


def origins(name: str, allowed: Any) -> tuple[str, ...]:
    given = (allowed,) if isinstance(allowed, str) else tuple(allowed)
    for origin in given:
        if not isinstance(origin, str) or not (ORIGIN.fullmatch(origin) or given == ("*",)):
            raise ValueError(f"{name}: {origin!r} is not '*' alone, or such as 'https://a.example'")
    if not given:
        raise ValueError(f"{name}: an empty list would allow nobody; None says so")
    return tuple(dict.fromkeys(given))


def one_of(*allowed: object) -> Check:
    def check(name: str, value: Any) -> Any:
        if value not in allowed:
            raise ValueError(f"{name}: {value!r} is not one of {allowed}")
        return value

    return check


def whole(least: int) -> Check:
    """A whole number that is not smaller than `least`."""

    def check(name: str, value: Any) -> Any:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name}: {value!r} is not a whole number from {least} on")
        return value

    return check


def seconds(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise ValueError(f"{name}: {value!r} is not a number of seconds from 0 on")
    return value


def plain_function(name: str, function: Any) -> Any:
    """A function whose answer need not be awaited: a coroutine would always be true."""
    call = getattr(function, "__call__", None)  # noqa: B004 - not whether it can be called, but how
    if call is None or any(map(inspect.iscoroutinefunction, (function, call))):
        raise ValueError(
            f"{name}: {function!r} is not a function of an ImageRequest, or is async, which needs "
            "ASGIImageMiddleware"
        )
    return function


def context_maker(name: str, function: Any) -> Any:
    is_one = hasattr(function, "__enter__")  # what `contextmanager` makes can be called, too
    if is_one or not callable(function) or inspect.iscoroutinefunction(function):
        raise ValueError(
            f"{name}: {function!r} is not a function that makes a context manager, such as "
            "`app.app_context` (without a call)"
        )
    return function


def sides(name: str, given: Any) -> tuple[int, ...]:
    sides = {whole(1)(name, side) for side in given}
    if not sides:
        raise ValueError(f"{name}: an empty list would allow nothing; None allows anything")
    return tuple(sorted(sides))
