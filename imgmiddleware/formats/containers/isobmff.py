"""ISO base media files (ISO/IEC 14496-12): boxes, and kinds of them that several formats share."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from imgmiddleware.errors import damaged
from imgmiddleware.formats.reading import MAX_PROFILE
from imgmiddleware.formats.window import Window

#: Boxes of one container. A picture has a dozen; 'ipco' of a large grid has a few for each tile.
MAX_BOXES = 2048


@dataclass(frozen=True, slots=True)
class IsoBox:
    """A box's four letters and the range of its payload."""

    kind: bytes
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


class Cursor:
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


class Nclx(NamedTuple):
    """Code points of ITU-T H.273, and whether black and white are the least and the most."""

    primaries: int
    transfer: int
    matrix: int
    full: bool


def nclx(window: Window, box: IsoBox) -> Nclx | None:
    """The code points in a 'colr' box; None where it holds another kind."""
    if box.size < 11 or window.read(box.start, 4) != b"nclx":
        return None
    primaries, transfer, matrix, last = window.unpack(">HHHB", box.start + 4)
    return Nclx(primaries, transfer, matrix, full=bool(last & 0x80))


def box(kind: bytes, *parts: bytes | memoryview) -> bytes:
    """A box to be written."""
    body = b"".join(parts)
    return struct.pack(">L", 8 + len(body)) + kind + body


def full_box(kind: bytes, *parts: bytes | memoryview, version: int = 0, flags: int = 0) -> bytes:
    """A box with a version and flags before its fields."""
    return box(kind, struct.pack(">L", version << 24 | flags), *parts)
