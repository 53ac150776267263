"""How often a sequence plays: the edit list of a track (ISO/IEC 23008-12:2022, section 9.6.1).

The list has one segment. Without the flag that repeats it, it plays once. With the flag it plays
for as long as the track lasts, or for ever where the track gives no length.
"""

from collections.abc import Iterator

from imgmiddleware.formats.containers.isobmff import IsoBox, boxes
from imgmiddleware.formats.window import Window

_INSIDE = (b"moov", b"trak", b"mdia", b"edts")
_REPEATS = 1  # of an edit list's flags


def plays(window: Window) -> int:
    """How often the first track plays, 0 for ever, which is the default, as in Chromium.

    A segment that begins anew is counted, as libavif does.
    """
    headers = {box.kind: box for box in reversed(list(_headers(window)))}
    if b"elst" not in headers or b"tkhd" not in headers:
        return 0
    edits, track = headers[b"elst"], headers[b"tkhd"]
    if not window.read(edits.start, 4)[3] & _REPEATS:
        return 1
    segment = int.from_bytes(window.read(*_duration(window, edits)), "big")
    at, wide = _duration(window, track)
    lasts = int.from_bytes(window.read(at, wide), "big")
    for_ever = lasts == (1 << (8 * wide)) - 1
    return 0 if for_ever or not segment else -(-lasts // segment)


def rewritten(file: bytes, plays: int) -> bytes:
    """A sequence, or a still, that states this number of plays, and no time of its making.

    Movie, tracks and media each note that second in their header (ISO/IEC 14496-12, 8.2.2, 8.3.2
    and 8.4.2): equal pixels are equal bytes.
    """
    data, window = bytearray(file), Window.over(file)
    headers = list(_headers(window))
    places = [_duration(window, box) for box in headers if box.kind == b"elst"]
    segment = max((int.from_bytes(window.read(*place), "big") for place in places), default=0)
    lasts = plays * segment
    for box in headers:
        at, wide = _duration(window, box)
        if box.kind == b"elst":
            data[box.start + 3] = _REPEATS if plays != 1 else 0
            continue
        data[box.start + 4 : box.start + 4 + 2 * wide] = bytes(2 * wide)
        if plays and box.kind != b"mdhd":
            data[at : at + wide] = lasts.to_bytes(wide, "big")
    return bytes(data)


def _headers(window: Window) -> Iterator[IsoBox]:
    """The headers of the movie, and of its tracks in their order."""
    ranges = [(0, window.size)]
    while ranges:
        for box in boxes(window, *ranges.pop(0)):
            if box.kind in _INSIDE:
                ranges.append((box.start, box.end))
            elif box.kind in (b"mvhd", b"tkhd", b"mdhd", b"elst"):
                yield box


def _duration(window: Window, box: IsoBox) -> tuple[int, int]:
    """The place of a header's duration, and its bytes; of an edit list those of its first
    segment.
    """
    wide = 8 if window.read(box.start, 1)[0] == 1 else 4
    before = {b"mvhd": 2 * wide + 4, b"tkhd": 2 * wide + 8, b"mdhd": 2 * wide + 4, b"elst": 4}
    return box.start + 4 + before[box.kind], wide
