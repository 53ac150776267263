"""JPEG (ITU-T T.81): the marker segments up to the first scan, and a walk over the scans."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.exif import Exif, parse
from imgmiddleware.formats.containers.ifd import read_orientation
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import (
    MAX_PROFILE,
    SLACK,
    Data,
    check_size,
    unsupported,
)
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.orientation import Orientation

#: Segments before the first scan. A profile of 4 MiB takes 65, extended XMP of 10 MB takes 160.
MAX_SEGMENTS = 1024
#: Fill bytes (B.1.1.2 allows any number) before one marker; encoders that align write below 16.
MAX_FILL = 64
#: libjpeg's own encoder takes no script of more than 100 scans, and no optimizer writes over 30.
#: Each scan visits every block of its components, so the decoder's time grows with their number.
MAX_SCANS = 100

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP1, _APP2, _APP14 = 0xE1, 0xE2, 0xEE
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # TEM and RSTn have no length field
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # without DHT, JPG and DAC
_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2
#: In entropy-coded data FF is followed by a stuffed 00 or by RSTn; anything else ends the scan.
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_COLORS = {1: "gray", 3: "rgb", 4: "cmyk"}


@dataclass(frozen=True, slots=True)
class _Segment:
    marker: int
    start: int  # of the payload, behind the length field
    length: int  # of the payload


@dataclass(frozen=True, slots=True)
class _Frame:
    """The frame header, B.2.2."""

    marker: int
    width: int
    height: int
    sampling: tuple[tuple[int, int], ...]  # horizontal, vertical; one pair a component

    def blocks(self, padded: bool) -> int:
        """8 x 8 blocks of all components: those that carry picture, or those of whole MCUs."""
        most_h = max(h for h, _ in self.sampling)
        most_v = max(v for _, v in self.sampling)
        total = 0
        for h, v in self.sampling:
            if padded:
                wide, high = -(-self.width // (8 * most_h)) * h, -(-self.height // (8 * most_v)) * v
            else:
                wide = -(-(self.width * h) // (8 * most_h))
                high = -(-(self.height * v) // (8 * most_v))
            total += wide * high
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegFacts:
    """What of a JPEG's facts only its decoder asks for."""

    inverted: bool  # Adobe's applications store the ink that is not printed


def sniff(head: bytes) -> bool:
    return head[:3] == b"\xff\xd8\xff"


def _segments(window: Window) -> Iterator[_Segment]:
    """The segments after SOI, up to and including the first SOS."""
    offset = 2
    for _ in range(MAX_SEGMENTS):
        lead, marker = window.read(offset, 2)
        fill = 0
        while lead == marker == 0xFF:
            offset, fill = offset + 1, fill + 1
            if fill > MAX_FILL:
                raise damaged(f"more than {MAX_FILL} fill bytes stand before a marker")
            lead, marker = window.read(offset, 2)
        if lead != 0xFF or marker == 0:
            raise damaged(f"byte {offset} should begin a marker")
        offset += 2
        if marker in _STANDALONE:
            continue
        if marker in (_SOI, _EOI):
            raise damaged("it starts or ends anew before its first scan")
        (length,) = window.unpack(">H", offset)
        if length < 2 or offset + length > window.size:
            raise damaged(f"the segment at byte {offset} claims {length} bytes")
        yield _Segment(marker, offset + 2, length - 2)
        if marker == _SOS:
            return
        offset += length
    raise damaged(f"more than {MAX_SEGMENTS} segments stand before its first scan")


def _read_frame(window: Window, segment: _Segment) -> _Frame:
    if segment.marker not in (_BASELINE, _EXTENDED, _PROGRESSIVE):
        raise unsupported("it is lossless, hierarchical or arithmetic-coded JPEG")
    if segment.length < 6:
        raise damaged("its frame header is too short")
    precision, height, width, components = window.unpack(">BHHB", segment.start)
    if segment.length != 6 + 3 * components:
        raise damaged("its frame header's length does not fit its components")
    if precision != 8:
        raise unsupported(f"it has {precision} bits a sample; only 8-bit JPEG is decoded")
    if components not in _COLORS:
        raise unsupported(f"it has {components} components")
    if height == 0:
        raise unsupported("its height stands behind its first scan (DNL)")
    check_size(width, height)
    body = window.read(segment.start + 6, 3 * components)
    sampling = tuple((byte >> 4, byte & 15) for byte in body[1::3])
    if not all(1 <= h <= 4 and 1 <= v <= 4 for h, v in sampling):
        raise damaged("a sampling factor is outside 1 to 4")
    return _Frame(segment.marker, width, height, sampling)


