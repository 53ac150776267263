"""Image file directories: the structure of TIFF 6.0, section 2, that EXIF borrows.

BigTIFF differs only in the width of its numbers, so one reader serves both.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imgmiddleware.errors import damaged
from imgmiddleware.formats.reading import damage_let_pass
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.orientation import Orientation

#: Entries of one directory. Cameras and scanners write below 100, microscopes some hundreds; the
#: count field alone would allow 65,535 in TIFF and 2**64 in BigTIFF.
MAX_ENTRIES = 2048

ORIENTATION = 274

#: Type number -> struct's letter: the integer types only, as no tag read here is anything else. 13
#: and 18 are offsets of directories; 7, UNDEFINED, holds a colour profile. 6, 8, 9 and 17 have a
#: sign; some writers use them for numbers without one.
_INTEGERS = {
    1: "B", 3: "H", 4: "L", 6: "b", 7: "B", 8: "h", 9: "l", 13: "L", 16: "Q", 17: "q", 18: "Q"
}  # fmt: skip
_FLOATS = {11: "f", 12: "d"}
#: Type number -> size in bytes, of all types (TIFF 6.0, section 2): text, rationals and floats too.
SIZES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
    16: 8, 17: 8, 18: 8,
}  # fmt: skip
#: BigTIFF's own types: LONG8, SLONG8 and IFD8.
_BIG_TYPES = (16, 17, 18)


@dataclass(frozen=True, slots=True)
class IfdEntry:
    """One tag: `count` values of type `type`, the first at `offset`."""

    type: int
    count: int
    offset: int


@dataclass(frozen=True, slots=True)
class Value:
    """One tag's values: `raw` is little-endian, `count` of them, of TIFF's type `type`."""

    type: int
    count: int
    raw: bytes


Values = Mapping[int, Value]


@dataclass(frozen=True, slots=True)
class IfdFile:
    """A TIFF file or an EXIF block: how its numbers are written, and where they begin."""

    window: Window
    order: str  # of the bytes of its numbers: struct's "<" or ">"
    big: bool  # BigTIFF
    first: int  # the offset of the first directory

    def unpack(self, letters: str, offset: int) -> tuple[Any, ...]:
        return self.window.unpack(self.order + letters, offset)

    @property
    def _sizes(self) -> tuple[int, int, str]:
        """Bytes of the count before the entries, bytes of an entry, and the letter of an offset."""
        return (8, 20, "Q") if self.big else (2, 12, "L")

    def count(self, offset: int) -> int:
        """The number of entries of the directory at `offset`, refused beyond `MAX_ENTRIES`."""
        count: int = self.unpack("Q" if self.big else "H", offset)[0]
        if not 0 < count <= MAX_ENTRIES:
            raise damaged(f"a directory claims {count} entries")
        return count

    def next(self, offset: int, count: int) -> int:
        """The offset of the directory after the one at `offset`, which has `count` entries."""
        head, size, letter = self._sizes
        return int(self.unpack(letter, offset + head + size * count)[0])

    def directory(self, offset: int) -> dict[int, IfdEntry]:
        """The entries of the directory at `offset` by tag, the first of each."""
        count, (head, size, letter) = self.count(offset), self._sizes
        block = self.window.read(offset + head, size * count)
        shape, room = (
            struct.Struct(f"{self.order}HH{letter}{letter}"),
            struct.calcsize(f"={letter}"),
        )
        entries: dict[int, IfdEntry] = {}
        for index in range(count):
            tag, kind, number, value = shape.unpack_from(block, size * index)
            inline = SIZES.get(kind, room + 1) * number <= room
            place = offset + head + size * index + size - room
            entries.setdefault(tag, IfdEntry(kind, number, place if inline else value))
        return entries

    def integers(self, entry: IfdEntry, most: int) -> tuple[int, ...]:
        """An entry's values; damage where there are more than `most` or they are no integers."""
        if entry.type not in _INTEGERS or not 0 < entry.count <= most:
            raise damaged(f"a tag holds {entry.count} values of type {entry.type}")
        return self.unpack(f"{entry.count}{_INTEGERS[entry.type]}", entry.offset)

    def numbers(self, entry: IfdEntry) -> tuple[float, ...]:
        """An entry's values; floats are no damage either."""
        letter = _FLOATS.get(entry.type) or _INTEGERS[entry.type]
        return tuple(map(float, self.unpack(f"{entry.count}{letter}", entry.offset)))

    def array(self, entry: IfdEntry, most: int, part: slice = slice(None)) -> npt.NDArray[np.int64]:
        """The same where they are many, or a part of them; damage too where one has 64 bits."""
        if entry.type not in _INTEGERS or not 0 < entry.count <= most:
            raise damaged(f"a tag holds {entry.count} values of type {entry.type}")
        kind = np.dtype(self.order + _INTEGERS[entry.type].replace("l", "i").replace("L", "I"))
        start, stop, _ = part.indices(entry.count)
        size = kind.itemsize
        raw = self.window.read(entry.offset + size * start, size * (stop - start))
        values = np.frombuffer(raw, kind).astype(np.int64)
        if values.min() < 0:
            raise damaged("a tag holds a number of 64 bits, or one below zero")
        return values

    def raw(self, entry: IfdEntry) -> bytes:
        """An entry's bytes, little-endian: rationals are pairs of 4 bytes, texts are not turned."""
        raw = self.window.read(entry.offset, SIZES[entry.type] * entry.count)
        unit = {5: 4, 10: 4}.get(entry.type, SIZES[entry.type])
        if self.order == "<" or unit == 1:
            return raw
        return b"".join(raw[at : at + unit][::-1] for at in range(0, len(raw), unit))

    def values(self, entries: Mapping[int, IfdEntry]) -> dict[int, Value]:
        """The values of entries; entries of no known type or outside of the file are left out."""
        found: dict[int, Value] = {}
        for tag, entry in entries.items():
            if entry.type in SIZES and entry.type not in _BIG_TYPES and entry.count > 0:
                with damage_let_pass:
                    found[tag] = Value(entry.type, entry.count, self.raw(entry))
        return found


