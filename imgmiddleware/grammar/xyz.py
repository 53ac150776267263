"""Tiles as of a map: `{id}/{z}/{x}/{y}.{format}`, for Leaflet, OpenLayers and others like them.

At z=0 one tile shows all of the picture. With each step in, its sides are twice as long, up to its
own size. x and y are counted from the left and the top, as maps on the web have it (not TMS). Each
tile has 256 x 256 pixels: viewers stretch smaller ones. The part beyond the picture's edge is
clear, and white where the format has no alpha.
"""

import re
from dataclasses import dataclass, replace

from imgmiddleware.grammar.grid import Grid, Limits
from imgmiddleware.grammar.placed import FORMATS, Named, Placed, tile
from imgmiddleware.pixels.arrays import Size

_SIDE = 256

_NUMBER = "(0|[1-9][0-9]{0,8})"
_TILE = re.compile(
    rf"(.+)/{_NUMBER}/{_NUMBER}/{_NUMBER}\.({'|'.join(FORMATS)})", re.ASCII | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class XyzTile:
    """A tile: how far it is zoomed in, its column and its row."""

    z: int
    at: tuple[int, int]
    format: str

    def placed(self, whole: Size, limits: Limits, grid: Grid) -> Placed:
        """Raises `ImageError` (404) where there is no such tile."""
        last = (-(-max(whole) // _SIDE) - 1).bit_length()
        placed = tile(whole, _SIDE, last - self.z, self.at, self.format)
        width, height = placed.size
        return replace(placed, lacks=(_SIDE - width, _SIDE - height))


def named(path: str) -> Named | None:
    """The meaning of a path below the prefix; None where it is only an ID."""
    found = _TILE.fullmatch(path)
    if found is None:
        return None
    id, z, x, y, format = found.groups()
    return Named(id, XyzTile(int(z), (int(x), int(y)), format))
