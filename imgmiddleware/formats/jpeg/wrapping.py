"""Makes the bytes around a JPEG's coded data plain, for decoders that dislike how they are written.

libjpeg warns of bytes there that cost no pixel: bytes between segments, profiles in wrong parts,
numbers without meaning in this kind of JPEG, a missing end. Its strict ways stop at a warning. So
such a file is written anew, of the segments that make its pixels, and the strict way judges the
rest.
"""

import re
from collections.abc import Iterator

from imgmiddleware.errors import damaged
from imgmiddleware.formats.jpeg.segments import (
    APP,
    COM,
    EOI,
    SOF,
    SOS,
    Frame,
    Segment,
    coded,
    read_frame,
    segments,
)
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.window import Window

_START, _END = b"\xff\xd8", b"\xff\xd9"
_APP0, _APP14 = 0xE0, 0xEE
#: Spectral selection and approximation of a scan that has no passes (T.81, table B.3).
_ALL_AT_ONCE = b"\x00\x3f\x00"
#: Segments that may stand behind a scan: tables, a restart interval, the next scan, and comments.
_BETWEEN_SCANS = (0xC4, 0xCC, 0xDB, 0xDC, 0xDD, SOS, *APP, COM)
#: Coefficients of a block.
_BLOCK = 64
#: Bytes that may be left before any marker, and before one that is not the end if all are alike.
_FEW, _ALIKE = 8, 64
_STUFFED = b"\xff\x00"


def made_plain(data: Data) -> bytes:
    """The same picture, in segments that say what they should, and with an end.

    Raises `ImageError` (422) where its end is missing and more with it: with an end marker behind
    it no later check would find that.
    """
    return _written(data, rest=False)


def mended(data: Data, most: int) -> bytes:
    """The rest of a damaged JPEG, in the same form: up to a marker that no scan has.

    A decoder that is not strict fills the missing part with gray. Raises `ImageError` (422) where
    there is no scan.
    """
    return _written(data, rest=True)


def _written(data: Data, *, rest: bool) -> bytes:
    frame, head = _read_head(data)
    view, parts = memoryview(data), [memoryview(_START)]
    scans = [head[-1]]
    for segment in head:
        parts += map(memoryview, _plain(data, segment, frame))
    ended = False
    for start, end, behind in coded(data, head[-1]):
        parts.append(view[start:end])
        if rest and behind and behind.marker not in _BETWEEN_SCANS:
            break
        if behind is None:
            ended = end < len(data)
        else:
            parts += map(memoryview, _plain(data, behind, frame))
            scans += [behind] if behind.marker == SOS else []
    if not (ended or rest):
        _check_complete(data, frame, scans)
    return b"".join((*parts, _END))


def _read_head(data: Data) -> tuple[Frame, list[Segment]]:
    window = Window.over(data)
    head = [*segments(window)]
    frames = [read_frame(window, segment) for segment in head if segment.marker in SOF]
    if len(frames) != 1:
        raise damaged(f"it has {len(frames)} frame headers")
    return frames[0], head


def _plain(data: Data, segment: Segment, frame: Frame) -> Iterator[bytes]:
    """A segment in its plain form; nothing for a segment that makes no pixels."""
    marker = bytes((0xFF, segment.marker))
    if not segment.length:  # it stands alone, or says nothing
        if segment.marker not in APP and segment.marker != COM:
            yield bytes(data[segment.start - 2 : segment.start])
        return
    body: bytes | None = bytes(data[segment.start : segment.start + segment.length])
    if segment.marker in APP or segment.marker == COM:
        body = _colors(segment.marker, body or b"", frame)
    elif segment.marker == SOS and not frame.progressive and body:
        body = body[:-3] + _ALL_AT_ONCE
    if body is not None:
        yield marker + (len(body) + 2).to_bytes(2, "big") + body


def _colors(marker: int, body: bytes, frame: Frame) -> bytes | None:
    """The words of JFIF's and Adobe's segments about the colours; libjpeg reads these segments
    alone.

    libjpeg takes a version or a transform that it does not know as these.
    """
    if marker == _APP0 and body[:5] == b"JFIF\0" and len(body) >= 14:
        return body[:5] + b"\x01\x02" + body[7:12] + b"\0\0"
    if marker == _APP14 and body[:5] == b"Adobe" and len(body) >= 12:
        transformed = b"\x02" if len(frame.sampling) == 4 else b"\x01"
        return body[:11] + (transformed if body[11] else b"\0")
    return None


def _check_complete(data: Data, frame: Frame, scans: list[Segment]) -> None:
    """Check that the scans are complete, where no end marker says that they are.

    Of a progressive picture all coefficients of all components must come to their last bit (T.81,
    G.1.1.1). A decoder of Huffman's codes tells by itself where bits are missing. A decoder of
    arithmetic codes does not: where their data ends it goes on with zeros (D.2.6).
    """
    if frame.arithmetic:
        raise damaged("its end is missing")
    if not frame.progressive:
        return
    missing = {number: set(range(_BLOCK)) for number in frame.components}
    for scan in scans:
        body = bytes(data[scan.start : scan.start + scan.length])
        if len(body) < 4 or len(body) != 4 + 2 * body[0]:
            raise damaged("one of its scan headers has a wrong length")
        first, last, bits = body[-3:]
        for number in body[1:-3:2]:
            if not bits & 15 and number in missing:
                missing[number] -= set(range(first, last + 1))
    if any(missing.values()):
        raise damaged("some of its scans are missing")


def is_surplus(data: bytes, count: int, marker: int) -> bool:
    """Whether so many bytes before a marker may be the rest that some cameras leave: a few, or all
    alike.

    A decoder that has lost its place in the middle leaves bytes, too. With 64 bytes of noise these
    were 82 and more, in 298 of 400 files; with an end of coded data in every row, 4 and more.
    """
    if count <= _FEW:
        return True
    if marker == EOI:
        left = data[-2 - count : -2]
        return left in (left[-1:] * count, _STUFFED * (count // 2))
    return count <= _ALIKE and bool(
        re.search(rb"(.)\1{%d}\xff%c" % (count - 1, marker), data, re.DOTALL)
    )
