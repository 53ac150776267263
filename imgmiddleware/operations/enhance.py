"""Enhance: tones that do not use the whole range are spread over it."""

from dataclasses import dataclass
from typing import ClassVar

from imgmiddleware.forms.numbers import whole
from imgmiddleware.forms.words import some_of
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.transform import parameter
from imgmiddleware.pixels.arrays import Color, Pixels
from imgmiddleware.pixels.curves import through
from imgmiddleware.pixels.tones import Tones, spread

#: The values of imgix's `auto` that are always done here, and the same value as a switch.
_DONE = ("format", "compress", "true")


@dataclass(frozen=True)
class Enhance(PixelOperation):
    """`auto=enhance` spreads the tones that are found in a sketch of the picture; until they are
    it changes nothing.
    """

    in_srgb: ClassVar[bool] = True

    auto: tuple[str, ...] = parameter(some_of("enhance", done=_DONE), ())

    def by(self, tones: Tones) -> PixelOperation:
        """The same once they are found."""
        return Enhanced(self.auto, tones.darkest, tones.brightest)

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        return pixels


@dataclass(frozen=True)
class Enhanced(Enhance):
    """The tones from `darkest` to `brightest`, of 255, spread from black to white.

    No query asks for it.
    """

    darkest: int = parameter(whole(0, 255), 0)
    brightest: int = parameter(whole(0, 255), 255)

    def apply(self, pixels: Pixels, background: Color) -> Pixels:
        if (self.darkest, self.brightest) == (0, 255):
            return pixels
        return through(pixels, spread(self.darkest, self.brightest, pixels.dtype))
