"""JPEG (ITU-T T.81): the facts before the first scan, and the facts of all scans."""

from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.exif import Exif, parse
from imgmiddleware.formats.containers.ifd import read_orientation
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.jpeg.segments import (
    COLORS,
    SOF,
    SOS,
    Frame,
    Segment,
    read_frame,
    segments,
    walk_scans,
)
from imgmiddleware.formats.reading import MAX_PROFILE, SLACK, Data
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.orientation import Orientation

_APP1, _APP2 = 0xE1, 0xE2


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegFacts:
    """The facts that only the decoder of a JPEG asks for."""

    usual: bool  # its sampling is of a kind that simplejpeg has a name for


def sniff(head: bytes) -> bool:
    return head[:3] == b"\xff\xd8\xff"


def _decode_bytes(frame: Frame, multiscan: bool) -> int:
    """Output, row buffers, and the coefficients that a frame in several scans keeps: two bytes
    each.

    And the file once more: it is made plain where a decoder dislikes bytes around its data.

    Measured for simplejpeg, bytes a pixel at 20 megapixels: one scan 1.03 gray, 3.03 colour, 4.03
    CMYK; progressive 3.03 gray, 6.04 with 4:2:0, 7.03 with 4:2:2, 9.03 with 4:4:4, 12.03 CMYK.
    """
    output = frame.width * frame.height * len(frame.sampling)
    rows = 128 * frame.width * len(frame.sampling)
    coefficients = 128 * frame.blocks(padded=True) if multiscan else 0
    return output + rows + coefficients + SLACK


def read(window: Window) -> Facts:
    """The facts of everything up to the first scan."""
    frame: Frame | None = None
    orientation: Orientation | None = None
    multiscan = False
    for segment in segments(window):
        if segment.marker in SOF:
            if frame:
                raise damaged("it has two frame headers")
            frame = read_frame(window, segment)
        elif segment.marker == SOS and frame:
            scanned = window.read(segment.start, 1)[0] if segment.length else 0
            multiscan = frame.progressive or scanned < len(frame.sampling)
        elif orientation is None and (block := _read_exif(window, segment)):
            orientation = read_orientation(block)
    if frame is None:
        raise damaged("its first scan comes before its frame header")
    return Facts(
        format="jpeg",
        width=frame.width,
        height=frame.height,
        orientation=orientation or Orientation.UPRIGHT,
        color=COLORS[len(frame.sampling)],
        decode_bytes=_decode_bytes(frame, multiscan) + window.size,
        block=frame.block,
        own=JpegFacts(usual=frame.usual),
    )


def vet(data: Data, facts: Facts) -> Data:
    """Refuse more scans than any encoder writes, and fewer bits than the blocks must take."""
    window = Window.over(data)
    frame: Frame | None = None
    for segment in segments(window):
        if segment.marker in SOF:
            frame = read_frame(window, segment)
    if frame is None or (frame.width, frame.height) != (facts.width, facts.height):
        raise damaged("its frame header is not the one that was probed")
    entropy = walk_scans(data, segment)
    if facts.mended or frame.arithmetic:  # the latter may take any number of blocks to one bit
        return data
    # A Huffman code has at least one bit (C.2). A sequential block is a DC code and at least an
    # end-of-block; a progressive one has a DC code in its first scan, EOB runs can skip the rest.
    least = frame.blocks(padded=False) * (1 if frame.progressive else 2) // 8
    if entropy < least:
        raise damaged(f"{frame.width} x {frame.height} pixels take {least} bytes; it has {entropy}")
    return data


def profile(data: Data, facts: Facts) -> bytes | None:
    """The ICC profile of the APP2 segments that name it (ICC.1, annex B.4), in sequence order."""
    window = Window.over(data)
    parts: dict[int, bytes] = {}
    total = set()
    for segment in segments(window):
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
    """The harmless tags of the first APP1 segment that is EXIF's (DC-008, section 4.7.2)."""
    window = Window.over(data)
    blocks = (_read_exif(window, segment) for segment in segments(window))
    return parse(next(filter(None, blocks), None))


def _read_exif(window: Window, segment: Segment) -> bytes | None:
    """The block of a segment, if it is EXIF's."""
    if segment.marker != _APP1 or segment.length <= 6:
        return None
    body = window.read(segment.start, segment.length)
    return body[6:] if body.startswith(b"Exif\0\0") else None
