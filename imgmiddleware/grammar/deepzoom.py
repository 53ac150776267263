"""Deep Zoom: `{id}.dzi` describes a picture whose tiles are `{id}_files/{level}/{x}_{y}.{format}`.

At the last level the picture has its own size. Each level before it has half the size, rounded up,
down to one pixel at level 0. Tiles do not overlap, so the tiles of the larger levels are IIIF's
own.
"""

import re
from dataclasses import dataclass

from imgmiddleware.grammar.grid import Grid, Limits
from imgmiddleware.grammar.placed import FORMATS, Named, Placed, Told, tile
from imgmiddleware.pixels.arrays import Size

_SUFFIX = ".dzi"
_NUMBER = "(0|[1-9][0-9]{0,8})"
_TILE = re.compile(
    rf"(.+)_files/{_NUMBER}/{_NUMBER}_{_NUMBER}\.({'|'.join(FORMATS)})", re.ASCII | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class DeepZoomTile:
    """A tile of one level: its column and row, from the left and the top."""

    level: int
    at: tuple[int, int]
    format: str

    def placed(self, whole: Size, limits: Limits, grid: Grid) -> Placed:
        """Raises `ImageError` (404) where there is no such tile."""
        halvings = (max(whole) - 1).bit_length() - self.level
        return tile(whole, _side(grid), halvings, self.at, self.format)


def named(path: str) -> Named | None:
    """The meaning of a path below the prefix; None where it is only an ID."""
    id = path.removesuffix(_SUFFIX)
    if id and id != path:
        return Named(id, Told.DEEP_ZOOM)
    if found := _TILE.fullmatch(path):
        id, level, x, y, format = found.groups()
        return Named(id, DeepZoomTile(int(level), (int(x), int(y)), format))
    return None


def descriptor(whole: Size, grid: Grid, format: str) -> bytes:
    """The XML that tells a viewer size and tiles; `format` is that of the tiles."""
    image = (
        '<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" '
        f'TileSize="{_side(grid)}" Overlap="0" Format="{format}">'
        f'<Size Width="{whole[0]}" Height="{whole[1]}"/></Image>'
    )
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + image.encode()


def _side(grid: Grid) -> int:
    """Here tiles are square, and those of an original need not be."""
    return min(grid.tile)
