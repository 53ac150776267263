"""Pictures as items of a container (ISO/IEC 23008-12, "HEIF"): the facts in its 'meta' box.

Most items are not needed to show the picture, so their faults refuse nothing. A fault in an item's
data or properties is kept with the item. It is raised when these are asked for.
"""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field

from imgmiddleware.errors import ImageError, damaged
from imgmiddleware.formats.containers.isobmff import Cursor, IsoBox, boxes
from imgmiddleware.formats.reading import damage_let_pass, unsupported
from imgmiddleware.formats.window import Window

#: Items: colour, alpha, thumbnail, EXIF, XMP, gain map, and the tiles of a grid (256 of each).
MAX_ITEMS = 1024
#: Pieces of one item's data; encoders write one, or one a layer.
MAX_EXTENTS = 32
#: Properties of one item; the index field has seven or fifteen bits.
MAX_PROPERTIES = 64
#: Bytes of one table (iloc, iinf, iref, ipma): 1,024 items at a hundred bytes each.
MAX_TABLE = 128 * 1024
#: References without which the picture would be another one: to its parts, and to its alpha.
_NEEDED = (b"dimg", b"auxl", b"prem")
#: One reference names at most this many items: a grid of 256 x 256 tiles is over every limit here.
MAX_REFERENCES = 1024


@dataclass(slots=True)
class Item:
    """One item: its type, where its bytes stand in the file, its properties in their order."""

    id: int
    kind: bytes = b""
    extents: list[tuple[int, int]] = field(default_factory=list)
    properties: list[IsoBox] = field(default_factory=list)
    fault: ImageError | None = None

    @property
    def size(self) -> int:
        return sum(length for _, length in self.ranges())

    def ranges(self) -> list[tuple[int, int]]:
        """Offset and length of its pieces. Raises the item's fault, if it has one."""
        if self.fault:
            raise self.fault
        return self.extents

    def property(self, kind: bytes) -> IsoBox | None:
        return next((box for box in self.properties if box.kind == kind), None)

    def read(self, window: Window, offset: int, length: int) -> bytes:
        """`length` bytes of the item's data, which may be in several pieces."""
        parts: list[bytes] = []
        for start, size in self.ranges():
            if offset < size and length:
                count = min(length, size - offset)
                parts.append(window.read(start + offset, count))
                offset, length = 0, length - count
            else:
                offset -= min(offset, size)
        if length:
            raise damaged(f"item {self.id} is shorter than its data says")
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Reference:
    """`kind` says what `source` is to `targets`: an auxiliary of, a thumbnail of, made of."""

    kind: bytes
    source: int
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Container:
    """The 'meta' box: everything by item id."""

    primary: int
    items: dict[int, Item]
    references: tuple[Reference, ...]

    def targets(self, kind: bytes, source: int) -> list[int]:
        """The items that this item refers to in this way, in the order of the file."""
        found = (r for r in self.references if (r.kind, r.source) == (kind, source))
        return [target for reference in found for target in reference.targets]

    def sources(self, kind: bytes, target: int) -> Iterator[Item]:
        """The items that refer to this one in this way."""
        for reference in self.references:
            if reference.kind == kind and target in reference.targets:
                if item := self.items.get(reference.source):
                    yield item


def read_container(window: Window, meta: IsoBox) -> Container:
    """The items of a 'meta' box."""
    found = {box.kind: box for box in boxes(window, meta.start + 4, meta.end)}
    for kind in (b"pitm", b"iloc", b"iinf", b"iprp"):
        if kind not in found:
            raise damaged(f"its container lacks the box {kind.decode()}")
    for kind in (b"iloc", b"iinf", b"iref"):
        if kind in found:
            _checked(found[kind].size, MAX_TABLE, "bytes of tables")
    items = _read_locations(window, found[b"iloc"], found.get(b"idat"))
    _read_types(window, found[b"iinf"], items)
    _read_properties(window, found[b"iprp"], items)
    cursor = Cursor(window, found[b"pitm"])
    primary = cursor.take(4 if cursor.version()[0] else 2)
    references = _read_references(window, found[b"iref"]) if b"iref" in found else ()
    if primary not in items:
        raise damaged("its primary item does not exist")
    return Container(primary, items, references)


def _checked(count: int, most: int, what: str) -> int:
    if count > most:
        raise damaged(f"it claims {count} {what}")
    return count


def _read_locations(window: Window, box: IsoBox, idat: IsoBox | None) -> dict[int, Item]:
    """'iloc' (section 8.11.3), each extent turned into a range of the file."""
    cursor = Cursor(window, box)
    version, _ = cursor.version()
    if version > 2:
        raise damaged(f"its iloc has version {version}")
    sizes, more = cursor.take(1), cursor.take(1)
    widths = (sizes >> 4, sizes & 15, more >> 4, (more & 15) if version else 0)
    if not all(width in (0, 4, 8) for width in widths):
        raise damaged("its iloc has fields of a width that does not exist")
    rooms = {0: IsoBox(b"", 0, window.size), 1: idat}
    items: dict[int, Item] = {}
    wide = 4 if version == 2 else 2
    for _ in range(_checked(cursor.take(wide), MAX_ITEMS, "items")):
        with damage_let_pass:
            item = _read_location(cursor, version, widths, rooms)
            items.setdefault(item.id, item)
            continue
        break  # an item that the table ends within has no data; later ones have none either
    return items


