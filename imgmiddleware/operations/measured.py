"""Measured: how values that are no colours yet, such as heights or temperatures, are shown."""

from dataclasses import dataclass

from imgmiddleware.forms.values import bands, value_range
from imgmiddleware.forms.words import one_of
from imgmiddleware.operations.transform import Operation, parameter
from imgmiddleware.pixels.colormap import NAMES
from imgmiddleware.pixels.value_range import ValueRange


@dataclass(frozen=True)
class Measured(Operation):
    """`range` becomes black and white, or the ends of the `colormap`; `band` picks the bands to
    show.

    This stage comes before every stage that averages samples: colours stand for values, and not for
    means of values.
    """

    band: tuple[int, ...] | None = parameter(bands())
    range: ValueRange | None = parameter(value_range())
    colormap: str | None = parameter(one_of(sorted(NAMES)))
