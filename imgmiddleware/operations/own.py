"""Operations that an application brings along: its own function as a query parameter."""

import inspect
import keyword
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, make_dataclass, replace
from typing import Any, ClassVar

import numpy as np

from imgmiddleware.forms.form import Form, malformed
from imgmiddleware.forms.words import flag
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import parameter
from imgmiddleware.pixels.arrays import Color, Pixels


@dataclass(frozen=True)
class OwnOperation:
    """An operation on pixels that the application brings along, as a parameter of the query.

    >>> from imgmiddleware import ImageService, OwnOperation
    >>> from imgmiddleware.forms import whole
    >>> def darker(pixels, steps):
    ...     return pixels - np.minimum(pixels, steps)
    >>> darkened = OwnOperation(darker, version="1", arguments=[whole(0, 255)])
    >>> service = ImageService("photos/", operations={"darker": darkened})
    >>> service.url("none.jpg", darker=30)
    '/image/none.jpg?darker=30'

    It is applied after our own operations, and before `pad` and `bg`.
    """

    function: Callable[..., Pixels]
    """Called as `function(pixels, *arguments)`; returns new pixels of the same height and width.

    The pixels are uint8 in sRGB at the size of the result: (height, width) gray, or with 3 (blue,
    green, red) or 4 channels (and alpha). They are a copy, which the function may change."""
    version: str
    """Part of the key of every result that it makes. Change it whenever the function makes other
    pixels.
    """
    arguments: Sequence[Form[Any]] = ()
    """The forms of its arguments, which stand in the query with commas between: `edges=30,5`.
    Without any, `edges=1` switches it on."""


class OwnStep(PixelOperation):
    """The step of an `OwnOperation`; each has a class of its own, made by `_step_kind`.

    It can be pickled if its function can be: if that is found by its name in a module.
    """

    _name: ClassVar[str]
    _operation: ClassVar[OwnOperation]

    def __post_init__(self) -> None:
        """The value is not compared with its form. The form has just read it, and it is the
        application's: its values need not equal the ones that it reads from their text.
        """

    @property
    def key(self) -> str:
        """`name/version`, for the key of the picture."""
        return f"{self._name}/{self._operation.version}"

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        value = getattr(self, self._name)
        if value is None or value is False:
            return pixels
        arguments = value if isinstance(value, tuple) else ()
        made = self._operation.function(pixels.copy(), *arguments)
        return _checked(self._name, made, pixels.shape[:2])

    def __reduce__(self) -> tuple[Any, ...]:
        operation = replace(self._operation, arguments=())  # the forms have done their work
        return _restored, (self._name, operation, getattr(self, self._name))


def _restored(name: str, operation: OwnOperation, value: object) -> OwnStep:
    return _step_kind(name, operation)(**{name: value})


def step_kinds(own: Mapping[str, OwnOperation], taken: Sequence[str]) -> tuple[type[OwnStep], ...]:
    """A kind of step for each; raises `ValueError` for a name that is none, or is `taken`."""
    for name, operation in own.items():
        if not _is_usable(name):
            raise ValueError(f"operations: {name!r} is no name for a parameter")
        if name in taken:
            raise ValueError(f"operations: {name!r} is a parameter already")
        _check(name, operation)
    return tuple(_step_kind(name, operation) for name, operation in own.items())


def _is_usable(name: object) -> bool:
    if not isinstance(name, str) or keyword.iskeyword(name):
        return False
    if not unicodedata.is_normalized("NFKC", name):  # Python would take it for another
        return False
    # A step itself is asked for its `size`.
    return name.isidentifier() and not name.startswith("_") and name not in dir(OwnStep)


def _check(name: str, operation: OwnOperation) -> None:
    """Raises `ValueError` for a mistake that would show at each request otherwise."""
    version = operation.version if isinstance(operation, OwnOperation) else ""
    if not isinstance(version, str) or not version:
        raise ValueError(f"operations: {name!r} is not an OwnOperation with a version")
    function, forms = operation.function, operation.arguments
    if not callable(function) or inspect.iscoroutinefunction(function):
        raise ValueError(f"operations: {name!r} has no function, or an async one")
    if not isinstance(forms, Sequence) or not all(isinstance(form, Form) for form in forms):
        raise ValueError(f"operations: {name!r} has arguments that are not a list of Forms")


def _step_kind(name: str, operation: OwnOperation) -> type[OwnStep]:
    form: Form[Any] = _arguments(operation.arguments) if operation.arguments else flag()
    return make_dataclass(
        name.title(),
        [(name, Any, parameter(form, None if operation.arguments else False))],
        bases=(OwnStep,),
        frozen=True,
        namespace={"_name": name, "_operation": operation},
    )


def _arguments(forms: Sequence[Form[Any]]) -> Form[tuple[Any, ...]]:
    words = "; ".join(form.words for form in forms)

    def parse(name: str, text: str) -> tuple[Any, ...]:
        texts = text.split(",")
        if len(texts) != len(forms):
            raise malformed(name, text, f"{len(forms)} values separated by commas: {words}")
        return tuple(form.parse(name, part) for form, part in zip(forms, texts, strict=True))

    def write(values: tuple[Any, ...]) -> str:
        return ",".join(form.write(value) for form, value in zip(forms, values, strict=True))

    return Form(parse, write, words, endless=len(forms) > 1 or forms[0].endless)


def _checked(name: str, result: object, size: tuple[int, ...]) -> Pixels:
    """The function's result, once the later steps can rely on it. Raises `TypeError`."""
    if not isinstance(result, np.ndarray) or result.dtype != np.uint8:
        kind = f"an array of {result.dtype}" if isinstance(result, np.ndarray) else type(result)
        raise TypeError(f"operation {name!r} returns a uint8 array; not {kind}")
    if result.shape[:2] != size or (result.ndim != 2 and result.shape[2:] not in ((3,), (4,))):
        raise TypeError(
            f"operation {name!r} returns {size} pixels, gray or of 3 or 4 channels; "
            f"not {result.shape}"
        )
    return np.ascontiguousarray(result)
