"""PNG (W3C, third edition): the chunks, all of them, because every length is believed by libpng.

A file of 91 bytes with a chunk that claims 2 GB makes libpng allocate 2 GB: so each length is held
against the end of the file. And `vet` hands on nothing but the picture, for three reasons: an iCCP
or zTXt chunk may inflate without end, the animation chunks have made OpenCV disclose memory of
other requests, and eXIf would turn the pixels.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from imgmiddleware.errors import damaged
from imgmiddleware.probe.facts import Facts
from imgmiddleware.probe.format import (
    COMPOSED,
    MAX_EXIF,
    MAX_PROFILE,
    SLACK,
    Encoded,
    Format,
    check_size,
    unsupported,
)
from imgmiddleware.probe.ifd import read_orientation
from imgmiddleware.probe.window import Window

SIGNATURE = b"\x89PNG\r\n\x1a\n"

#: Chunks of one file. libpng writes IDAT chunks of 8 KiB, so this is 512 MiB of them; walking them
#: takes half a second.
MAX_CHUNKS = 65536
#: Deflate's best: a length-258 match coded in two bits (RFC 1951, 3.2.5), 1032 bytes out of one.
_MOST_INFLATION = 1032

_GRAY, _RGB, _PALETTE, _GRAY_ALPHA, _RGBA = 0, 2, 3, 4, 6
#: Table 11: the bit depths that a colour type may have, and its samples a pixel.
_DEPTHS = {
    _GRAY: (1, 2, 4, 8, 16),
    _RGB: (8, 16),
    _PALETTE: (1, 2, 4, 8),
    _GRAY_ALPHA: (8, 16),
    _RGBA: (8, 16),
}
_SAMPLES = {_GRAY: 1, _RGB: 3, _PALETTE: 1, _GRAY_ALPHA: 2, _RGBA: 4}
#: Clause 8.1: first column and row, and the steps, of the seven passes of Adam7.
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_PICTURE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


@dataclass(frozen=True, slots=True)
class Chunk:
    kind: bytes
    start: int  # of its length field
    length: int  # of its data

    @property
    def data(self) -> int:
        return self.start + 8

    @property
    def end(self) -> int:
        return self.start + 12 + self.length


@dataclass(frozen=True, slots=True)
class _Header:
    """IHDR, clause 11.2.1."""

    width: int
    height: int
    bits: int
    color: int
    interlaced: bool

    def inflated(self) -> int:
        """Bytes of the filtered rows: what IDAT must inflate to."""
        passes = _ADAM7 if self.interlaced else ((0, 0, 1, 1),)
        pixel, total = self.bits * _SAMPLES[self.color], 0
        for x, y, step_x, step_y in passes:
            wide = max(0, -(-(self.width - x) // step_x))
            high = max(0, -(-(self.height - y) // step_y))
            total += high * (1 + (wide * pixel + 7) // 8) if wide else 0
        return total


def sniff(head: bytes) -> bool:
    return head[:8] == SIGNATURE


def chunks(window: Window) -> Iterator[Chunk]:
    """The chunks up to and including IEND; what stands behind it is nobody's."""
    offset = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        length, kind = window.unpack(">L4s", offset)
        chunk = Chunk(kind, offset, length)
        if chunk.end > window.size:
            raise damaged(f"the chunk at byte {offset} claims {length} bytes, beyond the end")
        if not kind.isalpha():
            raise damaged(f"the chunk at byte {offset} has a name that is not four letters")
        yield chunk
        if kind == b"IEND":
            return
        offset = chunk.end
    raise damaged(f"it has more than {MAX_CHUNKS} chunks")


def _read_header(window: Window) -> _Header:
    if window.unpack(">L4s", 8) == (4, b"CgBI"):
        raise unsupported("it is Apple's private variant of PNG (CgBI)")
    if window.unpack(">L4s", 8) != (13, b"IHDR"):
        raise damaged("its first chunk is not an IHDR of 13 bytes")
    (crc,) = window.unpack(">L", 29)
    if zlib.crc32(window.read(12, 17)) != crc:
        raise damaged("the checksum of its IHDR does not fit")
    width, height, bits, color, packing, filtering, interlace = window.unpack(">LLBBBBB", 16)
    check_size(width, height)
    if bits not in _DEPTHS.get(color, ()):
        raise damaged(f"colour type {color} with {bits} bits does not exist")
    if packing or filtering or interlace > 1:
        raise damaged("its compression, filter or interlace method does not exist")
    return _Header(width, height, bits, color, bool(interlace))


@dataclass(frozen=True, slots=True)
class _Body:
    """The chunks behind IHDR."""

    first: dict[bytes, Chunk]  # of each kind; PLTE and tRNS only before IDAT, where they must be
    idat_bytes: int
    kept: tuple[Chunk, ...]  # the chunks that are the picture
    total: int
    frames: int  # control chunks of an animation (clause 11.3.6.2)


