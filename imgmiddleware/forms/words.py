"""Forms of words: one of a few, some of a few, a side or a corner, yes or no."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar, cast

from imgmiddleware.errors import ImageError
from imgmiddleware.errors.nearest import nearest
from imgmiddleware.forms import mending
from imgmiddleware.forms.form import Form, malformed

T = TypeVar("T")

_NO_WORDS: Mapping[str, str] = MappingProxyType({})
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}", re.ASCII)
_SIDES = ("top", "bottom", "left", "right")
#: How others say the same.
_SWITCHES = {"on": "1", "yes": "1", "off": "0", "no": "0"}
_FLAGS = {"0": False, "1": True, "false": False, "true": True}


def choice(*names: str) -> Form[str]:
    """One of a few words, as a str."""
    return one_of(names)


def one_of(
    names: Collection[str],
    others: Mapping[str, str] = _NO_WORDS,
    *,
    same: Mapping[str, str] = _NO_WORDS,
) -> Form[str]:
    """The same for words that may become more: each text is compared with the words of that moment.

    `others` are other people's words for these; a refusal tells ours. The words of `same` mean just
    what ours do, and are taken.
    """

    def words() -> str:
        return "one of " + ", ".join(names)

    def parse(name: str, text: str) -> str:
        if text in names:
            return text
        if text in same:
            return same[text]
        raise malformed(name, text, words(), nearest(text, names, others))

    def mended(text: str) -> str | None:
        return mending.word(text, [*names, *same], others)

    return Form(parse, str, words(), mended=mended)


def subset(*names: str) -> Form[tuple[str, ...]]:
    """Some of a few words, separated by commas; they are kept in the order given here."""
    words = "a list of " + ", ".join(names)

    def parse(name: str, text: str) -> tuple[str, ...]:
        given = text.split(",")
        found = tuple(word for word in names if word in given)
        if len(found) != len(given):
            raise malformed(name, text, words, _nearest_of(given, names))
        return found

    def mended(text: str) -> str | None:
        return mending.words(text, names)

    return Form(parse, ",".join, words, mended=mended)


def some_of(*names: str, done: Collection[str]) -> Form[tuple[str, ...]]:
    """The same for any number of the words, repeated or not, beside words of things done anyway."""
    shown = [word for word in done if word not in _FLAGS]
    words = "a list of " + ", ".join((*shown, *names))

    def parse(name: str, text: str) -> tuple[str, ...]:
        given = text.split(",")
        if {*given} - {*names, *done}:
            raise malformed(name, text, words, _nearest_of(given, (*names, *done)))
        return tuple(word for word in names if word in given)

    def mended(text: str) -> str | None:
        return mending.words(text, (*names, *done))

    return Form(parse, ",".join, words, mended=mended)


def open_by(word: str, form: Form[T]) -> Form[T | None]:
    """The values of another form; None for a word that means the same as no parameter."""

    def parse(name: str, text: str) -> T | None:
        return None if text == word else form.parse(name, text)

    return replace(cast("Form[T | None]", form), parse=parse)


def word_or(word: str, form: Form[T], *, also: str | None = None) -> Form[T | str]:
    """A word, with `also` as its other name; or a value of another form."""
    words = f"{word}, or {form.words}"

    def parse(name: str, text: str) -> T | str:
        if text in (word, also):
            return word
        try:
            return form.parse(name, text)
        except ImageError as error:
            if error.code != "malformed-parameter":
                raise
            inner = error.members.get("nearest")
            near = inner if isinstance(inner, str) else nearest(text, [word])
            raise malformed(name, text, words, near) from None

    def write(value: T | str) -> str:
        return word if value == word else form.write(value)  # type: ignore[arg-type]

    return Form(parse, write, words, form.endless, mended=form.mended)


def flag() -> Form[bool]:
    """`1` or `0`, as a bool; so are `true` and `false`."""

    def parse(name: str, text: str) -> bool:
        if text not in _FLAGS:
            raise malformed(name, text, "0 or 1")
        return _FLAGS[text]

    def mended(text: str) -> str | None:
        return mending.word(text, _FLAGS, _SWITCHES)

    return Form(parse, lambda value: str(int(value)), "0 or 1", mended=mended)


def identifier() -> Form[str]:
    """A text that may begin a name in CSS and other languages."""
    words = "up to 60 letters, digits, - and _, with a letter first"

    def parse(name: str, text: str) -> str:
        if not _IDENTIFIER.fullmatch(text):
            raise malformed(name, text, words)
        return text

    return Form(parse, str, words, endless=True)


def place(*others: str) -> Form[tuple[str, ...]]:
    """A side or a corner, as one or two words: top or bottom, left or right.

    `center` is the middle of each axis that has no other word: so it stands alone where both have
    none. Some of the words `others` may stand with it; they come first, in the order in which they
    are given.
    """
    words = "top, bottom, left, right, or a corner such as top,left"
    if others:
        words = f"a list of {', '.join(others)}, and {words}"

    def parse(name: str, text: str) -> tuple[str, ...]:
        given = text.split(",")
        if "center" in given:
            given.remove("center")
        found = tuple(word for word in given if word in others)
        sides = tuple(side for side in _SIDES if side in given)
        if (
            len(given) != len({*found}) + len(sides)
            or {"top", "bottom"} <= {*sides}
            or {"left", "right"} <= {*sides}
        ):
            raise malformed(name, text, words, _nearest_of(given, (*_SIDES, *others)))
        return *found, *sides

    def mended(text: str) -> str | None:
        return mending.place(text, others)

    return Form(parse, ",".join, words, mended=mended)


def alignment() -> Form[tuple[str, str]]:
    """The place of something in a frame: its row and its column; a missing one is the middle."""
    words = "one of top, middle, bottom, and one of left, center, right, such as top,left"
    rows, columns = ("middle", "top", "bottom"), ("center", "left", "right")

    def parse(name: str, text: str) -> tuple[str, str]:
        given = text.split(",")
        row, column = ([word for word in given if word in known] for known in (rows, columns))
        if max(len(row), len(column)) > 1 or len(row) + len(column) < len(given):
            raise malformed(name, text, words, _nearest_of(given, (*rows, *columns)))
        return (*row, rows[0])[0], (*column, columns[0])[0]

    return Form(parse, ",".join, words, mended=mending.place)


def text(words: str) -> Form[str]:
    """Any text that is not empty, such as a name from elsewhere; `words` describe it."""

    def parse(name: str, text: str) -> str:
        if not text or not is_text(text):
            raise malformed(name, text, words)
        return text

    return Form(parse, str, words, endless=True)


def is_text(text: str) -> bool:
    """Whether it can be written in UTF-8: without lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _nearest_of(given: Sequence[str], names: Collection[str]) -> str | None:
    """The name nearest to the first of these words that is no name."""
    return next((nearest(word, names) for word in given if word not in names), None)
