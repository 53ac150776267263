"""What operations on pixels have in common.

They come after the picture has its size, orientation and colours: uint8 in sRGB, or uint16 in the
original's own colours where `depth=16` asks for them. None writes into the pixels it is given.
"""

from dataclasses import dataclass
from typing import ClassVar

from imgmiddleware.operations.transform import Operation
from imgmiddleware.pixels.arrays import Color, Pixels


@dataclass(frozen=True)
class PixelOperation(Operation):
    """A step that makes new pixels of those it is given."""

    #: Whether it is about what colours look like, and so for those of sRGB alone.
    in_srgb: ClassVar[bool] = False

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The size of the result, known before anything is rendered."""
        return width, height

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        """The new pixels; `background` is what stands where there was no picture."""
        raise NotImplementedError