def _read_location(
    cursor: Cursor,
    version: int,
    widths: tuple[int, int, int, int],
    rooms: Mapping[int, IsoBox | None],
) -> Item:
    item = Item(cursor.take(4 if version == 2 else 2))
    method = cursor.take(2) & 15 if version else 0
    elsewhere, base = cursor.take(2), cursor.take(widths[2])
    extents = _read_extents(cursor, widths)
    try:
        if method > 1 or elsewhere:
            raise unsupported("an item's data is outside the file or inside another item")
        item.extents = _ranges(item.id, base, extents, rooms[method])
    except ImageError as fault:
        item.fault = fault
    return item


def _read_extents(cursor: Cursor, widths: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """Offset and length of each piece of an item; where it has too many, one too many."""
    offset_width, length_width, _, index_width = widths
    count = cursor.take(2)
    found = []
    for _ in range(min(count, MAX_EXTENTS + 1)):
        cursor.bytes(index_width)
        found.append((cursor.take(offset_width), cursor.take(length_width)))
    cursor.bytes((count - len(found)) * (index_width + offset_width + length_width))
    return found


def _ranges(
    id: int, base: int, extents: list[tuple[int, int]], room: IsoBox | None
) -> list[tuple[int, int]]:
    """The pieces in the coordinates of the file, inside of the box that they are in."""
    _checked(len(extents), MAX_EXTENTS, f"or more pieces of item {id}")
    if room is None:
        raise damaged("an item's data is in a box that does not exist")
    found = []
    for offset, length in extents:
        start = room.start + base + offset
        end = start + length if length else room.end
        if not room.start <= start <= end <= room.end:
            raise damaged(f"item {id} lies outside the file")
        found.append((start, end - start))
    return found


def _read_types(window: Window, box: IsoBox, items: dict[int, Item]) -> None:
    """'iinf' and its 'infe' boxes (section 8.11.6). An item derived of others may have no data."""
    version = window.read(box.start, 1)[0]
    for entry in boxes(window, box.start + (8 if version else 6), box.end):
        with damage_let_pass:
            cursor = Cursor(window, entry)
            kind = cursor.version()[0]
            if entry.kind != b"infe" or kind not in (2, 3):
                continue
            id = cursor.take(4 if kind == 3 else 2)
            cursor.bytes(2)
            item = items.setdefault(id, Item(id))
            item.kind = item.kind or cursor.bytes(4)
    _checked(len(items), MAX_ITEMS, "items")


def _read_properties(window: Window, box: IsoBox, items: dict[int, Item]) -> None:
    """'ipco' and 'ipma' (23008-12, section 9.3)."""
    parts = list(boxes(window, box.start, box.end))
    pools = [part for part in parts if part.kind == b"ipco"]
    tables = [part for part in parts if part.kind == b"ipma"]
    if len(pools) != 1:
        raise damaged("its container lacks the box ipco, or has two")
    shared = list(boxes(window, pools[0].start, pools[0].end))
    _checked(sum(part.size for part in tables), MAX_TABLE, "bytes of tables")
    for part in tables:
        cursor = Cursor(window, part)
        version, flags = cursor.version()
        for _ in range(_checked(cursor.take(4), MAX_ITEMS, "lists of properties")):
            item = items.get(cursor.take(4 if version else 2), Item(0))
            for _ in range(_checked(cursor.take(1), MAX_PROPERTIES, "properties of one item")):
                index = cursor.take(2) & 0x7FFF if flags & 1 else cursor.take(1) & 0x7F
                if index > len(shared):
                    item.fault = damaged(f"item {item.id} has a property that does not exist")
                elif index:
                    item.properties.append(shared[index - 1])


def _read_references(window: Window, box: IsoBox) -> tuple[Reference, ...]:
    """'iref' (14496-12, section 8.11.12)."""
    wide = 4 if window.read(box.start, 1)[0] else 2
    found: list[Reference] = []
    for part in boxes(window, box.start + 4, box.end):
        with nullcontext() if part.kind in _NEEDED else damage_let_pass:
            found.append(_read_reference(Cursor(window, part), part.kind, wide))
    return tuple(found)


def _read_reference(cursor: Cursor, kind: bytes, wide: int) -> Reference:
    source = cursor.take(wide)
    number = _checked(cursor.take(2), MAX_REFERENCES, "references of one item")
    return Reference(kind, source, tuple(cursor.take(wide) for _ in range(number)))
