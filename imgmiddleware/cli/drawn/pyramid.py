"""A TIFF pyramid of JPEG tiles (TIFF 6.0, sections 2, 15 and 22; Technical Note 2)."""

import io
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

#: The width and height of a tile, in pixels.
TILE = 256

#: A tile that is not drawn yet: the bytes that distinguish it in its level, and its JPEG.
Tile = tuple[bytes, Callable[[], bytes]]

_LAYOUTS = {3: "H", 4: "I"}  # SHORT and LONG
_SHORT, _LONG = _LAYOUTS
_START = struct.Struct("<2sHI")


@dataclass(frozen=True, slots=True)
class Level:
    """One size of the picture, in pixels, with its tiles row by row."""

    width: int
    height: int
    tiles: Iterable[Tile]


def pyramid(levels: Iterable[Level]) -> bytes:
    """The file, of less than 4 GiB. Equal tiles of a level are coded, and stand in it, once.

    The tiles are YCbCr of 8 bits whose colour is at half the width and height, as in most JPEGs.
    """
    file = io.BytesIO()
    file.write(_START.pack(b"II", 42, 0))
    named = first = _START.size - 4  # the place for the offset of the next directory
    for level in levels:
        tags = _tags(level, *_written(level, file), smaller=named != first)
        named = _append_directory(file, tags, named)
    return file.getvalue()


def _written(level: Level, file: io.BytesIO) -> tuple[list[int], list[int]]:
    """The offset of each tile in the file, and its bytes."""
    places: dict[bytes, tuple[int, int]] = {}
    found = []
    for key, code in level.tiles:
        if key not in places:
            places[key] = file.tell(), file.write(code())
        found.append(places[key])
    return [place for place, _ in found], [count for _, count in found]


def _tags(
    level: Level, offsets: list[int], counts: list[int], *, smaller: bool
) -> Mapping[int, tuple[int, list[int]]]:
    """The directory's entries, in the order that they must have: a type and values for each tag."""
    return {
        254: (_LONG, [int(smaller)]),  # NewSubfileType: a smaller copy
        256: (_LONG, [level.width]),
        257: (_LONG, [level.height]),
        258: (_SHORT, [8, 8, 8]),  # BitsPerSample
        259: (_SHORT, [7]),  # Compression: JPEG
        262: (_SHORT, [6]),  # PhotometricInterpretation: YCbCr
        277: (_SHORT, [3]),  # SamplesPerPixel
        322: (_SHORT, [TILE]),  # TileWidth
        323: (_SHORT, [TILE]),  # TileLength
        324: (_LONG, offsets),
        325: (_LONG, counts),
        530: (_SHORT, [2, 2]),  # YCbCrSubSampling
    }


def _append_directory(
    file: io.BytesIO, tags: Mapping[int, tuple[int, list[int]]], named: int
) -> int:
    """Write a directory after the values that do not fit into its entries, and its offset at
    `named`.

    Returns the place for the offset of the next one.
    """
    entries = []
    for tag, (kind, values) in tags.items():
        body = struct.pack(f"<{len(values)}{_LAYOUTS[kind]}", *values)
        if len(body) > 4:
            body = struct.pack("<I", _append(file, body))
        entries.append(struct.pack("<HHI4s", tag, kind, len(values), body))
    start = _append(file, struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4))
    file.seek(named)
    file.write(struct.pack("<I", start))
    file.seek(0, io.SEEK_END)
    return start + 2 + 12 * len(entries)


def _append(file: io.BytesIO, body: bytes) -> int:
    """The offset where it stands now: an even one, as in all values that a directory points to."""
    file.write(bytes(file.tell() % 2))
    start = file.tell()
    file.write(body)
    return start
