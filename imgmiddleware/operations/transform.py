"""Transform: all operations that a request asks for, as one frozen value.

A Transform is a sequence of operations. An operation is a frozen dataclass whose fields are its
parameters, each declared with a `Form` that reads and writes its text. The canonical string is
derived from the fields, so that two queries with the same meaning for any original have one string.
This file knows no operation by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import quote

from imgmiddleware.forms.form import Form

O = TypeVar("O", bound="Operation")  # noqa: E741 - the letter that stands for Operation


#: The characters that a query would take for something else.
_MEANT = re.compile("[&+#]|%(?=[0-9A-Fa-f]{2})|[^ -~]")


def parameter(form: Form[Any], default: Any = None, *, name: str = "") -> Any:
    """A field of an operation: a query parameter of that name, read and written by `form`.

    `name` is for a parameter whose name is none in Python, such as `fp-x`.
    """
    return field(default=default, metadata={"form": form, "name": name})


class _Parameter(NamedTuple):
    """A parameter: its name in a query, and that of the field which has its value."""

    name: str
    field: str
    form: Form[Any]
    default: Any


@dataclass(frozen=True)
class Operation:
    """A step of a Transform. A subclass declares its parameters as fields, with defaults.

    Raises `ImageError` (400) for a value outside of its parameter's form: no grammar can build an
    operation that another one would refuse.
    """

    def __post_init__(self) -> None:
        for name, form, value in self._changed():
            form.check(name, value)

    @classmethod
    def forms(cls) -> Mapping[str, Form[Any]]:
        """The parameters of this operation, by name, in the order of the canonical string."""
        return {parameter.name: parameter.form for parameter in _parameters(cast("Any", cls))}

    def spelled(self) -> Iterator[str]:
        """`name=value` for every parameter that is not at its default."""
        for name, form, value in self._changed():
            yield f"{name}={_MEANT.sub(lambda found: quote(found[0]), form.write(value))}"

    def _changed(self) -> Iterator[tuple[str, Form[Any], Any]]:
        for name, attribute, form, default in _parameters(cast("Any", type(self))):
            value = getattr(self, attribute)
            if value != default:
                yield name, form, value


@lru_cache  # a plan asks for a dozen operations, most of them unchanged
def _parameters(kind: Any) -> tuple[_Parameter, ...]:
    return tuple(
        _Parameter(f.metadata["name"] or f.name, f.name, f.metadata["form"], f.default)
        for f in fields(kind)
    )


def operation(kind: type[O], values: Mapping[str, Any]) -> O:
    """The operation of the values of its parameters, by their names in a query."""
    fields = {parameter.name: parameter.field for parameter in _parameters(cast("Any", kind))}
    return kind(**{fields[name]: value for name, value in values.items()})


@lru_cache
def _unchanged(kind: Any) -> Any:
    return kind()


@dataclass(frozen=True)
class Transform:
    """Operations in the order in which they apply; those that change nothing are left out.

    >>> from imgmiddleware.operations.stages import build
    >>> build({"w": "800", "fit": "clip", "q": "60"}).canonical
    'w=800&q=60'
    """

    steps: tuple[Operation, ...] = ()
    """The operations."""
    _by_kind: Mapping[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        changing = tuple(step for step in self.steps if any(step._changed()))
        object.__setattr__(self, "steps", changing)
        # Each answer asks for 16 of them. The first of a kind counts.
        object.__setattr__(self, "_by_kind", {type(step): step for step in reversed(changing)})

    def __reduce__(self) -> tuple[Any, ...]:
        return Transform, (self.steps,)  # a kind of an application's own cannot be pickled

    @property
    def canonical(self) -> str:
        """The one spelling of this Transform: a query string that parses to an equal value."""
        return "&".join(part for step in self.steps for part in step.spelled())

    def get(self, kind: type[O]) -> O:
        """The step of this kind, or the one with all its parameters at their defaults."""
        key: Any = kind  # `cast` would be a call
        found: O = self._by_kind.get(key) or _unchanged(key)
        return found

    def replaced(self, new: Operation) -> Transform:
        """This Transform with `new` in the place of the step of its kind, which must be there."""
        return Transform(tuple(new if type(s) is type(new) else s for s in self.steps))
