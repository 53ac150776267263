"""The sizes of the decoded parts: the container's word for them is not believed.

A coded item's reader compares it with the coder's own headers, and a grid is compared with its
tiles.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.heif.choice import Chosen, Part
from imgmiddleware.formats.containers.heif.items import Item
from imgmiddleware.formats.containers.isobmff import Nclx
from imgmiddleware.formats.reading import check_size
from imgmiddleware.formats.window import Window


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """An item that was compared with its coded data: a coded item, or a grid of them."""

    width: int
    height: int
    bits: int
    gray: bool
    samples: float  # a pixel, chroma subsampling counted in: 1, 1.5, 2 or 3
    pixels: int  # of all that is decoded: the tiles of a grid, and parts that the coder cuts off
    stored: int  # bytes of them
    points: Nclx  # the coder's words for its colours
    tiled: bool = False
    frames: int = 1  # layers; each of them is decoded


#: Compares a coded item with its data.
Check = Callable[[Window, Item], CodedPicture]


def pictures(window: Window, chosen: Chosen, check: Check) -> list[CodedPicture]:
    """The picture of the colours, and that of the alpha if there is one.

    Each coded item of theirs is compared with its own data. Raises `ImageError`.
    """
    found = [_checked(window, part, check) for part in chosen.parts]
    if len({(picture.width, picture.height) for picture in found}) > 1:
        raise damaged("its alpha plane has another size than its colours")
    return found


def _checked(window: Window, part: Part, check: Check) -> CodedPicture:
    return _grid(window, part, check) if part.grid else check(window, part.item)


def stated_size(window: Window, item: Item) -> tuple[int, int]:
    """Width and height as the container has them (ispe)."""
    box = item.property(b"ispe")
    if box is None or box.size < 12:
        raise damaged(f"item {item.id} has no size (ispe)")
    width, height = window.unpack(">LL", box.start + 4)
    check_size(width, height)
    return width, height


def _grid(window: Window, part: Part, check: Check) -> CodedPicture:
    """Compare a grid (section 6.6.2.3) with its tiles, which must cover it just so."""
    width, height = stated_size(window, part.item)
    head = part.item.read(window, 0, 4)
    wide = 4 if head[1] & 1 else 2
    raw = part.item.read(window, 4, 2 * wide)
    rows, columns = head[2] + 1, head[3] + 1
    if (int.from_bytes(raw[:wide], "big"), int.from_bytes(raw[wide:], "big")) != (width, height):
        raise damaged("its grid's own size is not that of its container")
    if len(part.tiles) != rows * columns:
        raise damaged(f"its grid has {len(part.tiles)} of {rows * columns} tiles")
    tiles = [check(window, tile) for tile in part.tiles]
    first = tiles[0]
    if any((tile.width, tile.height) != (first.width, first.height) for tile in tiles):
        raise damaged("the tiles of its grid differ in size")
    for tile, count, whole in ((first.width, columns, width), (first.height, rows, height)):
        if not tile * (count - 1) < whole <= tile * count:
            raise damaged("the tiles of its grid do not cover it, or reach beyond it")
    pixels, stored = sum(tile.pixels for tile in tiles), sum(tile.stored for tile in tiles)
    frames = max(tile.frames for tile in tiles)
    return replace(
        first, width=width, height=height, pixels=pixels, stored=stored, tiled=True, frames=frames
    )
