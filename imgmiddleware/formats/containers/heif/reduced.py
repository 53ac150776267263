"""A container with the decoded parts and nothing else, for the decoder.

Decoders trip over parts that they would not need: OpenCV refuses an AVIF whose EXIF lies behind the
first 500 bytes, libavif one whose EXIF is not at its stated place. So they see only items that were
compared with their data. The boxes that cut and turn are left out, as this is done to the decoded
pixels.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from imgmiddleware.formats.containers.heif.choice import Chosen, Part
from imgmiddleware.formats.containers.heif.items import Item
from imgmiddleware.formats.containers.isobmff import IsoBox, box, full_box, nclx
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.window import Window

#: The boxes for decoding an item: its size, depth and configuration, and which of its layers.
_NEEDED = (b"ispe", b"pixi", b"av1C", b"hvcC", b"a1op", b"a1lx", b"lsel")
#: The boxes that a decoder may not ignore (23008-12, section 9.3.1).
_ESSENTIAL = (b"av1C", b"hvcC", b"a1op", b"lsel")


@dataclass(slots=True)
class _Entry:
    """One item of the new container; its id is its place, from 1."""

    kind: bytes
    data: list[Data]
    properties: list[bytes]
    references: list[tuple[bytes, list[int]]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(map(len, self.data))


def reduced(data: Data, brand: bytes, chosen: Chosen) -> bytes:
    """The container of colours and alpha. `brand` is that of the format, such as `avif`."""
    points = [part for part in chosen.boxes(b"colr") if nclx(Window.over(data), part)]
    entries: list[_Entry] = []
    colors = _added(entries, data, chosen.colors, points[:1])
    if chosen.alpha:
        auxiliary = chosen.alpha.auxiliary()
        alpha = _added(entries, data, chosen.alpha, [auxiliary] if auxiliary else [])
        entries[alpha - 1].references.append((b"auxl", [colors]))
        if chosen.multiplied:
            entries[colors - 1].references.append((b"prem", [alpha]))
    return _file(brand, entries)


def plane(data: Data, brand: bytes, part: Part) -> bytes:
    """The container of one part as a picture: the samples of alpha as grays."""
    entries: list[_Entry] = []
    _added(entries, data, part, ())
    return _file(brand, entries)


def _added(entries: list[_Entry], data: Data, part: Part, more: Iterable[IsoBox]) -> int:
    """The id of the part's item, which comes before its tiles."""
    entries.append(whole := _entry(data, part.item, more))
    id = len(entries)
    if part.grid:
        entries.extend(_entry(data, tile, ()) for tile in part.tiles)
        whole.references.append((b"dimg", [*range(id + 1, len(entries) + 1)]))
    return id


def _entry(data: Data, item: Item, more: Iterable[IsoBox]) -> _Entry:
    view = memoryview(data)
    kept = [property for property in item.properties if property.kind in _NEEDED]
    boxes = [box(part.kind, view[part.start : part.end]) for part in (*kept, *more)]
    return _Entry(item.kind, [view[at : at + size] for at, size in item.ranges()], boxes)


def _file(brand: bytes, entries: list[_Entry]) -> bytes:
    head = box(b"ftyp", brand, bytes(4), brand, b"mif1", b"miaf")
    size = len(_meta(entries, 0))
    outside = [part for entry in entries if entry.kind != b"grid" for part in entry.data]
    return b"".join((head, _meta(entries, len(head) + size + 8), box(b"mdat", *outside)))


def _meta(entries: list[_Entry], start: int) -> bytes:
    """The 'meta' box of items with data from `start` on. A grid's data is in the box itself."""
    inside = b"".join(part for entry in entries if entry.kind == b"grid" for part in entry.data)
    count = struct.pack(">H", len(entries))
    types = (
        full_box(b"infe", struct.pack(">HH", id, 0), entry.kind, b"\0", version=2)
        for id, entry in enumerate(entries, 1)
    )
    references = [
        box(kind, struct.pack(f">HH{len(targets)}H", id, len(targets), *targets))
        for id, entry in enumerate(entries, 1)
        for kind, targets in entry.references
    ]
    return full_box(
        b"meta",
        full_box(b"hdlr", bytes(4), b"pict", bytes(13)),
        full_box(b"pitm", struct.pack(">H", 1)),
        full_box(b"iloc", b"\x44\0", count, *_places(entries, start), version=1),
        full_box(b"iinf", count, *types),
        *([full_box(b"iref", *references)] if references else ()),
        _properties(entries),
        *([box(b"idat", inside)] if inside else ()),
    )


def _places(entries: list[_Entry], start: int) -> Iterable[bytes]:
    at = {False: start, True: 0}
    for id, entry in enumerate(entries, 1):
        inside = entry.kind == b"grid"
        yield struct.pack(">HHHHLL", id, inside, 0, 1, at[inside], entry.size)
        at[inside] += entry.size


def _properties(entries: list[_Entry]) -> bytes:
    """'ipco', where equal properties stand once, and 'ipma'."""
    pool = {part: None for entry in entries for part in entry.properties}
    numbers = {part: number for number, part in enumerate(pool, 1)}
    wide = len(numbers) > 127
    lists = []
    for id, entry in enumerate(entries, 1):
        lists.append(struct.pack(">HB", id, len(entry.properties)))
        for part in entry.properties:
            essential = part[4:8] in _ESSENTIAL
            lists.append(
                struct.pack(">H", essential << 15 | numbers[part])
                if wide
                else struct.pack(">B", essential << 7 | numbers[part])
            )
    table = full_box(b"ipma", struct.pack(">L", len(entries)), *lists, flags=int(wide))
    return box(b"iprp", box(b"ipco", *pool), table)
