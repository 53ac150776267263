"""The segments of a JPEG (ITU-T T.81, annex B): markers, frame header, scans."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.reading import Data, check_size, unsupported
from imgmiddleware.formats.window import Window

#: Segments before the first scan. A profile of 4 MiB takes 65, extended XMP of 10 MB takes 160.
MAX_SEGMENTS = 1024
#: Fill bytes (B.1.1.2 allows any number) before one marker; encoders that align write below 16.
MAX_FILL = 64
#: libjpeg's own encoder takes no script of more than 100 scans, and no optimizer writes over 30.
#: Each scan visits every block of its components, so the decoder's time grows with their number.
MAX_SCANS = 100

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # TEM and RSTn have no length field
SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # without DHT, JPG and DAC
_BASELINE, _EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
#: In entropy-coded data FF is followed by a stuffed 00 or by RSTn; anything else ends the scan.
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
COLORS = {1: "gray", 3: "rgb", 4: "cmyk"}


@dataclass(frozen=True, slots=True)
class Segment:
    marker: int
    start: int  # of the payload, behind the length field
    length: int  # of the payload


@dataclass(frozen=True, slots=True)
class Frame:
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


def segments(window: Window, *, tables: bool = False) -> Iterator[Segment]:
    """The segments after SOI, up to and including the first SOS; of `tables` alone, up to EOI."""
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
        if tables and marker == EOI:
            return
        if marker in (SOI, EOI):
            raise damaged("it starts or ends anew before its first scan")
        (length,) = window.unpack(">H", offset)
        if length < 2 or offset + length > window.size:
            raise damaged(f"the segment at byte {offset} claims {length} bytes")
        yield Segment(marker, offset + 2, length - 2)
        if marker == SOS:
            return
        offset += length
    raise damaged(f"more than {MAX_SEGMENTS} segments stand before its first scan")


def read_frame(window: Window, segment: Segment) -> Frame:
    if segment.marker not in (_BASELINE, _EXTENDED, PROGRESSIVE):
        raise unsupported("it is lossless, hierarchical or arithmetic-coded JPEG")
    if segment.length < 6:
        raise damaged("its frame header is too short")
    precision, height, width, components = window.unpack(">BHHB", segment.start)
    if segment.length != 6 + 3 * components:
        raise damaged("its frame header's length does not fit its components")
    if precision != 8:
        raise unsupported(f"it has {precision} bits a sample; only 8-bit JPEG is decoded")
    if components not in COLORS:
        raise unsupported(f"it has {components} components")
    if height == 0:
        raise unsupported("its height stands behind its first scan (DNL)")
    check_size(width, height)
    body = window.read(segment.start + 6, 3 * components)
    sampling = tuple((byte >> 4, byte & 15) for byte in body[1::3])
    if not all(1 <= h <= 4 and 1 <= v <= 4 for h, v in sampling):
        raise damaged("a sampling factor is outside 1 to 4")
    return Frame(segment.marker, width, height, sampling)


def walk_scans(data: Data, segment: Segment) -> int:
    """Count the entropy-coded bytes of all scans up to EOI or, where that is missing, the end."""
    offset = segment.start + segment.length
    entropy, scans = 0, 1
    for _ in range(MAX_SEGMENTS):
        end = _SCAN_END.search(data, offset)
        if end is None:
            return entropy + len(data) - offset
        entropy += end.start() - offset
        marker, offset = data[end.start() + 1], end.end()
        if marker == EOI:
            return entropy
        if marker in _STANDALONE or offset + 2 > len(data):
            continue
        scans += marker == SOS
        if scans > MAX_SCANS:
            raise damaged(f"it has more than {MAX_SCANS} scans")
        offset += max(2, struct.unpack_from(">H", data, offset)[0])
    raise damaged(f"more than {MAX_SEGMENTS} segments stand between its scans")