def _decode_bytes(frame: _Frame, multiscan: bool) -> int:
    """Output, row buffers, and what a frame in several scans keeps: two bytes a coefficient.

    Measured for simplejpeg, bytes a pixel at 20 megapixels: one scan 1.03 gray, 3.03 colour, 4.03
    CMYK; progressive 3.03 gray, 6.04 with 4:2:0, 7.03 with 4:2:2, 9.03 with 4:4:4, 12.03 CMYK.
    """
    output = frame.width * frame.height * len(frame.sampling)
    rows = 128 * frame.width * len(frame.sampling)
    coefficients = 128 * frame.blocks(padded=True) if multiscan else 0
    return output + rows + coefficients + SLACK


def read(window: Window) -> Facts:
    """The facts of everything up to the first scan."""
    frame: _Frame | None = None
    orientation: Orientation | None = None
    adobe = multiscan = False
    for segment in _segments(window):
        if segment.marker in _SOF:
            if frame:
                raise damaged("it has two frame headers")
            frame = _read_frame(window, segment)
        elif segment.marker == _SOS and frame:
            scanned = window.read(segment.start, 1)[0] if segment.length else 0
            multiscan = frame.marker == _PROGRESSIVE or scanned < len(frame.sampling)
        elif segment.marker == _APP14 and segment.length >= 12:
            adobe = adobe or window.read(segment.start, 5) == b"Adobe"
        elif orientation is None and (block := _read_exif(window, segment)):
            orientation = read_orientation(block)
    if frame is None:
        raise damaged("its first scan comes before its frame header")
    color = _COLORS[len(frame.sampling)]
    return Facts(
        format="jpeg",
        width=frame.width,
        height=frame.height,
        orientation=orientation or Orientation.UPRIGHT,
        color=color,
        decode_bytes=_decode_bytes(frame, multiscan),
        own=JpegFacts(inverted=adobe and color == "cmyk"),
    )


def vet(data: Data, facts: Facts) -> Data:
    """Refuse more scans than any encoder writes, and fewer bits than the blocks must take."""
    window = Window.over(data)
    frame: _Frame | None = None
    for segment in _segments(window):
        if segment.marker in _SOF:
            frame = _read_frame(window, segment)
    if frame is None or (frame.width, frame.height) != (facts.width, facts.height):
        raise damaged("its frame header is not the one that was probed")
    entropy = _walk_scans(data, segment)
    # A Huffman code has at least one bit (C.2). A sequential block is a DC code and at least an
    # end-of-block; a progressive one has a DC code in its first scan, EOB runs can skip the rest.
    least = frame.blocks(padded=False) * (1 if frame.marker == _PROGRESSIVE else 2) // 8
    if entropy < least:
        raise damaged(f"{frame.width} x {frame.height} pixels take {least} bytes; it has {entropy}")
    return data


def _walk_scans(data: Data, segment: _Segment) -> int:
    """Count the entropy-coded bytes of all scans up to EOI or, where that is missing, the end."""
    offset = segment.start + segment.length
    entropy, scans = 0, 1
    for _ in range(MAX_SEGMENTS):
        end = _SCAN_END.search(data, offset)
        if end is None:
            return entropy + len(data) - offset
        entropy += end.start() - offset
        marker, offset = data[end.start() + 1], end.end()
        if marker == _EOI:
            return entropy
        if marker in _STANDALONE or offset + 2 > len(data):
            continue
        scans += marker == _SOS
        if scans > MAX_SCANS:
            raise damaged(f"it has more than {MAX_SCANS} scans")
        offset += max(2, struct.unpack_from(">H", data, offset)[0])
    raise damaged(f"more than {MAX_SEGMENTS} segments stand between its scans")


def profile(data: Data, facts: Facts) -> bytes | None:
    """The ICC profile of the APP2 segments that name it (ICC.1, annex B.4), in sequence order."""
    window = Window.over(data)
    parts: dict[int, bytes] = {}
    total = set()
    for segment in _segments(window):
        if segment.marker != _APP2 or segment.length < 14:
            continue
        body = window.read(segment.start, segment.length)
        if body[:12] == b"ICC_PROFILE\0":
            parts[body[12]] = body[14:]
            total.add(body[13])
    if not total:
        return None
    if len(total) != 1 or set(parts) != set(range(1, total.pop() + 1)):
        return b""
    whole = b"".join(parts[number] for number in sorted(parts))
    return whole if len(whole) <= MAX_PROFILE else b""


def exif(data: Data, facts: Facts) -> Exif:
    """What may be kept of the first APP1 segment that is EXIF's (DC-008, section 4.7.2)."""
    window = Window.over(data)
    blocks = (_read_exif(window, segment) for segment in _segments(window))
    return parse(next(filter(None, blocks), None))


def _read_exif(window: Window, segment: _Segment) -> bytes | None:
    """The block of a segment, if it is EXIF's."""
    if segment.marker != _APP1 or segment.length <= 6:
        return None
    body = window.read(segment.start, segment.length)
    return body[6:] if body.startswith(b"Exif\0\0") else None
