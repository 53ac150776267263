"""The facts of an original for viewers: the largest picture of it, and its tiles."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from imgmiddleware.formats.facts import Facts
from imgmiddleware.pixels.arrays import Box, Size

#: The side of a tile in pixels, unless the original is stored in tiles of a usual size; and the
#: usual sizes.
_SIDE, _USUAL = 512, range(128, 1025)


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest picture that is made: in each direction, and width times height."""

    width: int
    height: int
    area: int

    def allow(self, size: Size) -> bool:
        return size[0] <= self.width and size[1] <= self.height and size[0] * size[1] <= self.area

    def largest(self, shape: Size) -> Size:
        """The largest size of this shape that is within all of them."""
        width, height = shape
        scale = min(Fraction(self.width, width), Fraction(self.height, height))
        size = max(1, int(width * scale)), max(1, int(height * scale))
        if self.allow(size):
            return size
        across = min(max(1, isqrt(self.area * width // height)), self.area)
        return across, max(1, min(isqrt(self.area * height // width), self.area // across))


@dataclass(frozen=True, slots=True)
class Grid:
    """The tiles that viewers are told of: their size in pixels, and the divisors of the whole
    picture's sides.
    """

    tile: Size
    factors: tuple[int, ...]

    def sizes(self, whole: Size) -> Iterator[Size]:
        """The sizes of the whole picture, at each factor."""
        for by in self.factors:
            yield -(-whole[0] // by), -(-whole[1] // by)

    def size(self, box: Box, whole: Size, width: int | None, height: int | None) -> Size | None:
        """The size of a tile, or of the whole picture, at one of the factors: both sides are
        rounded up. None for another box, or where the side that is given is another.
        """
        for by in self.factors:
            across, down = -(-box[2] // by), -(-box[3] // by)
            if width in (None, across) and height in (None, down) and self._has(box, whole, by):
                return across, down
        return None

    def _has(self, box: Box, whole: Size, by: int) -> bool:
        sides = zip(box[:2], box[2:], self.tile, whole, strict=True)
        return box == (0, 0, *whole) or all(
            at % (tile * by) == 0 and side == min(tile * by, end - at)
            for at, side, tile, end in sides
        )


def grid_of(facts: Facts, limits: Limits) -> Grid:
    """The tiles of an original.

    Stored tiles of a usual size are taken: one tile of the viewer then needs one stored tile. Each
    factor is twice the last, until one tile shows the whole picture. No tile is larger than the
    limits: viewers would ask for it all the same.
    """
    tile = facts.orientation.size(*(facts.tile or (0, 0)))
    if not (limits.allow(tile) and all(side in _USUAL for side in tile)):
        tile = _SIDE, _SIDE
    while not limits.allow(tile):
        tile = tile[0] // 2, tile[1] // 2
    factors = [1]
    while any(
        -(-whole // factors[-1]) > side for whole, side in zip(facts.upright, tile, strict=True)
    ):
        factors.append(2 * factors[-1])
    return Grid(tile, tuple(factors))
