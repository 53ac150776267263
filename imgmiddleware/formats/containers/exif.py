"""EXIF (CIPA DC-008, based on TIFF 6.0): the parts that may go along with a result.

A block is never passed on as it is. Its thumbnail shows parts that were cropped away, its
orientation would turn an upright picture again, a maker's note breaks when it moves, and its
offsets may say anything. So harmless tags are read, within bounds, and a new block is written.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from imgmiddleware.formats.containers.ifd import (
    HEADER,
    ORIENTATION,
    SIZES,
    IfdEntry,
    IfdFile,
    Values,
    directory,
    directory_size,
    longs,
    open_ifd,
    shorts,
)
from imgmiddleware.formats.reading import Data, damage_let_pass
from imgmiddleware.formats.window import Readable, Window

ARTIST, COPYRIGHT = 315, 33432
_EXIF, _GPS = 34665, 34853

#: Tags of the first directory that describe the picture: description, make, model, software, date,
#: artist, copyright, rating, and Windows' own words for them.
_KEPT = frozenset({270, 271, 272, 305, 306, ARTIST, COPYRIGHT, 18246, *range(40091, 40096)})
#: Tags of the EXIF directory that do not: maker's note, interoperability, the original's size.
_DROPPED = frozenset({37500, 40962, 40963, 40965})

#: JPEG has room for 65,533 bytes in a segment; one value that takes all of it is no description.
_MOST_BYTES = 60_000
_MOST_VALUE = 16_384
#: Entries of one directory; cameras write below 60.
_MOST_ENTRIES = 256


@dataclass(frozen=True, slots=True)
class Exif:
    """The kept tags of a block: of the picture, of its making, and of its place."""

    picture: Values = field(default_factory=dict)
    making: Values = field(default_factory=dict)
    place: Values = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.picture or self.making or self.place)

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        values = (*self.picture.values(), *self.making.values(), *self.place.values())
        return sum(len(value.raw) for value in values)

    def rights(self) -> Exif:
        """The names of its maker and its owner, and nothing else."""
        return Exif({t: v for t, v in self.picture.items() if t in (ARTIST, COPYRIGHT)})


def parse(block: Data | Readable | None, at: int = 0) -> Exif:
    """The block (or TIFF file). The picture's directory is the first one, or the one at `at`.

    Damaged parts are left out: EXIF is advice, and its loss should not cost the picture.
    """
    if not block:
        return Exif()
    with damage_let_pass:
        file = open_ifd(Window.over(block))
        first = file.directory(at or file.first)
        picture = _kept(file, first, _KEPT.__contains__)
        making, place = (_below(file, first.get(tag)) for tag in (_EXIF, _GPS))
        return _bounded(Exif(picture, making, place))
    return Exif()


def _below(file: IfdFile, pointer: IfdEntry | None) -> Values:
    """The kept tags of a directory that another one points to."""
    with damage_let_pass:
        if pointer and (offset := struct.unpack("<L", file.raw(pointer))[0]):
            return _kept(file, file.directory(offset), lambda tag: tag not in _DROPPED)
    return {}


def _kept(file: IfdFile, entries: Mapping[int, IfdEntry], keeps: Callable[[int], bool]) -> Values:
    small = {
        tag: entries[tag]
        for tag in sorted(entries)[:_MOST_ENTRIES]
        if keeps(tag) and SIZES.get(entries[tag].type, 0) * entries[tag].count <= _MOST_VALUE
    }
    return file.values(small)


def _bounded(exif: Exif) -> Exif:
    """The same within `_MOST_BYTES`: the place is left out first, then the making."""
    for kept in (exif, Exif(exif.picture, exif.making), Exif(exif.picture), exif.rights()):
        if len(written(kept)) <= _MOST_BYTES:
            return kept
    return Exif()


def written(exif: Exif) -> bytes:
    """An EXIF block (TIFF, little-endian, without the `Exif` prefix) for an upright picture."""
    return HEADER + directories(exif, len(HEADER))


def directories(exif: Exif, base: int, more: Values | None = None) -> bytes:
    """The directories as they stand at offset `base` of a file, the picture's first.

    `more` are tags of the result's own beside it.
    """
    first = {**exif.picture, ORIENTATION: shorts(1), **(more or {})}
    parts = [(tag, part) for tag, part in ((_EXIF, exif.making), (_GPS, exif.place)) if part]
    first |= {tag: longs(0) for tag, _ in parts}
    at = base + directory_size(first)
    below = b""
    for tag, part in parts:
        first[tag] = longs(at + len(below))
        below += directory(part, at + len(below))
    return directory(first, base) + below
