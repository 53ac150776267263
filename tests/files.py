"""Small files, written by Pillow or byte by byte.

A file that breaks a rule does so by little, so that every decoder survives it.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from PIL import Image

from pictures import noise, saved

# --- JPEG ---------------------------------------------------------------------------------------


def resized_jpeg(jpeg: bytes, width: int, height: int) -> bytes:
    """A JPEG whose frame header claims another size."""
    at = min(place for place in (jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2")) if place > 0)
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def half_jpeg_with_end() -> bytes:
    """Half a picture with an end marker put behind it: decoded with a silent grey rest."""
    whole = saved(noise(256, 256), "JPEG", quality=90)
    return whole[: len(whole) // 2] + b"\xff\xd9"


# --- PNG ----------------------------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG, each a name and its data, whose checksum fits."""
    assert data[:8] == PNG
    found, at = [], 8
    while at < len(data):
        length, kind = struct.unpack_from(">L4s", data, at)
        body = data[at + 8 : at + 8 + length]
        assert chunk(kind, body) == data[at : at + 12 + length]
        found.append((kind, body))
        at += 12 + length
    return found


def ihdr(width: int, height: int, bits: int = 8, color: int = 2, interlace: int = 0) -> bytes:
    """An IHDR chunk."""
    return chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, bits, color, 0, 0, interlace))


# --- GIF, BMP, TIFF, WebP -----------------------------------------------------------------------


def tiff(
    entries: dict[int, tuple[str, list[int]]], body: bytes = bytes(64), order: str = "<"
) -> bytes:
    """A TIFF of one directory: tag -> (struct's letter, values). `body` begins at byte 8."""
    start = 8 + len(body)
    rest = start + 2 + 12 * len(entries) + 4
    records, values = b"", b""
    for tag in sorted(entries):
        letter, numbers = entries[tag]
        data = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        kind = {"B": 1, "H": 3, "L": 4, "Q": 16}[letter]
        if len(data) > 4:
            place, values = rest + len(values), values + data
            data = struct.pack(order + "L", place)
        records += struct.pack(order + "HHL", tag, kind, len(numbers)) + data.ljust(4, b"\0")
    magic = b"II*\0" if order == "<" else b"MM\0*"
    count = struct.pack(order + "H", len(entries))
    return magic + struct.pack(order + "L", start) + body + count + records + bytes(4) + values


def ring_of_pages() -> bytes:
    """Two pages, of which the second names the first as the next."""
    whole = bytearray(saved(noise(), "TIFF", save_all=True, append_images=[noise()]))
    first = struct.unpack_from("<L", whole, 4)[0]
    second = struct.unpack_from("<L", whole, _next_field(whole, first))[0]
    struct.pack_into("<L", whole, _next_field(whole, second), first)
    return bytes(whole)


def _next_field(whole: bytes | bytearray, offset: int) -> int:
    return offset + 2 + 12 * int(struct.unpack_from("<H", whole, offset)[0])


# --- AVIF ---------------------------------------------------------------------------------------


def box(kind: bytes, *parts: bytes) -> bytes:
    """An ISO media box."""
    body = b"".join(parts)
    return struct.pack(">L", 8 + len(body)) + kind + body


def ispe(width: int, height: int) -> bytes:
    """The property that tells an item's size."""
    return box(b"ispe", struct.pack(">LLL", 0, width, height))


@cache
def av1(width: int, height: int, mode: str = "L") -> tuple[bytes, bytes]:
    """A flat AV1 still of this size: its data and its av1C property."""
    whole = saved(Image.new(mode, (width, height), "gray"), "AVIF", speed=10, max_threads=1)
    start = whole.index(b"mdat") + 4
    config = whole.index(b"av1C") - 4
    size = struct.unpack_from(">L", whole, config)[0]
    return whole[start:], whole[config : config + size]


PIXI = box(b"pixi", bytes(4), b"\x01\x08")
ALPHA = box(b"auxC", bytes(4), b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")


@dataclass(frozen=True)
class AvifItem:
    """One item of a file that `avif` writes; its id is its place in the list, from 1."""

    data: bytes
    properties: tuple[bytes, ...]
    kind: bytes = b"av01"
    references: tuple[tuple[bytes, tuple[int, ...]], ...] = ()
    pieces: int = 1
    in_idat: bool = False


def coded(width: int, height: int, *more: bytes, claims: tuple[int, int] | None = None) -> AvifItem:
    """A flat AV1 item whose ispe `claims` its size, or another."""
    data, config = av1(width, height)
    return AvifItem(data, (ispe(*(claims or (width, height))), PIXI, config, *more))


def _locations(items: list[AvifItem], start: int) -> bytes:
    rows, stored = b"", 0
    for number, item in enumerate(items, 1):
        rows += struct.pack(">HHHH", number, int(item.in_idat), 0, item.pieces)
        base, size = (0 if item.in_idat else start + stored), len(item.data)
        cuts = [size * piece // item.pieces for piece in range(item.pieces + 1)]
        for left, right in pairwise(cuts):
            rows += struct.pack(">LL", base + left, right - left)
        stored += 0 if item.in_idat else size
    return box(b"iloc", b"\x01\0\0\0\x44\0", struct.pack(">H", len(items)), rows)


def avif(items: list[AvifItem], brand: bytes = b"avif") -> bytes:
    """An AVIF of these items, the first of them primary; at most one may stand in 'idat'."""
    associations, types, references = b"", b"", b""
    pool = list(dict.fromkeys(part for item in items for part in item.properties))
    for id, item in enumerate(items, 1):
        types += box(b"infe", struct.pack(">LHH", 0x02000000, id, 0), item.kind, b"\0")
        indices = bytes(
            pool.index(part) + 1 | (0x80 if part[4:8] in (b"av1C", b"irot", b"imir") else 0)
            for part in item.properties
        )
        associations += struct.pack(">HB", id, len(indices)) + indices
        for kind, targets in item.references:
            body = struct.pack(f">HH{len(targets)}H", id, len(targets), *targets)
            references += box(kind, body)
    inside = b"".join(item.data for item in items if item.in_idat)
    outside = b"".join(item.data for item in items if not item.in_idat)

    def head(start: int) -> bytes:
        return box(b"ftyp", brand, bytes(4), brand, b"mif1") + box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"pitm", bytes(4), b"\0\x01"),
            _locations(items, start),
            box(b"iinf", bytes(4), struct.pack(">H", len(items)), types),
            box(b"iref", bytes(4), references) if references else b"",
            box(
                b"iprp",
                box(b"ipco", *pool),
                box(b"ipma", bytes(4), struct.pack(">L", len(items)), associations),
            ),
            box(b"idat", inside) if inside else b"",
        )

    return head(len(head(0)) + 8) + box(b"mdat", outside)
