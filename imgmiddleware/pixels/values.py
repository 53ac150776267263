"""Values: a caller's array, whatever library made it, in one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

import numpy as np
import numpy.typing as npt

from imgmiddleware.pixels.orientation import Orientation
from imgmiddleware.pixels.pillow import Picture, PillowImage


class SupportsArray(Protocol):
    """An array of NumPy's, or an object that says how it becomes one."""

    def __array__(self) -> npt.NDArray[Any]: ...


ArrayLike = SupportsArray | Picture
"""An array of NumPy's, a masked one too, an image of Pillow's, or an object with `__array__`."""


@dataclass(frozen=True, slots=True)
class Declared:
    """An array that is not there yet: its shape and dtype."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    inks: bool = False
    orientation: Orientation = Orientation.UPRIGHT


@dataclass(frozen=True, slots=True)
class Present:
    """An array that is there. It may be a masked one."""

    given: npt.NDArray[Any]
    inks: bool = False
    profile: bytes | None = None
    orientation: Orientation = Orientation.UPRIGHT
    of_pillow: bool = False  # it was an image of Pillow's, and is read as one

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.given.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the array."""
        return self.given.dtype

    def array(self) -> npt.NDArray[Any]:
        """The array."""
        return self.given


Values = Present | PillowImage


def is_array(given: object) -> TypeGuard[ArrayLike]:
    """Whether `as_values` takes it."""
    return isinstance(given, Picture) or hasattr(given, "__array__")


def as_values(given: object) -> Values:
    """Raises `TypeError` for any other object."""
    if isinstance(given, Picture):
        return PillowImage(given)
    if isinstance(given, np.ma.MaskedArray):
        return Present(given)
    if hasattr(given, "__array__"):
        return Present(np.asarray(given))
    raise TypeError(
        "an array is NumPy's (a masked one too), an image of Pillow's, or an object that has "
        f"`__array__`; not {type(given).__name__}"
    )
