"""Abbreviated streams (ITU-T T.81, B.5): tables in one place, pictures that need them in others.

TIFF keeps its JPEG so (TIFF Technical Note 2). There the directory's words about the colours count.
So other words, JFIF's and Adobe's markers, are left out, and a marker of our own is put in.
"""

from dataclasses import dataclass
from functools import lru_cache

from imgmiddleware.errors import damaged
from imgmiddleware.formats.jpeg.segments import (
    APP,
    BASELINE,
    COM,
    EXTENDED,
    SOF,
    SOI,
    SOS,
    Frame,
    Segment,
    coded,
    read_frame,
    segments,
    walk_scans,
)
from imgmiddleware.formats.reading import damage_let_pass
from imgmiddleware.formats.window import Window

_START, _SCAN, _END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
#: A head with tables of its own takes some 600 bytes.
_LONGEST = 2048
#: Adobe's marker (APP14); decoders read its last byte (Technical Note 5116, section 18).
_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
#: Frame headers, tables of codes (DHT) and quantizers (DQT), and the interval of restarts (DRI).
_NEEDED = SOF | {0xC4, 0xDB, 0xDD}
_AS_STORED, _YCC = b"\x00", b"\x01"


def read_tables(block: bytes) -> bytes:
    """The segments of a stream of tables alone, which may be empty. Raises `ImageError` (422)."""
    if not block:
        return b""
    window = Window.over(block)
    _check_start(window)
    return b"".join(_copied(block, found) for found in segments(window, tables=True))


def made_whole(tables: bytes, piece: memoryview, *, ycc: bool) -> tuple[bytes, Frame]:
    """A stream that any decoder takes, and its frame header. `ycc`: its colours are YCbCr.

    Raises `ImageError`: 422 for damage, 415 for a kind of JPEG that is not decoded.
    """
    data = bytes(piece)
    head = _known(data) or _read_head(data)
    if head.frame.progressive or head.scanned < len(head.frame.sampling):
        walk_scans(data, head.scan)
    marker = _ADOBE + (_YCC if ycc else _AS_STORED)
    # A second end marker does no harm. Where it is missing, decoders still tell of data missing
    # before it.
    rest = data[head.scan.start - 4 :]
    return b"".join((_START, marker, tables, head.copied, rest, _END)), head.frame


def made_bare(tables: bytes, piece: memoryview, *, ycc: bool) -> tuple[bytes, Frame] | None:
    """The same for a stream that every client shows: one scan in Huffman's codes, and its end. None
    for others.

    Nothing else is in it: no words, no thumbnail, nothing behind the end. Raises the same errors.
    """
    data = bytes(piece)
    head = _known(data) or _read_head(data)
    if head.frame.marker not in (BASELINE, EXTENDED) or not head.bare:
        return None
    start, end, behind = next(coded(data, head.scan))
    if behind is not None or data[end : end + 2] != _END or start == end:
        return None
    if head.scanned != len(head.frame.sampling) or not head.frame.usual:
        return None
    marker = _ADOBE + (_YCC if ycc else _AS_STORED)
    scan = data[head.scan.start - 4 : end]
    return b"".join((_START, marker, tables, head.copied, scan, _END)), head.frame


@dataclass(frozen=True, slots=True)
class _Head:
    """The part of a stream in front of the first scan."""

    frame: Frame
    copied: bytes  # the segments, without those that name the colours
    scan: Segment
    scanned: int  # components in it
    bare: bool  # these are tables, and other parts that a picture needs


def _read_head(data: bytes) -> _Head:
    window = Window.over(data)
    _check_start(window)
    copied, frame, bare = [], None, True
    for segment in segments(window):
        if segment.marker in SOF:
            if frame:
                raise damaged("a strip or tile of it has two frame headers")
            frame = read_frame(window, segment)
        if segment.marker != SOS:
            copied.append(_copied(data, segment))
            bare = bare and (segment.marker in _NEEDED or not copied[-1])
    if frame is None:
        raise damaged("a strip or tile of it has no frame header")
    scanned = data[segment.start] if segment.length else 0
    return _Head(frame, b"".join(copied), segment, scanned, bare)


def _known(data: bytes) -> _Head | None:
    """The same for a head that was read before: all tiles of a picture have one.

    The head ends where the header of a scan seems to be. If it is none, this is no whole head.
    """
    at = data.find(_SCAN, 0, _LONGEST)
    end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return _read_once(data[:end]) if 0 < at < end < _LONGEST else None


@lru_cache(maxsize=64)
def _read_once(head: bytes) -> _Head | None:
    with damage_let_pass:
        return _read_head(head)
    return None


def _check_start(window: Window) -> None:
    if window.read(0, 2) != _START:
        raise damaged(f"a JPEG in it does not begin with marker {SOI:X}")


def _copied(data: bytes | memoryview, segment: Segment) -> bytes:
    if segment.marker in APP or segment.marker == COM:
        return b""
    return bytes(data[segment.start - 4 : segment.start + segment.length])
