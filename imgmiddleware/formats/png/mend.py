"""Mends a damaged PNG: the rows that can be inflated become a whole file again."""

import struct
import zlib

import numpy as np

from imgmiddleware.formats.png.chunks import SIGNATURE, Header, read_header
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.window import Window

#: The chunks beside the rows that decide their look.
_KEPT = frozenset({b"PLTE", b"tRNS", b"iCCP", b"cICP", b"sRGB", b"gAMA", b"cHRM", b"eXIf"})
#: Bytes that are inflated at a time: where one of them is wrong, the bytes before stay.
_PIECE = 512
_LAST_FILTER = 4


def mended(data: Data, most: int) -> bytes | None:
    """A still with the same header. Its missing rows are zeros: black, or clear with alpha.

    None where nothing is left, or where more than `most` bytes would be held for it.
    """
    header = read_header(Window.over(data))
    total = header.inflated()
    if 2 * total > most:
        return None
    kept, packed = _parts(memoryview(data))
    rows = _inflated(packed, total)
    if not rows:
        return None
    rows = _with_filters(rows.ljust(total, b"\0"), header)
    idat = zlib.compress(rows, 1)
    return b"".join(
        (SIGNATURE, bytes(data[8:33]), *kept, _chunk(b"IDAT", idat), _chunk(b"IEND", b""))
    )


def _parts(view: memoryview) -> tuple[list[bytes], list[memoryview]]:
    """The chunks that are kept, and the data of IDAT, as far as there are any."""
    kept: dict[bytes, bytes] = {}
    packed: list[memoryview] = []
    at = 33
    while at + 8 <= len(view):
        length, kind = struct.unpack_from(">L4s", view, at)
        body = view[at + 8 : at + 8 + length]
        if kind == b"IDAT":
            packed.append(body)
        elif not kind.isalpha() or kind == b"IEND" or (packed and kind[0] < 0x60):
            break
        elif kind in _KEPT and len(body) == length and not packed:
            kept.setdefault(kind, _chunk(kind, bytes(body)))
        at += 12 + length
    return [*kept.values()], packed


def _inflated(packed: list[memoryview], most: int) -> bytes:
    stream, rows = zlib.decompressobj(), bytearray()
    try:
        for part in packed:
            for at in range(0, len(part), _PIECE):
                rows += stream.decompress(part[at : at + _PIECE], most - len(rows) + 1)
                if len(rows) > most or stream.eof:
                    return bytes(rows[:most])
    except zlib.error:
        pass
    return bytes(rows)


def _with_filters(rows: bytes, header: Header) -> bytes:
    """The rows, with unknown filters as none. Where rows are in passes they begin at many
    places.
    """
    if header.interlaced:
        return rows
    table = np.frombuffer(rows, np.uint8).reshape(header.height, -1).copy()
    table[table[:, 0] > _LAST_FILTER, 0] = 0
    return table.tobytes()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))
