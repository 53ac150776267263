"""ISO base media files (ISO/IEC 14496-12) with pictures as items (ISO/IEC 23008-12, "HEIF")."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from imgmiddleware.errors import damaged
from imgmiddleware.formats.reading import MAX_PROFILE, unsupported
from imgmiddleware.formats.window import Window

#: Boxes of one container. A picture has a dozen; 'ipco' of a large grid has a few for each tile.
MAX_BOXES = 2048
#: Items: colour, alpha, thumbnail, EXIF, XMP, gain map, and the tiles of a grid (256 of each).
MAX_ITEMS = 1024
#: Pieces of one item's data; encoders write one, or one a layer.
MAX_EXTENTS = 32
#: Properties of one item; the index field has seven or fifteen bits.
MAX_PROPERTIES = 64
#: Bytes of one table (iloc, iinf, iref, ipma): 1,024 items at a hundred bytes each.
MAX_TABLE = 128 * 1024
#: One reference names at most this many items: a grid of 256 x 256 tiles is over every limit here.
MAX_REFERENCES = 1024


@dataclass(frozen=True, slots=True)
class IsoBox:
    """A box's four letters and the range of its payload."""

    kind: bytes
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


@dataclass(slots=True)
class Item:
    """One item: its type, where its bytes stand in the file, its properties in their order."""

    id: int
    kind: bytes = b""
    extents: list[tuple[int, int]] = field(default_factory=list)
    properties: list[IsoBox] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(length for _, length in self.extents)

    def property(self, kind: bytes) -> IsoBox | None:
        return next((box for box in self.properties if box.kind == kind), None)

    def read(self, window: Window, offset: int, length: int) -> bytes:
        """`length` bytes of the item's data, which may be in several pieces."""
        parts: list[bytes] = []
        for start, size in self.extents:
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
    """`source` is to `targets` what `kind` says: an auxiliary of, a thumbnail of, made of."""

    kind: bytes
    source: int
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Container:
    """The 'meta' box: everything by item id."""

    primary: int
    items: dict[int, Item]
    references: tuple[Reference, ...]


class _Cursor:
    """Big-endian numbers read one after the other inside a box."""

    def __init__(self, window: Window, box: IsoBox) -> None:
        self._window, self._place, self._end = window, box.start, box.end

    def take(self, size: int) -> int:
        return int.from_bytes(self.bytes(size), "big")

    def bytes(self, size: int) -> bytes:
        if self._place + size > self._end:
            raise damaged("a box ends before its fields do")
        self._place += size
        return self._window.read(self._place - size, size)

    def version(self) -> tuple[int, int]:
        """Version and flags of a full box."""
        return self.take(1), self.take(3)


def boxes(window: Window, start: int, end: int) -> Iterator[IsoBox]:
    """The boxes of a range, which they must fill (14496-12, section 4.2)."""
    for _ in range(MAX_BOXES):
        if start == end:
            return
        if end - start < 8:
            raise damaged(f"byte {start} begins no box")
        size, kind = window.unpack(">L4s", start)
        head = 8
        if size == 1:
            size, head = window.unpack(">Q", start + 8)[0], 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            raise damaged(f"the box at byte {start} claims {size} bytes")
        yield IsoBox(kind, start + head, start + size)
        start += size
    raise damaged(f"a box holds more than {MAX_BOXES} boxes")


def icc(window: Window, box: IsoBox) -> bytes | None:
    """The profile in a 'colr' box (14496-12, section 12.1.5); None where it holds another kind."""
    if window.read(box.start, 4) not in (b"prof", b"rICC"):
        return None
    return window.read(box.start + 4, box.size - 4) if box.size - 4 <= MAX_PROFILE else b""


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
    cursor = _Cursor(window, found[b"pitm"])
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
    cursor = _Cursor(window, box)
    version, _ = cursor.version()
    if version > 2:
        raise damaged(f"its iloc has version {version}")
    sizes, more = cursor.take(1), cursor.take(1)
    widths = (sizes >> 4, sizes & 15, more >> 4, (more & 15) if version else 0)
    if not all(width in (0, 4, 8) for width in widths):
        raise damaged("its iloc has fields of a width that does not exist")
    items: dict[int, Item] = {}
    wide = 4 if version == 2 else 2
    for _ in range(_checked(cursor.take(wide), MAX_ITEMS, "items")):
        item = Item(cursor.take(wide))
        method = cursor.take(2) & 15 if version else 0
        if method > 1 or cursor.take(2):
            raise unsupported("an item's data is outside the file or inside another item")
        if method == 1 and idat is None:
            raise damaged("an item's data is in a box that does not exist")
        room = idat if method == 1 and idat else IsoBox(b"", 0, window.size)
        _read_extents(cursor, item, widths, room)
        if item.id in items:
            raise damaged(f"item {item.id} is listed twice")
        items[item.id] = item
    return items


def _read_extents(
    cursor: _Cursor, item: Item, widths: tuple[int, int, int, int], room: IsoBox
) -> None:
    offset_width, length_width, base_width, index_width = widths
    base = cursor.take(base_width)
    for _ in range(_checked(cursor.take(2), MAX_EXTENTS, "pieces of one item")):
        cursor.bytes(index_width)
        start = room.start + base + cursor.take(offset_width)
        length = cursor.take(length_width) or room.end - start
        if not room.start <= start <= start + length <= room.end:
            raise damaged(f"item {item.id} lies outside the file")
        item.extents.append((start, length))


def _read_types(window: Window, box: IsoBox, items: dict[int, Item]) -> None:
    """'iinf' and its 'infe' boxes (section 8.11.6)."""
    version = window.read(box.start, 1)[0]
    for entry in boxes(window, box.start + (8 if version else 6), box.end):
        cursor = _Cursor(window, entry)
        kind = cursor.version()[0]
        if entry.kind != b"infe" or kind not in (2, 3):
            raise damaged("its list of items is of another kind")
        id = cursor.take(4 if kind == 3 else 2)
        cursor.bytes(2)
        if id in items:
            items[id].kind = cursor.bytes(4)


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
        cursor = _Cursor(window, part)
        version, flags = cursor.version()
        for _ in range(_checked(cursor.take(4), MAX_ITEMS, "lists of properties")):
            id = cursor.take(4 if version else 2)
            for _ in range(_checked(cursor.take(1), MAX_PROPERTIES, "properties of one item")):
                index = cursor.take(2) & 0x7FFF if flags & 1 else cursor.take(1) & 0x7F
                if index > len(shared):
                    raise damaged(f"item {id} has a property that does not exist")
                if index and id in items:
                    items[id].properties.append(shared[index - 1])


def _read_references(window: Window, box: IsoBox) -> tuple[Reference, ...]:
    """'iref' (14496-12, section 8.11.12)."""
    wide = 4 if window.read(box.start, 1)[0] else 2
    found: list[Reference] = []
    for part in boxes(window, box.start + 4, box.end):
        cursor = _Cursor(window, part)
        source = cursor.take(wide)
        number = _checked(cursor.take(2), MAX_REFERENCES, "references of one item")
        found.append(Reference(part.kind, source, tuple(cursor.take(wide) for _ in range(number))))
    return tuple(found)
