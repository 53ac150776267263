"""The shown part of a decoded picture, and its orientation: clean aperture, rotation, mirror."""

from fractions import Fraction
from math import floor

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.heif.choice import Chosen
from imgmiddleware.formats.containers.isobmff import IsoBox
from imgmiddleware.formats.reading import aspect_of, damage_let_pass
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Box, Size
from imgmiddleware.pixels.orientation import Orientation

#: The orientation for each of irot's quarter turns, which are anti-clockwise.
_TURNS = (
    Orientation.UPRIGHT,
    Orientation.TURNED_270,
    Orientation.TURNED_180,
    Orientation.TURNED_90,
)
#: The mirror for each of imir's axes: 0 swaps top and bottom, 1 left and right (23008-12:2022,
#: section 6.5.12).
_MIRRORS = (Orientation.FLIPPED, Orientation.MIRRORED)


def shown(window: Window, chosen: Chosen, size: Size) -> tuple[Box, Orientation]:
    """The part of the decoded picture, of this size, that is shown, and how it must be turned.

    The properties apply one after the other, each to the result of the one before.
    """
    left, top, width, height = 0, 0, *size
    turned = Orientation.UPRIGHT
    for property in chosen.transforms:
        if property.kind == b"clap":
            inner = _aperture(window, property, turned.size(width, height))
            x, y, *cut = turned.stored_box(inner, (width, height))
            left, top, width, height = left + x, top + y, *cut
        else:
            value = window.read(property.start, 1)[0]
            by = _TURNS[value & 3] if property.kind == b"irot" else _MIRRORS[value & 1]
            turned = turned.then(by)
    return (left, top, width, height), turned


def aspect(window: Window, chosen: Chosen) -> Fraction:
    """The shape of a pixel (`pasp`, 14496-12, section 12.1.4), before it is turned."""
    for box in chosen.boxes(b"pasp")[:1]:
        with damage_let_pass:
            return aspect_of(*window.unpack(">LL", box.start))
    return Fraction(1)


def _aperture(window: Window, property: IsoBox, size: Size) -> Box:
    """The clean aperture (14496-12, section 12.1.4) of a picture, in whole pixels of it."""
    numbers = window.unpack(">LLLLlLlL", property.start)
    if not all(numbers[1::2]):
        raise damaged("its clean aperture divides by zero")
    width, height, right, down = map(Fraction, numbers[::2], numbers[1::2])
    left, wide = _side(width, right, size[0])
    top, high = _side(height, down, size[1])
    return left, top, wide, high


def _side(cut: Fraction, off: Fraction, whole: int) -> tuple[int, int]:
    """The start along one side, and the length: `cut`, with its middle `off` from the middle.

    Halves of pixels are rounded as libheif does. A part that reaches over the edge is moved back.
    """
    if not 1 <= cut <= whole:
        raise damaged("its clean aperture is empty, or larger than its picture")
    begin = floor(off + (whole - cut) / 2 + Fraction(1, 2))
    return min(max(begin, 0), whole - floor(cut)), floor(cut)
