"""Pictures as items of a container (ISO/IEC 23008-12, "HEIF"): what AVIF and HEIC have in common.

A container's word for the size of an item is not believed: who reads a coded item holds it against
the coder's own headers, and a grid is held against its tiles.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.exif import Exif, parse
from imgmiddleware.formats.containers.isobmff import (
    Container,
    IsoBox,
    Item,
    boxes,
    icc,
    read_container,
)
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import MAX_EXIF, Data, check_size, unsupported
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.orientation import Orientation

#: Coded pixels of all items for each pixel of the picture: colour, alpha, gain map and thumbnails
#: are below four even where each is full size.
MAX_PIXEL_RATIO = 4
#: A picture below 256 x 256 may carry a thumbnail or a gain map of that size.
_SMALLEST = 65536
#: Compatible brands looked at; files list below ten.
_MOST_BRANDS = 32

_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")

#: By irot's quarter turns, which are anti-clockwise.
_TURNS = (
    Orientation.UPRIGHT,
    Orientation.TURNED_270,
    Orientation.TURNED_180,
    Orientation.TURNED_90,
)
#: By imir's axis: 0 swaps top and bottom, 1 left and right (23008-12:2022, section 6.5.12).
_MIRRORS = (Orientation.FLIPPED, Orientation.MIRRORED)


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """An item that was held against its coded data: a coded item, or a grid of them."""

    width: int
    height: int
    bits: int
    gray: bool
    samples: float  # a pixel, chroma subsampling counted in: 1, 1.5, 2 or 3
    pixels: int  # of all coded frames that decoding it takes
    tiled: bool = False


#: Holds a coded item against its data.
Check = Callable[[Window, Item], CodedPicture]


def brands(head: bytes) -> list[bytes]:
    """The major brand and the compatible ones; none of what is no such file."""
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
    raise damaged("it has no 'meta' box")


def stated_size(window: Window, item: Item) -> tuple[int, int]:
    """Width and height as the container has them (ispe)."""
    box = item.property(b"ispe")
    if box is None or box.size < 12:
        raise damaged(f"item {item.id} has no size (ispe)")
    width, height = window.unpack(">LL", box.start + 4)
    check_size(width, height)
    return width, height


def pictures(window: Window, container: Container, kind: bytes, check: Check) -> list[CodedPicture]:
    """The primary item's picture, and that of its plane of alpha if it has one.

    Every coded item, used or not, is held against its own data. Raises `ImageError`.
    """
    items = container.items.values()
    coded = {item.id: check(window, item) for item in items if item.kind == kind}
    picture = _checked(window, container, container.items[container.primary], coded)
    if sum(part.pixels for part in coded.values()) > MAX_PIXEL_RATIO * max(
        picture.pixels, _SMALLEST
    ):
        raise damaged("its coded items hold far more pixels than its picture")
    alpha = _alpha(window, container)
    if alpha is None:
        return [picture]
    plane = _checked(window, container, alpha, coded)
    if (plane.width, plane.height) != (picture.width, picture.height):
        raise damaged("its alpha plane has another size than its colours")
    return [picture, plane]


def _checked(
    window: Window, container: Container, item: Item, coded: Mapping[int, CodedPicture]
) -> CodedPicture:
    if item.id in coded:
        return coded[item.id]
    if item.kind == b"grid":
        return _grid(window, container, item, coded)
    raise unsupported("its picture is neither coded data nor a grid of such")


def _grid(
    window: Window, container: Container, item: Item, coded: Mapping[int, CodedPicture]
) -> CodedPicture:
    """Hold a grid (section 6.6.2.3) against its tiles, which must cover it just so."""
    width, height = stated_size(window, item)
    head = item.read(window, 0, 4)
    wide = 4 if head[1] & 1 else 2
    raw = item.read(window, 4, 2 * wide)
    rows, columns = head[2] + 1, head[3] + 1
    if (int.from_bytes(raw[:wide], "big"), int.from_bytes(raw[wide:], "big")) != (width, height):
        raise damaged("its grid's own size is not that of its container")
    targets = _targets(container, b"dimg", item.id)
    if len(targets) != rows * columns:
        raise damaged(f"its grid has {len(targets)} of {rows * columns} tiles")
    if any(target not in coded for target in targets):
        raise unsupported("its grid is made of other things than coded pictures")
    tiles = [coded[target] for target in targets]
    first = tiles[0]
    if any((tile.width, tile.height) != (first.width, first.height) for tile in tiles):
        raise damaged("the tiles of its grid differ in size")
    for tile, count, whole in ((first.width, columns, width), (first.height, rows, height)):
        if not tile * (count - 1) < whole <= tile * count:
            raise damaged("the tiles of its grid do not cover it, or reach beyond it")
    pixels = sum(tile.pixels for tile in tiles)
    return CodedPicture(width, height, first.bits, first.gray, first.samples, pixels, tiled=True)


def _targets(container: Container, kind: bytes, source: int) -> list[int]:
    return [
        target
        for reference in container.references
        if (reference.kind, reference.source) == (kind, source)
        for target in reference.targets
    ]


def _alpha(window: Window, container: Container) -> Item | None:
    """The primary item's alpha plane: an auxiliary item whose type (auxC) says so."""
    for reference in container.references:
        item = container.items.get(reference.source)
        if reference.kind != b"auxl" or container.primary not in reference.targets or not item:
            continue
        box = item.property(b"auxC")
        if box and window.read(box.start, min(box.size, 64))[4:].split(b"\0")[0] in _ALPHA:
            return item
    return None


def facts(
    format: str,
    size: tuple[int, int],
    orientation: Orientation,
    *,
    parts: list[CodedPicture],
    decode_bytes: int,
) -> Facts:
    """Those of a picture that is shown at `size`; `parts` are its `pictures`."""
    picture = parts[0]
    return Facts(
        format=format,
        width=size[0],
        height=size[1],
        orientation=orientation,
        color="gray" if picture.gray else "rgb",
        alpha=len(parts) > 1,
        depth=16 if picture.bits > 8 else 8,
        bits=picture.bits,
        decode_bytes=decode_bytes,
    )


def orientation(window: Window, properties: Iterable[IsoBox]) -> Orientation:
    """The transforming properties in their order, as one."""
    turned = Orientation.UPRIGHT
    for box in properties:
        if box.kind not in (b"irot", b"imir"):
            continue
        value = window.read(box.start, 1)[0]
        turned = turned.then(_TURNS[value & 3] if box.kind == b"irot" else _MIRRORS[value & 1])
    return turned


def profile(data: Data, facts: Facts) -> bytes | None:
    """The 'colr' box, of an ICC kind, of the primary item."""
    window = Window.over(data)
    container = read(window)
    for box in container.items[container.primary].properties:
        if box.kind == b"colr" and (plain := icc(window, box)) is not None:
            return plain
    return None


def exif(data: Data, facts: Facts) -> Exif:
    """What may be kept of the first Exif item (annex A.2.1), behind its offset field."""
    window = Window.over(data)
    container = read(window)
    for item in container.items.values():
        if item.kind == b"Exif" and 4 < item.size <= MAX_EXIF:
            body = item.read(window, 0, item.size)
            return parse(body[4 + int.from_bytes(body[:4], "big") :])
    return Exif()
