"""Checks of options that are paths and URLs."""

import os
import re
from collections.abc import Mapping
from typing import Any

from imgmiddleware.http.cors import ORIGIN
from imgmiddleware.pixels.values import is_array
from imgmiddleware.settings.checks import Check, is_unicode, listed, text, wrong
from imgmiddleware.sources import ArrayOriginal, Original
from imgmiddleware.sources.function import is_async
from imgmiddleware.sources.paths import encoded

_URI = re.compile(r"https?://[!-~]+")
#: Without ? and #, as paths are added behind it.
_BASE_URL = re.compile(r"https?://[!$->@-~]+")


def prefix(name: str, path: Any) -> str:
    taken = "a path such as '/image/'"
    path = text(taken)(name, path)
    if any(part in path for part in ("?", "#", "//", "\0")):
        raise wrong(name, path, taken)
    inner = path.strip("/")
    return f"/{inner}/" if inner else "/"


def versions(*known: int) -> Check:
    """A path below the prefix for each of some versions, kept without its first slash."""

    def check(name: str, given: Any) -> Mapping[int, str]:
        taken = f"a mapping of {' and '.join(map(str, known))} to paths such as '2/', each another"
        if not isinstance(given, Mapping) or not {*given} <= {*known}:
            raise wrong(name, given, taken)
        paths = {version: prefix(name, path)[1:] for version, path in given.items()}
        if not all(paths.values()) or len({*paths.values()}) < len(paths):
            raise wrong(name, given, taken)
        return paths

    return check


def location(name: str, path: Any) -> str:
    """The beginning of a URI, which goes into a header; empty: none."""
    if not isinstance(path, str) or not path.isascii() or not path.isprintable():
        raise wrong(name, path, "a path of ASCII such as '/cache/'")
    if path and not path.startswith("/"):
        raise wrong(name, path, "a path such as '/cache/', from the first slash on")
    return path


def folder(name: str, path: Any) -> str:
    return _absolute(name, path, "a folder")


def _absolute(name: str, path: Any, taken: str) -> str:
    try:
        if isinstance(path, str | os.PathLike) and os.fspath(path) and "\0" not in os.fspath(path):
            return os.fsdecode(os.path.abspath(encoded(path)))
    except (TypeError, UnicodeError):
        pass
    raise wrong(name, path, taken)


def image_file(name: str, given: Any) -> str | bytes:
    """A path, which becomes an absolute one, or the bytes of a file."""
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given)
    return _absolute(name, given, "the path of an image file, or its bytes")


def overlays(name: str, given: Any) -> Mapping[str, Any]:
    """By name, each an image file, an array or a source; paths become absolute ones."""
    taken = "a mapping of names to image files such as {'logo': 'logo.png'}"
    if not isinstance(given, Mapping) or not all(map(_is_name, given)):
        raise wrong(name, given, taken)
    return {key: _overlay(f"{name}[{key!r}]", value) for key, value in given.items()}


def _overlay(name: str, given: Any) -> Any:
    """One of them. A source that is async could not be called in a thread."""
    if isinstance(given, str | os.PathLike | bytes | bytearray | memoryview):
        return image_file(name, given)
    opens = getattr(given, "open", given)
    if not is_array(given) and not isinstance(given, Original | ArrayOriginal):
        if not callable(opens) or is_async(opens):
            raise wrong(name, given, "an image file, an array, or a source that is not async")
    return given


def _is_name(key: object) -> bool:
    return isinstance(key, str) and key != "" and is_unicode(key)


def origins(name: str, allowed: Any) -> tuple[str, ...]:
    taken = "'*' alone, or such as 'https://a.example'"
    given = [allowed] if isinstance(allowed, str) else listed(name, allowed, taken)
    for origin in given:
        if not isinstance(origin, str) or not (ORIGIN.fullmatch(origin) or given == ["*"]):
            raise wrong(name, origin, taken)
    if not given:
        raise ValueError(f"{name}: an empty list would allow no site; None says so")
    return tuple(dict.fromkeys(given))


def uri(name: str, text: Any) -> str:
    """An absolute one, or nothing."""
    if not isinstance(text, str) or (text and not _URI.fullmatch(text)):
        raise wrong(name, text, "a URI such as 'https://a.example/licence'")
    return text


def base_url(name: str, text: Any) -> str:
    """Scheme and host, and maybe a path; without a slash at the end."""
    if not isinstance(text, str) or (text and not _BASE_URL.fullmatch(text)):
        raise wrong(name, text, "the beginning of a URL, such as 'https://images.example'")
    return text.rstrip("/")
