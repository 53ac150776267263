"""WebP (RFC 9649): the RIFF chunks, and the frame's own header beside the container's."""

from collections.abc import Iterator
from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.exif import Exif, parse
from imgmiddleware.formats.containers.ifd import read_orientation
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import (
    COMPOSED,
    MAX_EXIF,
    MAX_PROFILE,
    SLACK,
    Data,
    check_size,
)
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.orientation import Orientation

#: Chunks of one file, a frame of an animation each: ten minutes at 25 frames a second.
MAX_CHUNKS = 16384
#: Chunks up to a frame's image data: ALPH and that. Without a bound of its own, each of 16,384
#: frames could be filled with empty chunks.
MAX_FRAME_CHUNKS = 8

_LOSSY, _LOSSLESS, _EXTENDED, _FRAME = b"VP8 ", b"VP8L", b"VP8X", b"ANMF"
_ALPHA, _ANIMATION = 0x10, 0x02  # bits of VP8X's first byte


@dataclass(frozen=True, slots=True)
class RiffChunk:
    kind: bytes
    start: int  # of its data
    length: int  # of its data


@dataclass(frozen=True, slots=True)
class _Bitstream:
    """The facts in the header of a frame's own data."""

    width: int
    height: int
    alpha: bool


def sniff(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def riff_end(window: Window) -> int:
    (size,) = window.unpack("<L", 4)
    if not 12 <= size <= window.size - 8:
        raise damaged(f"its RIFF header claims {size} bytes; the file has {window.size - 8}")
    return 8 + int(size)


def chunks(window: Window, start: int, end: int, most: int = MAX_CHUNKS) -> Iterator[RiffChunk]:
    for _ in range(most):
        if end - start < 8:  # a rest too short for a chunk header is padding
            return
        kind, length = window.unpack("<4sL", start)
        if start + 8 + length > end:
            raise damaged(f"the chunk at byte {start} claims {length} bytes, beyond the end")
        yield RiffChunk(kind, start + 8, length)
        start += 8 + length + (length & 1)
    raise damaged(f"it has more than {most} chunks in one container")


def _read_bitstream(window: Window, chunk: RiffChunk) -> _Bitstream:
    if chunk.length < 10:
        raise damaged("its image data is shorter than its header")
    if chunk.kind == _LOSSLESS:  # RFC 9649, section 3.4
        signature, packed = window.unpack("<BL", chunk.start)
        if signature != 0x2F or packed >> 29:
            raise damaged("its lossless image data has no signature, or another version")
        return _Bitstream(
            (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1, bool(packed >> 28 & 1)
        )
    head = window.read(chunk.start, 10)  # RFC 6386, section 9.1
    if head[0] & 1 or head[3:6] != b"\x9d\x01\x2a":
        raise damaged("its lossy image data does not begin with a key frame")
    width = int.from_bytes(head[6:8], "little") & 0x3FFF
    height = int.from_bytes(head[8:10], "little") & 0x3FFF
    return _Bitstream(width, height, False)


def _only_bitstream(window: Window, chunks: Iterator[RiffChunk]) -> _Bitstream:
    """The first VP8 or VP8L chunk, as libwebp takes it; ALPH may stand before it."""
    for chunk in chunks:
        if chunk.kind in (_LOSSY, _LOSSLESS):
            return _read_bitstream(window, chunk)
    raise damaged("it has no image data")


def _triple(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def read(window: Window) -> Facts:
    """The facts of the container, checked against the frame's own header."""
    end = riff_end(window)
    first = next(chunks(window, 12, end), None)
    if first is None or first.kind not in (_LOSSY, _LOSSLESS, _EXTENDED):
        raise damaged("its first chunk is neither image data nor VP8X")
    if first.kind != _EXTENDED:
        found = _read_bitstream(window, first)
        check_size(found.width, found.height)
        return _facts(found.width, found.height, found.alpha, Orientation.UPRIGHT, None)
    if first.length < 10:
        raise damaged("its VP8X chunk is too short")
    raw = window.read(first.start, 10)
    canvas = _Bitstream(_triple(raw[4:7]) + 1, _triple(raw[7:10]) + 1, bool(raw[0] & _ALPHA))
    if canvas.width * canvas.height >= 2**32:  # section 2.7.1: the product fits 32 bits
        raise damaged("its canvas has more than 2**32 pixels")
    return _read_extended(window, end, canvas, bool(raw[0] & _ANIMATION))


def _read_extended(window: Window, end: int, canvas: _Bitstream, animated: bool) -> Facts:
    frames, advice = 0, None
    for chunk in chunks(window, 12, end):
        if chunk.kind == _FRAME:
            _check_frame(window, chunk, canvas)
            frames += 1
        elif chunk.kind == b"EXIF" and advice is None:
            advice = chunk
    if animated != bool(frames):
        raise damaged("its header and its frames disagree on whether it is an animation")
    if not animated:
        still = _only_bitstream(window, chunks(window, 12, end))
        if (still.width, still.height) != (canvas.width, canvas.height):
            raise damaged(
                f"its container claims {canvas.width} x {canvas.height} pixels, "
                f"its image data {still.width} x {still.height}"
            )
    orientation = read_orientation(_read_exif(window, advice) or b"")
    # libwebp believes the container's flag alone: without it ALPH or VP8L's alpha bit is lost.
    return _facts(canvas.width, canvas.height, canvas.alpha, orientation, frames or None)


def _check_frame(window: Window, chunk: RiffChunk, canvas: _Bitstream) -> None:
    """Compare an ANMF chunk (section 2.7.1.1) with the canvas and with its own image data."""
    if chunk.length < 16:
        raise damaged("a frame is shorter than its header")
    raw = window.read(chunk.start, 16)
    left, top = 2 * _triple(raw[0:3]), 2 * _triple(raw[3:6])
    width, height = _triple(raw[6:9]) + 1, _triple(raw[9:12]) + 1
    if left + width > canvas.width or top + height > canvas.height:
        raise damaged("a frame does not lie on its canvas")
    end = chunk.start + chunk.length
    found = _only_bitstream(window, chunks(window, chunk.start + 16, end, MAX_FRAME_CHUNKS))
    if (found.width, found.height) != (width, height):
        raise damaged("a frame's header and its image data differ in size")


def _facts(
    width: int, height: int, alpha: bool, orientation: Orientation, frames: int | None
) -> Facts:
    # Measured, bytes a pixel at 20 megapixels: lossy 6.02, lossless 7.01, either with alpha 8.01;
    # an animation keeps two canvases, 11.06 and with alpha 12.01.
    decode_bytes = width * height * (8 if frames is None else 12 + COMPOSED) + SLACK
    return Facts(
        format="webp",
        width=width,
        height=height,
        orientation=orientation,
        alpha=alpha,
        frames=frames or 1,
        decode_bytes=decode_bytes,
    )


def profile(data: Data, facts: Facts) -> bytes | None:
    """The ICCP chunk, as it is."""
    window = Window.over(data)
    for chunk in chunks(window, 12, riff_end(window)):
        if chunk.kind == b"ICCP":
            plain = window.read(chunk.start, chunk.length)
            return plain if len(plain) <= MAX_PROFILE else b""
    return None


def _read_exif(window: Window, chunk: RiffChunk | None) -> bytes | None:
    """The block of an EXIF chunk, which some begin with JPEG's prefix."""
    if chunk is None or chunk.length > MAX_EXIF:
        return None
    return window.read(chunk.start, chunk.length).removeprefix(b"Exif\0\0")


def exif(data: Data, facts: Facts) -> Exif:
    """The harmless tags of the first EXIF chunk."""
    window = Window.over(data)
    found = (chunk for chunk in chunks(window, 12, riff_end(window)) if chunk.kind == b"EXIF")
    return parse(_read_exif(window, next(found, None)))
