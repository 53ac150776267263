"""The common part of operations on pixels.

They come after the picture has its size, orientation and colours: uint8 in sRGB, or uint16 in the
original's own colours where `depth=16` asks for them. No operation writes into the pixels that it
gets.
"""

from dataclasses import dataclass
from typing import ClassVar

from imgmiddleware.operations.transform import Operation
from imgmiddleware.pixels.arrays import Color, Pixels


@dataclass(frozen=True)
class PixelOperation(Operation):
    """A step that makes new pixels from the ones that it gets."""

    #: Whether the operation is about the look of colours, and so takes sRGB alone.
    in_srgb: ClassVar[bool] = False

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The size of the result, known before anything is rendered."""
        return width, height

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        """The new pixels; `background` is the colour where there was no picture."""
        raise NotImplementedError
