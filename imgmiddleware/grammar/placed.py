"""The meaning of a viewer's path, and its place on an original.

Viewers ask by paths, each in a grammar of its own: `iiif/`, `deepzoom.py` and `xyz.py`. All paths
become the Transform that a query would ask for, so that one picture has one key.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Protocol

from imgmiddleware.errors import ImageError
from imgmiddleware.grammar.grid import Grid, Limits
from imgmiddleware.operations.monochrome import Monochrome
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.region import Region
from imgmiddleware.operations.resize import Resize
from imgmiddleware.operations.surround import Backdrop, Beyond
from imgmiddleware.operations.transform import Operation, Transform
from imgmiddleware.operations.turn import Flip, Rotate
from imgmiddleware.pixels.arrays import Box, Size

#: The formats that such a path may end with.
FORMATS = ("jpg", "png", "webp", "avif", "tif", "gif")

_CLEAR = (255, 255, 255, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A part of an original of the size `whole`, and the picture that is made of it.

    `size` is that of the picture, which is mirrored first, then turned. `lacks` are the columns and
    rows that its tile has beyond it.
    """

    whole: Size
    box: Box
    size: Size
    mirrored: bool = False
    degrees: Decimal = Decimal(0)
    quality: str = "default"
    format: str
    lacks: Size = (0, 0)

    @property
    def transform(self) -> Transform:
        """The Transform of the original."""
        width, height = self.size
        steps: list[Operation] = [
            Region(self.box),
            Resize(width, height, fit="scale", enlarge=self.is_larger),
        ]
        # Steps that change nothing are not even made: a tile asks for none of these.
        if self.mirrored or self.degrees:
            steps += Flip("h" if self.mirrored else None), Rotate(self.degrees)
        if self.quality != "default":
            steps.append(Monochrome(self.quality))
        if any(self.lacks):
            steps += Beyond(right=self.lacks[0], below=self.lacks[1]), Backdrop(_CLEAR)
        return Transform((*steps, Output(self.format)))

    @property
    def is_larger(self) -> bool:
        """Whether a side of the picture is longer than that of the part."""
        return self.size[0] > self.box[2] or self.size[1] > self.box[3]


def tile(whole: Size, side: int, halvings: int, at: tuple[int, int], format: str) -> Placed:
    """The tile in this column and row of a picture that is halved so often, its sides rounded up.

    Raises `ImageError` (404) where there is no such tile.
    """
    if halvings >= 0:
        by = 1 << halvings
        left, top = (number * side * by for number in at)
        across, down = (
            min(side * by, end - start) for start, end in zip((left, top), whole, strict=True)
        )
        if across > 0 and down > 0:
            size = -(-across // by), -(-down // by)
            return Placed(whole=whole, box=(left, top, across, down), size=size, format=format)
    raise ImageError("not-found", f"of {whole[0]}x{whole[1]} pixels there is no such tile")


class Picture(Protocol):
    """A picture that a path asks for, before an original tells where it lies."""

    def placed(self, whole: Size, limits: Limits, grid: Grid) -> Placed:
        """This on an upright original of this size in pixels. Raises `ImageError` (400, 404)."""
        ...


class Told(Enum):
    """The data about an original that a path asks for, instead of a picture."""

    INFO = "info.json"
    BASE = "where that is"
    DEEP_ZOOM = "the descriptor of Deep Zoom"


@dataclass(frozen=True, slots=True)
class Named:
    """The meaning of a path: an ID, and the picture or the data that it asks for.

    `below` is the part in front of the ID that says the `version` of the IIIF Image API. None
    leaves the version to Accept. A signed path has its `signature` there too, and its end:
    `expires`, in seconds since 1970.
    """

    id: str
    asks: Picture | Told
    below: str = ""
    version: int | None = None
    signature: str | None = None
    expires: int | None = None