def _walk(window: Window, header: _Header) -> _Body:
    first: dict[bytes, Chunk] = {}
    kept: list[Chunk] = []
    total, idat_bytes, frames, last = 0, 0, 0, b""
    for chunk in chunks(window):
        kind, total = chunk.kind, total + 1
        if kind == b"IDAT":
            if idat_bytes and last != kind:
                raise damaged("its IDAT chunks are not in one row")
            idat_bytes += chunk.length
        elif kind in first and kind in (b"IHDR", b"PLTE", b"tRNS"):
            raise damaged(f"it has two {kind.decode()} chunks")
        elif kind not in _PICTURE and kind[0] < 0x60:  # clause 5.4: an upper-case name is critical
            raise unsupported("it has a critical chunk that is not of the PNG specification")
        if kind in _PICTURE and not (idat_bytes and kind in (b"PLTE", b"tRNS")):
            kept.append(chunk)
            first.setdefault(kind, chunk)
        elif kind not in _PICTURE:
            first.setdefault(kind, chunk)
            frames += kind == b"fcTL"
        last = kind
    if not idat_bytes:
        raise damaged("it has no picture data (IDAT)")
    return _Body(first, idat_bytes, tuple(kept), total, frames)


def _check_palette(header: _Header, body: _Body) -> None:
    palette = body.first.get(b"PLTE")
    if palette is None:
        if header.color == _PALETTE:
            raise damaged("it has no palette")
        return
    if palette.length % 3 or not 0 < palette.length <= 768 or header.color in (0, 4):
        raise damaged("its palette does not fit its colour type")


def _transparency(
    window: Window, header: _Header, body: _Body
) -> tuple[bool, tuple[int, ...] | None]:
    """Whether the decoded picture has alpha, and the one sample that is clear (clause 11.3.1.1)."""
    chunk = body.first.get(b"tRNS")
    if header.color in (_GRAY_ALPHA, _RGBA):
        return True, None
    if chunk is None:
        return False, None
    if header.color == _PALETTE:
        fits = 0 < chunk.length <= body.first[b"PLTE"].length // 3
        return fits, None
    if chunk.length != 2 * _SAMPLES[header.color]:
        return False, None
    return True, window.unpack(f">{_SAMPLES[header.color]}H", chunk.data)


def _decode_bytes(header: _Header, alpha: bool) -> int:
    """Twice the output, as imdecode holds a second copy of it for a moment.

    Measured, bytes a pixel at 20 megapixels, interlaced or not: gray 1.99, palette and RGB 6.00,
    gray or RGB with alpha 8.00; in 16 bits 3.99, 11.98 and 15.99.
    """
    gray = header.color == _GRAY  # with tRNS too, which the decoder loses
    channels = 1 if gray else 4 if alpha else 3
    return 2 * header.width * header.height * channels * max(1, header.bits // 8) + SLACK


def read(window: Window) -> Facts:
    """The facts of the whole chunk structure; pixel data is stepped over."""
    header = _read_header(window)
    body = _walk(window, header)
    _check_palette(header, body)
    if header.inflated() > _MOST_INFLATION * body.idat_bytes:
        raise damaged(
            f"{body.idat_bytes} bytes cannot inflate to {header.width} x {header.height} pixels"
        )
    alpha, transparent = _transparency(window, header, body)
    frames = _count_frames(body)
    return Facts(
        "png",
        header.width,
        header.height,
        read_orientation(_read_exif(window, body.first.get(b"eXIf")) or b""),
        "gray" if header.color in (_GRAY, _GRAY_ALPHA) else "rgb",
        alpha,
        16 if header.bits == 16 else 8,
        frames,
        _decode_bytes(header, alpha) + (frames > 1) * COMPOSED * header.width * header.height,
        bits=header.bits,
        transparent=transparent,
    )


def _read_exif(window: Window, chunk: Chunk | None) -> bytes | None:
    """The block of eXIf (clause 11.3.4.5), which some begin with JPEG's prefix."""
    if chunk is None or chunk.length > MAX_EXIF:
        return None
    return window.read(chunk.data, chunk.length).removeprefix(b"Exif\0\0")


def exif(data: Encoded) -> bytes | None:
    """The block of eXIf."""
    window = Window.over(data)
    return _read_exif(window, _walk(window, _read_header(window)).first.get(b"eXIf"))


def _count_frames(body: _Body) -> int:
    """As many as there are, not as acTL claims; it is no animation unless acTL is before IDAT."""
    control = body.first.get(b"acTL")
    if control is None or control.length != 8 or control.start > body.first[b"IDAT"].start:
        return 1
    return max(1, body.frames)


def vet(data: Encoded, facts: Facts) -> Encoded:
    """The file with nothing in it but the picture; the same object where that is all it holds."""
    window = Window.over(data)
    header = _read_header(window)
    if (header.width, header.height) != (facts.width, facts.height):
        raise damaged("its IHDR is not the one that was probed")
    body = _walk(window, header)
    end = body.kept[-1].end
    if len(body.kept) == body.total and end == len(data):
        return data
    view = memoryview(data)
    return b"".join([SIGNATURE, *(view[chunk.start : chunk.end] for chunk in body.kept)])


def profile(data: Encoded, facts: Facts) -> bytes | None:
    """The ICC profile of iCCP (clause 11.3.2.3), before IDAT: a name, a method, a zlib stream."""
    window = Window.over(data)
    before = takewhile(lambda chunk: chunk.kind != b"IDAT", chunks(window))
    chunk = next((chunk for chunk in before if chunk.kind == b"iCCP"), None)
    if chunk is None:
        return None
    body = window.read(chunk.data, chunk.length)
    name, method, packed = body.partition(b"\0")
    if not name or not method or packed[:1] != b"\0":
        return b""
    stream = zlib.decompressobj()
    plain = stream.decompress(packed[1:], MAX_PROFILE + 1)
    return plain if stream.eof and len(plain) <= MAX_PROFILE else b""


FORMAT = Format("png", sniff, read, vet, profile, exif=exif)
