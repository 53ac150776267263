"""PNG (W3C, third edition): the chunks, all of them, because libpng believes every length.

Decoders have allocated as much as a chunk's length said, so each length is compared with the end of
the file. And `vet` hands on only the picture: other chunks may inflate to far more than the
picture, have led decoders to faults of their own, and eXIf would turn the pixels.
"""

from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.exif import Exif, parse
from imgmiddleware.formats.containers.ifd import read_orientation
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.png.chunks import (
    GRAY,
    GRAY_ALPHA,
    PALETTE,
    RGBA,
    SAMPLES,
    SIGNATURE,
    Header,
    PngChunk,
    chunks,
    read_header,
    read_probed_header,
)
from imgmiddleware.formats.png.colors import read_points
from imgmiddleware.formats.png.rows import band_bytes
from imgmiddleware.formats.reading import (
    COMPOSED,
    MAX_EXIF,
    SLACK,
    Data,
    unsupported,
)
from imgmiddleware.formats.window import Readable, Window

#: Deflate's best: a length-258 match coded in two bits (RFC 1951, 3.2.5), 1032 bytes out of one.
_MOST_INFLATION = 1032

_PICTURE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


def sniff(head: bytes) -> bool:
    return head[:8] == SIGNATURE


@dataclass(frozen=True, slots=True, kw_only=True)
class PngFacts:
    """The facts that only PNG's own files ask for."""

    #: tRNS's one sample that is clear, gray or R, G, B, of `Facts.bits` bits.
    transparent: tuple[int, ...] | None
    bare: bool  # it has no EXIF, so nobody needs to walk over the file for it


def own(facts: Facts) -> PngFacts:
    assert isinstance(facts.own, PngFacts)
    return facts.own


@dataclass(frozen=True, slots=True)
class _Body:
    """The chunks behind IHDR."""

    first: dict[bytes, PngChunk]  # of each kind; PLTE and tRNS only before IDAT, where they must be
    idat_bytes: int
    kept: tuple[PngChunk, ...]  # the chunks that are the picture
    total: int
    frames: int  # control chunks of an animation (clause 11.3.6.2)


def _walk(window: Window, header: Header) -> _Body:
    first: dict[bytes, PngChunk] = {}
    kept: list[PngChunk] = []
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


def _check_palette(header: Header, body: _Body) -> None:
    palette = body.first.get(b"PLTE")
    if palette is None:
        if header.color == PALETTE:
            raise damaged("it has no palette")
        return
    if palette.length % 3 or not 0 < palette.length <= 768 or header.color in (0, 4):
        raise damaged("its palette does not fit its colour type")


def _transparency(
    window: Window, header: Header, body: _Body
) -> tuple[bool, tuple[int, ...] | None]:
    """Whether the decoded picture has alpha, and the one sample that is clear (clause 11.3.1.1)."""
    chunk = body.first.get(b"tRNS")
    if header.color in (GRAY_ALPHA, RGBA):
        return True, None
    if chunk is None:
        return False, None
    if header.color == PALETTE:
        fits = 0 < chunk.length <= body.first[b"PLTE"].length // 3
        return fits, None
    if chunk.length != 2 * SAMPLES[header.color]:
        return False, None
    return True, window.unpack(f">{SAMPLES[header.color]}H", chunk.data)


def _decode_bytes(header: Header, alpha: bool, frames: int, bands: int) -> int:
    """In bands the output and the bands' memory; else the output twice, as imdecode holds a copy
    for a moment.

    Measured, bytes a pixel at 20 megapixels, interlaced or not: gray 1.99, palette and RGB 6.00,
    gray or RGB with alpha 8.00; in 16 bits 3.99, 11.98 and 15.99.
    """
    gray = header.color == GRAY  # with tRNS too, which the decoder loses
    channels = 1 if gray else 4 if alpha else 3
    pixels = header.width * header.height
    output = pixels * channels * max(1, header.bits // 8)
    if bands:
        return output + bands
    return 2 * output + SLACK + (frames > 1) * COMPOSED * pixels


def read(window: Window) -> Facts:
    """The facts of the whole chunk structure; pixel data is stepped over."""
    header = read_header(window)
    body = _walk(window, header)
    _check_palette(header, body)
    if header.inflated() > _MOST_INFLATION * body.idat_bytes:
        raise damaged(
            f"{body.idat_bytes} bytes cannot inflate to {header.width} x {header.height} pixels"
        )
    alpha, transparent = _transparency(window, header, body)
    frames = _count_frames(body)
    bands = band_bytes(header, b"tRNS" in body.first) if frames == 1 else 0
    return Facts(
        format="png",
        width=header.width,
        height=header.height,
        orientation=read_orientation(_read_exif(window, body.first.get(b"eXIf")) or b""),
        color="gray" if header.color in (GRAY, GRAY_ALPHA) else "rgb",
        alpha=alpha,
        few=header.color == PALETTE,
        depth=16 if header.bits == 16 else 8,
        bits=header.bits,
        frames=frames,
        decode_bytes=_decode_bytes(header, alpha, frames, bands),
        band_bytes=bands,
        points=read_points(window, body.first),
        own=PngFacts(transparent=transparent, bare=b"eXIf" not in body.first),
    )


def _read_exif(window: Window, chunk: PngChunk | None) -> bytes | None:
    """The block of eXIf (clause 11.3.4.5), which some begin with JPEG's prefix."""
    if chunk is None or chunk.length > MAX_EXIF:
        return None
    return window.read(chunk.data, chunk.length).removeprefix(b"Exif\0\0")


def exif(data: Data | Readable, facts: Facts) -> Exif:
    """The harmless tags of eXIf's block."""
    if own(facts).bare:
        return Exif()
    window = Window.over(data)
    return parse(_read_exif(window, _walk(window, read_header(window)).first.get(b"eXIf")))


def _count_frames(body: _Body) -> int:
    """The number of frames that are there, whatever acTL claims; it is no animation unless acTL is
    before IDAT.
    """
    control = body.first.get(b"acTL")
    if control is None or control.length != 8 or control.start > body.first[b"IDAT"].start:
        return 1
    return max(1, body.frames)


def vet(data: Data, facts: Facts) -> Data:
    """The file with nothing in it but the picture; the same object where that is all it holds."""
    window = Window.over(data)
    header = read_probed_header(window, facts)
    body = _walk(window, header)
    end = body.kept[-1].end
    if len(body.kept) == body.total and end == len(data):
        return data
    view = memoryview(data)
    return b"".join([SIGNATURE, *(view[chunk.start : chunk.end] for chunk in body.kept)])
