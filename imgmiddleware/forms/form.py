"""The form of a parameter's text, and the errors of a text that has another form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from imgmiddleware.errors import ImageError
from imgmiddleware.errors.nearest import member, question

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """The form of a parameter's text, and its meaning. An application may make its own:

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
    """The form has more values than a cache can hold. With `widths` it is then allowed in presets
    only.
    """
    values: Form[T] | None = None
    """The form of values from a program, where these have a wider range."""

    binding: bool = False
    """A wrong text stays a 400 where others are left out, and so does a second one: the parameter
    says what to hide.
    """

    mended: Callable[[str], str | None] | None = None
    """Mends a text that the form refuses, where a service takes as much as it can (the option
    `unknown`). It returns the text that was probably meant, or None.
    """

    def check(self, name: str, value: T) -> None:
        """Raises `ImageError` (400) for a value outside of this form.

        A value is inside if the form reads it back from its own text. So the range stands in one
        place, and holds for a program's values as well as for a query's.
        """
        form = self.values or self
        try:
            read = form.parse(name, form.write(value))
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            read = None
        if not _same(read, value):
            raise out_of_range(name, repr(value), self.words)


def taken(form: Form[Any], name: str, text: str) -> str | None:
    """The text, or its mended text; None where the form refuses both. A wrong text of a `binding`
    form comes back as it is, for the reader to refuse.
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
    """The error of a text without this form, which `words` describes: 400.

    `near` is the word that may have been meant.
    """
    detail = f"{name}={text[:60]!r} is not {words}{question(near)}"
    return ImageError("malformed-parameter", detail, parameter=name, **member(near))


def out_of_range(name: str, text: str, words: str) -> ImageError:
    """The error of a value outside of the range that `words` describes: 400."""
    return ImageError("out-of-range", f"{name}={text[:60]} is not {words}", parameter=name)
