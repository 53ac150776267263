"""The values of options, from their texts; argparse reports a text that is none."""

import argparse
import os
from collections.abc import Collection, Sequence
from typing import Any


def preset(text: str) -> tuple[str, str]:
    name, equals, query = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=QUERY")
    return name, query


def id(text: str) -> str:
    """An ID in characters. Without a locale Python has its bytes in surrogates."""
    return os.fsencode(text).decode("utf-8", "surrogateescape")


def words(text: str) -> list[str]:
    return text.split(",")


def sides(text: str) -> list[int]:
    try:
        return [int(side) for side in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not pixels such as 320,640") from None


def port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def mount(text: str) -> str:
    """A path without a slash at its end, as ASGI's `root_path`; "" for the root."""
    path = text.rstrip("/")
    if path and (not path.startswith("/") or "//" in path or any(c in path for c in "?#%")):
        raise argparse.ArgumentTypeError(f"{text!r} is not a path such as /pictures")
    return path


def metrics(text: str) -> str:
    """A path as well, and not the root: the page of the originals has that."""
    path = mount(text)
    if not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not a path such as /metrics")
    return path


def processes(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 1024):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1024")
    return int(text)


#: The conversion of an option's text to a value of this type; without one the text is the value.
READ: dict[object, dict[str, Any]] = {
    int: {"type": int},
    float: {"type": float},
    Sequence[int] | None: {"type": sides},
    Sequence[str]: {"type": words},
    Collection[str]: {"type": words},
    str | Sequence[str] | None: {"action": "append"},
}
