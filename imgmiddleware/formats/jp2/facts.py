"""JPEG 2000 (ISO/IEC 15444-1): the codestream's sizes, compared with those of the file around it.

The sizes of a hostile codestream do not bound the memory that OpenJPEG allocates, and reports of
writes beyond its memory come up again and again. So the format is off unless it is turned on.
"""

from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.isobmff import IsoBox, boxes
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import (
    MAX_PROFILE,
    SLACK,
    Data,
    check_size,
    unsupported,
)
from imgmiddleware.formats.window import Window

CODESTREAM, _BOXED = b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n"
#: Tiles of one picture; the standard allows 65535, each with tables of its own.
_MOST_TILES = 4096
#: The enumerated colours (section I.5.3.3) that are taken: sRGB and gray.
_SRGB, _GRAY = 16, 17


@dataclass(frozen=True, slots=True)
class _Size:
    """The SIZ segment (section A.5.1)."""

    width: int
    height: int
    channels: int
    bits: int


def sniff(head: bytes) -> bool:
    return head.startswith((CODESTREAM, _BOXED))


def _read_size(window: Window, start: int) -> _Size:
    if window.read(start, 4) != CODESTREAM:
        raise damaged("its codestream does not begin with its sizes")
    right, bottom, left, top, wide, high, tile_left, tile_top, channels = window.unpack(
        ">8LH", start + 8
    )
    width, height = right - left, bottom - top
    check_size(width, height)
    if not wide or not high or tile_left > left or tile_top > top:
        raise damaged("its tiles do not cover it")
    if -(-(right - tile_left) // wide) * -(-(bottom - tile_top) // high) > _MOST_TILES:
        raise unsupported(f"it is of more than {_MOST_TILES} tiles")
    if not 1 <= channels <= 4:
        raise unsupported(f"it has {channels} components")
    parts = {window.read(start + 42 + 3 * index, 3) for index in range(channels)}
    if len(parts) > 1:
        raise unsupported("its components differ in depth or in size")
    depth, across, down = parts.pop()
    if (across, down) != (1, 1) or depth not in (7, 15):
        raise unsupported("its components are not of 8 or 16 bits without sign, or are subsampled")
    return _Size(width, height, channels, depth + 1)


def _boxes(window: Window) -> tuple[dict[bytes, IsoBox], list[IsoBox]]:
    """The boxes of the file, and those of its header."""
    found = {box.kind: box for box in boxes(window, 0, window.size)}
    if b"jp2h" not in found or b"jp2c" not in found:
        raise damaged("it has no header, or no codestream")
    header = found[b"jp2h"]
    return found, list(boxes(window, header.start, header.end))


def read(window: Window) -> Facts:
    """The facts of the codestream, and the colours that the file around it says it has."""
    if window.head(4) == CODESTREAM:
        size = _read_size(window, 0)
    else:
        found, header = _boxes(window)
        size = _read_size(window, found[b"jp2c"].start)
        _check_header(window, header, size)
    return Facts(
        format="jp2",
        width=size.width,
        height=size.height,
        color="gray" if size.channels < 3 else "rgb",
        alpha=size.channels in (2, 4),
        depth=size.bits,
        decode_bytes=_decode_bytes(size),
        bits=size.bits,
    )


def _check_header(window: Window, header: list[IsoBox], size: _Size) -> None:
    kinds = {box.kind: box for box in header}
    if b"ihdr" not in kinds or kinds[b"ihdr"].size < 14:
        raise damaged("its header has no size")
    height, width, channels = window.unpack(">LLH", kinds[b"ihdr"].start)
    if (width, height, channels) != (size.width, size.height, size.channels):
        raise damaged(
            f"its header claims {width} x {height} pixels, "
            f"its codestream {size.width} x {size.height}"
        )
    if b"pclr" in kinds:
        raise unsupported("it has a palette")
    colors = next((box for box in header if box.kind == b"colr"), None)  # others are ignored
    if colors and window.read(colors.start, 1) == b"\1":
        (space,) = window.unpack(">L", colors.start + 3)
        if space != (_SRGB if size.channels >= 3 else _GRAY):
            raise unsupported(f"its colours, number {space}, are not decoded")


def _decode_bytes(size: _Size) -> int:
    """The memory for honest files: 6.5 bytes a pixel and component; no bound."""
    return size.width * size.height * 8 * size.channels + SLACK


def vet(data: Data, facts: Facts) -> Data:
    """Of 8 bits the codestream alone, unless a header says that channels are in another order.
    Pillow stumbles over headers of Photoshop's (.jpf) that no picture needs.
    """
    window = Window.over(data)
    if facts.depth != 8 or window.head(4) == CODESTREAM:
        return data
    found, header = _boxes(window)
    if not all(_in_order(window, box) for box in header if box.kind == b"cdef"):
        return data
    return memoryview(data)[found[b"jp2c"].start : found[b"jp2c"].end]


def _in_order(window: Window, box: IsoBox) -> bool:
    """Whether channel definitions (section I.5.3.6) name the colours in their order."""
    (count,) = window.unpack(">H", box.start)
    said = window.unpack(f">{3 * count}H", box.start + 2)
    channels = zip(said[::3], said[1::3], said[2::3], strict=True)
    return all(kind or colour == index + 1 for index, kind, colour in channels)


def profile(data: Data, facts: Facts) -> bytes | None:
    """The 'colr' box that holds a profile (section I.5.3.3)."""
    window = Window.over(data)
    if window.head(4) == CODESTREAM:
        return None
    for box in _boxes(window)[1]:
        if box.kind == b"colr" and window.read(box.start, 1) in (b"\2", b"\3"):
            return window.read(box.start + 3, box.size - 3) if box.size <= MAX_PROFILE else b""
    return None
