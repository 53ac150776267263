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
#: Bytes between segments that belong to none, together: fill bytes (B.1.1.2 allows any number), and
#: bytes left over where a segment's length says too little. libjpeg steps over both.
MAX_STRAY = 2**20
#: libjpeg's own encoder takes no script of more than 100 scans, and no optimizer writes over 30.
#: Each scan visits every block of its components, so the decoder's time grows with their number.
MAX_SCANS = 100

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # TEM and RSTn have no length field
SOF = frozenset((*range(0xC0, 0xD0), 0xF7)) - {0xC4, 0xC8, 0xCC}  # not DHT, JPG, DAC; JPEG-LS's
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
_PROGRESSIVE_ARITHMETIC = 0xCA
_ARITHMETIC = (0xC9, _PROGRESSIVE_ARITHMETIC)
APP, COM = range(0xE0, 0xF0), 0xFE
#: Sampling factors of the first component and of the others, where these are not the same:
#: 4:2:2, 4:2:0, 4:4:0 and 4:1:1, and two of them as some write them (TurboJPEG's TJSAMP; simplejpeg
#: has no name for 4:4:1).
_NAMED = frozenset(
    {
        ((2, 1), (1, 1)),
        ((2, 2), (1, 1)),
        ((1, 2), (1, 1)),
        ((4, 1), (1, 1)),
        ((2, 2), (1, 2)),
        ((2, 2), (2, 1)),
    }
)
#: In entropy-coded data FF is followed by a stuffed 00 or by RSTn; anything else ends the scan.
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
#: The first byte of a marker; with more of them before it, the last.
_MARKER = re.compile(rb"\xff[^\x00\xff]")
_STRAY_PIECE = 4096
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
    components: bytes = b""  # their numbers, by which scans name them

    @property
    def progressive(self) -> bool:
        """Whether each scan adds to the picture of those before."""
        return self.marker in (PROGRESSIVE, _PROGRESSIVE_ARITHMETIC)

    @property
    def usual(self) -> bool:
        """Whether its sampling has a name, as it must for simplejpeg."""
        first, *others = self.sampling
        second = others[0] if others else first
        named = second == first or (first, second) in _NAMED
        # Black, where there is some, is as wide and high as the first.
        return named and others[1:] == [second, first][: max(0, len(others) - 1)]

    @property
    def arithmetic(self) -> bool:
        """Whether it is coded without Huffman's codes: an expected symbol takes less than a bit."""
        return self.marker in _ARITHMETIC

    @property
    def block(self) -> int:
        """The side in pixels of a component's largest block: 16 in most kinds, 32 in 4:1:1
        (A.1.1).
        """
        across, down = ([pair[axis] for pair in self.sampling] for axis in (0, 1))
        return max(16, *(8 * max(factors) // min(factors) for factors in (across, down)))

    def blocks(self, padded: bool) -> int:
        """8 x 8 blocks of all components: the blocks that carry picture, or (`padded`) those of
        whole MCUs.
        """
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
    offset, stray = 2, 0
    for _ in range(MAX_SEGMENTS):
        start, marker = _next_marker(window, offset)
        stray += start - offset
        if stray > MAX_STRAY:
            raise damaged(f"more than {MAX_STRAY} of its bytes belong to no segment")
        offset = start + 2
        if marker in _STANDALONE:
            continue
        if tables and marker == EOI:
            return
        if marker in (SOI, EOI):
            raise damaged("it has a second start, or an end, before its first scan")
        (length,) = window.unpack(">H", offset)
        if length < 2 and (marker in APP or marker == COM):
            length = 2  # which counts itself; others step over these two bytes, too
        if length < 2 or offset + length > window.size:
            raise damaged(f"the segment at byte {offset} claims {length} bytes")
        yield Segment(marker, offset + 2, length - 2)
        if marker == SOS:
            return
        offset += length
    raise damaged(f"more than {MAX_SEGMENTS} segments stand before its first scan")


def _next_marker(window: Window, offset: int) -> tuple[int, int]:
    """The place of the next marker, behind any bytes that are none, and the marker."""
    lead, marker = window.read(offset, 2)
    if lead == 0xFF and 0 < marker < 0xFF:
        return offset, marker
    end = min(offset + MAX_STRAY + 2, window.size)
    while offset < end:
        piece = window.read(offset, min(_STRAY_PIECE, window.size - offset))
        found = _MARKER.search(piece)
        if found:
            return offset + found.start(), piece[found.start() + 1]
        offset += max(1, len(piece) - 1)
    raise damaged(f"no marker follows byte {offset}")


def read_frame(window: Window, segment: Segment) -> Frame:
    if segment.marker not in (BASELINE, EXTENDED, PROGRESSIVE, *_ARITHMETIC):
        raise unsupported("it is lossless or hierarchical JPEG")
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
    if any(max(factors) % factor for factors in zip(*sampling, strict=True) for factor in factors):
        raise unsupported("its components are of sizes that do not divide one another")
    return Frame(segment.marker, width, height, sampling, body[::3])


def walk_scans(data: Data, segment: Segment) -> int:
    """Count the entropy-coded bytes of all scans up to EOI or, where that is missing, the end."""
    entropy, scans = 0, 1
    for start, end, behind in coded(data, segment):
        entropy += end - start
        scans += behind is not None and behind.marker == SOS
        if scans > MAX_SCANS:
            raise damaged(f"it has more than {MAX_SCANS} scans")
    return entropy


def coded(data: Data, segment: Segment) -> Iterator[tuple[int, int, Segment | None]]:
    """From a scan's header on: where entropy-coded data begins and ends, and the segment behind it.

    That is None at EOI or, where it is missing, at the end.
    """
    start = segment.start + segment.length
    for _ in range(MAX_SEGMENTS):
        found = _SCAN_END.search(data, start)
        if found is None:
            yield min(start, len(data)), len(data), None
            return
        marker, offset = data[found.start() + 1], found.end()
        if marker == EOI:
            yield start, found.start(), None
            return
        length = 2
        if marker not in _STANDALONE and offset + 2 <= len(data):
            length = max(2, struct.unpack_from(">H", data, offset)[0])
            yield start, found.start(), Segment(marker, offset + 2, length - 2)
            start = offset + length
        else:
            yield start, found.start(), Segment(marker, offset, 0)
            start = offset
    raise damaged(f"more than {MAX_SEGMENTS} segments stand between its scans")
