"""JPEGs byte by byte: segments taken apart and put together, and a writer of flat blocks."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

Segments = list[tuple[int, bytes]]


def segment(marker: int, body: bytes) -> bytes:
    """A segment: a marker, its length and its payload."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def parted(data: bytes) -> tuple[Segments, bytes]:
    """The segments up to the first scan's, and all that is behind."""
    found: Segments = []
    at = 2
    while not found or found[-1][0] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        found.append((data[at + 1], data[at + 4 : at + 2 + length]))
        at += 2 + length
    return found, data[at:]


def joined(segments: Segments, rest: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segment(*each) for each in segments) + rest


class _Bits:
    """Codes, one behind the other; the last byte is filled with ones (T.81, F.1.2.3)."""

    def __init__(self) -> None:
        self._value = self._count = 0

    def put(self, code: int, length: int) -> None:
        self._value, self._count = self._value << length | code, self._count + length

    def stuffed(self) -> bytes:
        fill = -self._count % 8
        self.put((1 << fill) - 1, fill)
        return self._value.to_bytes(self._count // 8, "big").replace(b"\xff", b"\xff\0")


def flat_blocks(
    size: tuple[int, int],
    sampling: Sequence[tuple[int, int]],
    level: Callable[[int, int, int], int],
) -> bytes:
    """A baseline JPEG of one scan whose blocks have one level each: `level(component, x, y)`.

    All codes of differences have four bits, and the end of a block has one (T.81, annexes C and F).
    """
    wide, high = (max(factors) for factors in zip(*sampling, strict=True))
    numbers = range(1, len(sampling) + 1)
    frame = struct.pack(">BHHB", 8, size[1], size[0], len(sampling))
    frame += b"".join(
        bytes([n, h << 4 | v, 0]) for n, (h, v) in zip(numbers, sampling, strict=True)
    )
    codes = b"\0" + bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12))
    codes += b"\x10" + bytes([1] + [0] * 15) + b"\0"
    scan = bytes([len(sampling), *(byte for n in numbers for byte in (n, 0))]) + b"\0\x3f\0"
    bits, last = _Bits(), [0] * len(sampling)
    for row in range(-(-size[1] // (8 * high))):
        for column in range(-(-size[0] // (8 * wide))):
            for component, (h, v) in enumerate(sampling):
                for y in range(row * v, row * v + v):
                    for x in range(column * h, column * h + h):
                        now = level(component, x, y) - 128
                        difference, last[component] = now - last[component], now
                        length = abs(difference).bit_length()
                        bits.put(length, 4)
                        bits.put(difference + ((1 << length) - 1) * (difference < 0), length)
                        bits.put(0, 1)
    head: Segments = [(0xDB, b"\0" + bytes([8]) * 64), (0xC0, frame), (0xC4, codes), (0xDA, scan)]
    return joined(head, bits.stuffed() + b"\xff\xd9")


#: Sixteen by eight pixels, coded arithmetically (SOF9): by `jpegtran -arithmetic` of libjpeg-turbo,
#: from Pillow's file of `quadrants(16, 8)` at quality 50 with 4:4:4.
ARITHMETIC = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300100b0c0e0c0a100e0d0e1211101318281a181616183123"
    "251d283a333d3c3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763ffdb0043011112"
    "121815182f1a1a2f63423842636363636363636363636363636363636363636363636363636363636363636363636363"
    "6363636363636363636363636363ffc90011080008001003011100021101031101ffcc000a0010100501101105ffda00"
    "0c03010002110311003f00cf7327ac2683f01a7f3c2501200902f842b329733c573e9dddee4c10a748314943c93a899b"
    "60ffd9"
)
