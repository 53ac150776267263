"""GIFs block by block."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

Table = Sequence[tuple[int, int, int]]


def lzw(indices: Iterable[int], size: int) -> bytes:
    """Codes of `size` bits and one more, of a pixel each: a clear code keeps them from growing
    (GIF89a, appendix F).
    """
    clear, bits, count = 1 << size, 0, 0
    codes = [clear]
    for number, index in enumerate(indices):
        codes += [clear] if number and number % max(1, clear - 2) == 0 else []
        codes.append(index)
    for code in (*codes, clear + 1):
        bits |= code << count
        count += size + 1
    return bits.to_bytes(-(-count // 8), "little")


def blocks(data: bytes) -> bytes:
    """Sub-blocks of 255 bytes at most, and the one that ends them (section 15)."""
    parts = [data[at : at + 255] for at in range(0, len(data), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def image(
    indices: Sequence[Sequence[int]],
    *,
    left: int = 0,
    top: int = 0,
    size: int = 2,
    surplus: Sequence[int] = (),
) -> bytes:
    """An image of these rows, with `surplus` pixels behind its last."""
    flat = [index for row in indices for index in row]
    head = struct.pack("<BHHHHB", 0x2C, left, top, len(indices[0]), len(indices), 0)
    return head + bytes([size]) + blocks(lzw([*flat, *surplus], size))


def control(delay: int = 0, *, disposal: int = 0, clear: int | None = None) -> bytes:
    """A graphic control extension (section 23)."""
    packed = disposal << 2 | (clear is not None)
    return struct.pack("<BBBBHBB", 0x21, 0xF9, 4, packed, delay, clear or 0, 0)


def loops(count: int, name: bytes = b"NETSCAPE2.0") -> bytes:
    """The number of further runs; 0 is for ever."""
    return b"!\xff\x0b" + name + struct.pack("<BBHB", 3, 1, count, 0)


def gif(size: tuple[int, int], table: Table, *parts: bytes, end: bytes = b";") -> bytes:
    """With a table of 2, 4, 8, ... colours."""
    packed = 0x80 | (len(table) - 1).bit_length() - 1
    head = b"GIF89a" + struct.pack("<HHBBB", *size, packed, 0, 0)
    return head + b"".join(map(bytes, table)) + b"".join(parts) + end
