"""What a form is, and the errors of a text that has not got it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from imgmiddleware.errors import ImageError
from imgmiddleware.errors.nearest import member, question

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How the text of a parameter looks, and what it means. An application may make its own:

    >>> def parse(name, text):
    ...     if text not in ("yes", "no"):
    ...         raise malformed(name, text, "yes or no")
    ...     return text == "yes"
    >>> yes = Form(parse, lambda value: "yes" if value else "no", "yes or no")
    >>> yes.parse("invert", "yes")
    True
    """

    parse: Callable[[str, str], T]
    """Called with the parameter's name and its text. Raises `malformed` or `out_of_range`."""
    write: Callable[[T], str]
    """The inverse: the one text of a value, as it stands in keys and in links."""
    words: str
    """The allowed values, for the documentation and for error messages: "a number from 1 to 9"."""
    endless: bool = False
    """More values than a cache can hold: with `widths` it is then allowed in presets only."""
    values: Form[T] | None = None
    """The form of a value that no text gave, where such values have a wider range."""

    binding: bool = False
    """A text of it that is wrong stays a 400 where others are left out, and so does a second one:
    it says what must not be shown."""

    mended: Callable[[str], str | None] | None = None
    """The text that was meant by one that is refused, where a service takes what it can (the option
    `unknown`); None for nothing."""

    def check(self, name: str, value: T) -> None:
        """Raises `ImageError` (400) for what is no value of this form.

        A value is one if its own text reads as it: so the range stands in one place, and what a
        program builds is held to it as well as what a query says.
        """
        form = self.values or self
        try:
            read = form.parse(name, form.write(value))
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            read = None
        if not _same(read, value):
            raise out_of_range(name, repr(value), self.words)


def taken(form: Form[Any], name: str, text: str) -> str | None:
    """The text, or what is mended of it; None where that is none of this form either, unless it is
    `binding`: then it is for who reads it to refuse.
    """
    for given in (text, form.mended(text) if form.mended else None):
        try:
            if given is not None:
                form.parse(name, given)
                return given
        except ImageError:
            continue
    return text if form.binding else None


def _same(one: object, other: object) -> bool:
    """Equal, and of one type: `True` is no 1, and no float is a decimal."""
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(map(_same, one, other))
    return type(one) is type(other) and one == other


def malformed(name: str, text: str, words: str, near: str | None = None) -> ImageError:
    """The error of a text that has not this form, which `words` describes: 400.

    `near` is what may have been meant.
    """
    detail = f"{name}={text[:60]!r} is not {words}{question(near)}"
    return ImageError("malformed-parameter", detail, parameter=name, **member(near))


def out_of_range(name: str, text: str, words: str) -> ImageError:
    """The error of a value outside of the range that `words` describes: 400."""
    return ImageError("out-of-range", f"{name}={text[:60]} is not {words}", parameter=name)
