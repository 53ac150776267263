"""The known name that is nearest to a misspelt one."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType

#: Longer texts are not searched: no name resembles them. The search takes time with the square of
#: the length, and a request may have kilobytes.
_LONGEST = 24

_NO_WORDS: Mapping[str, str] = MappingProxyType({})


def nearest(
    text: object, known: Collection[str], words: Mapping[str, str] = _NO_WORDS
) -> str | None:
    """The name that is spelt most alike; or the one for which others have one of these `words`.

    >>> nearest("cachedir", ["cache_bytes", "cache_dir"])
    'cache_dir'
    >>> nearest("widht", ["w", "h"], {"width": "w", "height": "h"})
    'w'

    None where none is like it.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    meant = {word: name for word, name in words.items() if name in known}
    return _nearest(text.lower(), tuple(known), tuple(meant.items()))


@lru_cache(maxsize=256)  # one misspelt link is asked for again by every visitor of its page
def _nearest(text: str, known: tuple[str, ...], words: tuple[tuple[str, str], ...]) -> str | None:
    names = dict(words) | {name.lower(): name for name in known}
    found = get_close_matches(text, names, n=1)
    return names[found[0]] if found else None


def question(near: str | None) -> str:
    """The end of a sentence that asks whether this one was meant."""
    return "" if near is None else f"; did you mean {near}?"


def member(near: str | None) -> dict[str, str]:
    """The same for a program, as a member of a problem document."""
    return {} if near is None else {"nearest": near}
