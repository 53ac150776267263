"""Abbreviated streams (ITU-T T.81, B.5): tables in one place, pictures that need them in others.

TIFF keeps its JPEG so (TIFF Technical Note 2). What a directory says of the colours counts there;
so what else may say it, JFIF's and Adobe's markers, is left out, and a marker of our own put in.
"""

from imgmiddleware.errors import damaged
from imgmiddleware.formats.jpeg.segments import (
    APP,
    COM,
    SOF,
    SOI,
    SOS,
    Frame,
    Segment,
    read_frame,
    segments,
    walk_scans,
)
from imgmiddleware.formats.window import Window

_START, _END = b"\xff\xd8", b"\xff\xd9"
#: Adobe's marker (APP14), of which decoders read the last byte (Technical Note 5116, section 18).
_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
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
    window = Window.over(piece)
    _check_start(window)
    head, frame = [_START, _ADOBE, _YCC if ycc else _AS_STORED, tables], None
    for segment in segments(window):
        if segment.marker in SOF:
            if frame:
                raise damaged("a strip or tile of it has two frame headers")
            frame = read_frame(window, segment)
        if segment.marker != SOS:
            head.append(_copied(piece, segment))
    if frame is None:
        raise damaged("a strip or tile of it has no frame header")
    scanned = window.read(segment.start, 1)[0] if segment.length else 0
    if frame.progressive or scanned < len(frame.sampling):
        walk_scans(piece, segment)
    # An end marker twice is none; where it lacks, decoders still tell what lacks before it.
    return b"".join((*head, piece[segment.start - 4 :], _END)), frame


def _check_start(window: Window) -> None:
    if window.read(0, 2) != _START:
        raise damaged(f"a JPEG in it does not begin with marker {SOI:X}")


def _copied(data: bytes | memoryview, segment: Segment) -> bytes:
    if segment.marker in APP or segment.marker == COM:
        return b""
    return bytes(data[segment.start - 4 : segment.start + segment.length])
