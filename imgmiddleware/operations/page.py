"""Page: which page or frame of the original is meant, or all of its frames."""

from dataclasses import dataclass

from imgmiddleware.forms.numbers import whole
from imgmiddleware.forms.words import flag
from imgmiddleware.operations.transform import Operation, parameter


@dataclass(frozen=True)
class Page(Operation):
    """`page` counts from 1; of an animation it is a frame. `anim` asks for all of them, moving."""

    page: int = parameter(whole(1, 100_000), 1)
    anim: bool = parameter(flag(), False)
