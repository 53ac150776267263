"""PNG's chunks and its header (W3C, third edition, clauses 5.3 and 11.2.1)."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import check_size, unsupported
from imgmiddleware.formats.window import Window

SIGNATURE = b"\x89PNG\r\n\x1a\n"

#: Chunks of one file. libpng writes IDAT chunks of 8 KiB, so this is 512 MiB of them; walking them
#: takes half a second.
MAX_CHUNKS = 65536

GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
#: Table 11: the bit depths that a colour type may have, and its samples a pixel.
_DEPTHS = {
    GRAY: (1, 2, 4, 8, 16),
    RGB: (8, 16),
    PALETTE: (1, 2, 4, 8),
    GRAY_ALPHA: (8, 16),
    RGBA: (8, 16),
}
SAMPLES = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}
#: Clause 8.1: first column and row, and the steps, of the seven passes of Adam7.
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


@dataclass(frozen=True, slots=True)
class PngChunk:
    kind: bytes
    start: int  # of its length field
    length: int  # of its data

    @property
    def data(self) -> int:
        return self.start + 8

    @property
    def end(self) -> int:
        return self.start + 12 + self.length


@dataclass(frozen=True, slots=True)
class Header:
    """IHDR, clause 11.2.1."""

    width: int
    height: int
    bits: int
    color: int
    interlaced: bool

    @property
    def pixel(self) -> int:
        """Bytes of a pixel; one byte where a pixel has less."""
        return max(1, self.bits * SAMPLES[self.color] // 8)

    def inflated(self) -> int:
        """Bytes of the filtered rows: IDAT must inflate to these."""
        passes = _ADAM7 if self.interlaced else ((0, 0, 1, 1),)
        pixel, total = self.bits * SAMPLES[self.color], 0
        for x, y, step_x, step_y in passes:
            wide = max(0, -(-(self.width - x) // step_x))
            high = max(0, -(-(self.height - y) // step_y))
            total += high * (1 + (wide * pixel + 7) // 8) if wide else 0
        return total


def chunks(window: Window) -> Iterator[PngChunk]:
    """The chunks up to and including IEND; bytes behind it are ignored."""
    offset = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        length, kind = window.unpack(">L4s", offset)
        chunk = PngChunk(kind, offset, length)
        if chunk.end > window.size:
            raise damaged(f"the chunk at byte {offset} claims {length} bytes, beyond the end")
        if not kind.isalpha():
            raise damaged(f"the chunk at byte {offset} has a name that is not four letters")
        yield chunk
        if kind == b"IEND":
            return
        offset = chunk.end
    raise damaged(f"it has more than {MAX_CHUNKS} chunks")


def read_header(window: Window) -> Header:
    if window.unpack(">L4s", 8) == (4, b"CgBI"):
        raise unsupported("it is Apple's private variant of PNG (CgBI)")
    if window.unpack(">L4s", 8) != (13, b"IHDR"):
        raise damaged("its first chunk is not an IHDR of 13 bytes")
    (crc,) = window.unpack(">L", 29)
    if zlib.crc32(window.read(12, 17)) != crc:
        raise damaged("the checksum of its IHDR does not fit")
    width, height, bits, color, packing, filtering, interlace = window.unpack(">LLBBBBB", 16)
    check_size(width, height)
    if bits not in _DEPTHS.get(color, ()):
        raise damaged(f"colour type {color} with {bits} bits does not exist")
    if packing or filtering or interlace > 1:
        raise damaged("its compression, filter or interlace method does not exist")
    return Header(width, height, bits, color, bool(interlace))


def read_probed_header(window: Window, facts: Facts) -> Header:
    """The same for an original whose facts were read before. Raises 422 where they do not fit."""
    header = read_header(window)
    if (header.width, header.height) != (facts.width, facts.height):
        raise damaged("its IHDR is not the one that was probed")
    return header
