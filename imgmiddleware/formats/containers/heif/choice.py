"""The parts of a container that are decoded: the primary item, its alpha, and the tiles of both.

Other parts are not looked at: thumbnails, gain maps and further pictures may hold anything.
"""

from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.heif.items import Container, Item, read_container
from imgmiddleware.formats.containers.isobmff import IsoBox, boxes
from imgmiddleware.formats.reading import unsupported
from imgmiddleware.formats.window import Window

#: Compatible brands looked at; files list below ten.
_MOST_BRANDS = 32
#: Items in a chain, where each item stands for the next one, turned or cut (section 6.6.2.1).
_MOST_SAME = 8

_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")


@dataclass(frozen=True, slots=True)
class Part:
    """Colours, or alpha: a coded item, or a grid and its tiles row by row."""

    item: Item
    tiles: tuple[Item, ...] = ()

    @property
    def coded(self) -> tuple[Item, ...]:
        """The items that have the coded data."""
        return self.tiles if self.grid else (self.item,)

    def auxiliary(self) -> IsoBox | None:
        """The box that says that it is alpha; a grid may have it on each of its tiles."""
        return self.item.property(b"auxC") or self.coded[0].property(b"auxC")

    @property
    def grid(self) -> bool:
        return self.item.kind == b"grid"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The parts of a container that are decoded."""

    same: tuple[Item, ...]  # the item of the colours, and items that stand for it: primary last
    colors: Part
    alpha: Part | None
    multiplied: bool  # the colours, by the alpha

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.colors, self.alpha) if self.alpha else (self.colors,)

    @property
    def transforms(self) -> tuple[IsoBox, ...]:
        """The boxes that cut, turn and mirror the colours, in the order in which they apply."""
        properties = (box for item in self.same for box in item.properties)
        return tuple(box for box in properties if box.kind in (b"clap", b"irot", b"imir"))

    def boxes(self, *kinds: bytes) -> tuple[IsoBox, ...]:
        """The boxes of these kinds that describe the colours. The first of a kind counts: boxes of
        the picture as a whole come before those of the first tile, where some phones have them.
        """
        of = (*reversed(self.same), *self.colors.tiles[:1])
        return tuple(box for item in of for box in item.properties if box.kind in kinds)


def brands(head: bytes) -> list[bytes]:
    """The major brand and the compatible ones; none for a file of another kind."""
    size = int.from_bytes(head[:4], "big")
    if head[4:8] != b"ftyp" or size < 16:
        return []
    raw = head[8 : min(size, 8 + 4 * _MOST_BRANDS)]
    return [raw[:4], *(raw[at : at + 4] for at in range(8, len(raw), 4))]


def read(window: Window) -> Container:
    """The container in the 'meta' box behind 'ftyp'."""
    for box in boxes(window, 0, window.size):
        if box.kind == b"meta":
            return read_container(window, box)
        if box.kind == b"mini":
            raise unsupported("it is a minimized HEIF (mif3)")
    raise damaged("it has no 'meta' box")


def choose(window: Window, kind: bytes) -> Chosen:
    """The decoded parts of a container with coded items of this kind.

    Raises 415 for a picture that is made of other items.
    """
    container = read(window)
    same = _same(container)
    colors = _part(container, same[0], kind)
    found = (_alpha(window, container, item.id) for item in same)
    item = next((alpha for alpha in found if alpha), None)
    alpha = _part(container, item, kind) if item else _alpha_of_tiles(window, container, colors)
    multiplied = any(container.targets(b"prem", item.id) for item in (*same, *colors.tiles))
    return Chosen(same, colors, alpha, multiplied and alpha is not None)


def _same(container: Container) -> tuple[Item, ...]:
    """The primary item, last; before it the item that it stands for, with properties of its own."""
    found = [container.items[container.primary]]
    while found[0].kind == b"iden":
        targets = container.targets(b"dimg", found[0].id)
        if len(targets) != 1 or targets[0] not in container.items or len(found) == _MOST_SAME:
            raise damaged("its primary item is made of an item that does not exist")
        found.insert(0, container.items[targets[0]])
    return tuple(found)


def _part(container: Container, item: Item, kind: bytes) -> Part:
    if item.kind == kind:
        return Part(item)
    if not item.kind:
        raise damaged(f"item {item.id} has no type")
    if item.kind != b"grid":
        raise unsupported("its picture is no coded data, and no grid of such")
    tiles = [container.items.get(id) for id in container.targets(b"dimg", item.id)]
    found = tuple(tile for tile in tiles if tile and tile.kind == kind)
    if len(found) < len(tiles):
        raise unsupported("its grid has tiles that are no coded pictures")
    return Part(item, found)


def _alpha(window: Window, container: Container, id: int) -> Item | None:
    """An item's plane of alpha: an auxiliary item of the type (auxC) alpha."""
    for item in container.sources(b"auxl", id):
        box = item.property(b"auxC")
        if box and window.read(box.start, min(box.size, 64))[4:].split(b"\0")[0] in _ALPHA:
            return item
    return None


def _alpha_of_tiles(window: Window, container: Container, colors: Part) -> Part | None:
    """Planes of alpha of the tiles, as a grid like that of the colours."""
    planes = [_alpha(window, container, tile.id) for tile in colors.tiles]
    found = tuple(plane for plane in planes if plane)
    if found and len(found) < len(planes):
        raise unsupported("only some of the tiles of its grid have alpha")
    return Part(colors.item, found) if found else None