def open_ifd(window: Window) -> IfdFile:
    """The facts of the header at the start of a TIFF file or an EXIF block."""
    order = {b"II": "<", b"MM": ">"}.get(window.read(0, 2))
    if order is None:
        raise damaged("its directory header has no byte order")
    (version,) = window.unpack(f"{order}H", 2)
    if version == 42:
        return IfdFile(window, order, False, window.unpack(f"{order}L", 4)[0])
    if version == 43 and window.unpack(f"{order}HH", 4) == (8, 0):
        return IfdFile(window, order, True, window.unpack(f"{order}Q", 8)[0])
    raise damaged(f"its directory header has version {version}")


def orientation_of(value: int) -> Orientation:
    """The tag's value; upright where it has no such value."""
    return Orientation(value) if 1 <= value <= 8 else Orientation.UPRIGHT


def read_orientation(block: bytes) -> Orientation:
    """The orientation of an EXIF block (without its `Exif` prefix); upright where it has none to
    trust.

    EXIF is advice about the picture, so a damaged block costs the orientation and not the picture.
    """
    with damage_let_pass:
        file = open_ifd(Window.over(block))
        entry = file.directory(file.first).get(ORIENTATION)
        return orientation_of(file.integers(entry, 1)[0] if entry else 1)
    return Orientation.UPRIGHT


#: The header of a little-endian TIFF; its first directory follows at once.
HEADER = b"II*\0" + struct.pack("<L", 8)


def shorts(*numbers: int) -> Value:
    return Value(3, len(numbers), struct.pack(f"<{len(numbers)}H", *numbers))


def longs(*numbers: int) -> Value:
    return Value(4, len(numbers), struct.pack(f"<{len(numbers)}L", *numbers))


def directory_size(values: Values) -> int:
    """The number of bytes that `directory` makes of them."""
    return 6 + sum(12 + (_even(v.raw) if len(v.raw) > 4 else 0) for v in values.values())


def directory(values: Values, base: int) -> bytes:
    """A little-endian directory at offset `base`: count, entries by tag, no next directory, then
    the values that are too long for their entries.
    """
    entries, longer = [struct.pack("<H", len(values))], []
    at = base + 6 + 12 * len(values)
    for tag, value in sorted(values.items()):
        place = value.raw.ljust(4, b"\0")
        if len(value.raw) > 4:
            place = struct.pack("<L", at)
            longer.append(value.raw.ljust(_even(value.raw), b"\0"))
            at += len(longer[-1])
        entries.append(struct.pack("<HHL", tag, value.type, value.count) + place)
    return b"".join((*entries, bytes(4), *longer))


def _even(raw: bytes) -> int:
    return len(raw) + len(raw) % 2
