"""The frames of an animated WebP (RFC 9649, section 2.7.1)."""

import struct
from collections.abc import Iterator

from imgmiddleware.formats.animation import Animation, Frame, lasting
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.webp import facts as webp
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Size

_NO_BLENDING, _DISPOSE = 0x02, 0x01
_EXTENDED_ALPHA = 0x10


def read(data: Data, facts: Facts) -> Animation:
    """The frames; the header's walk has checked their places on the canvas."""
    window = Window.over(data)
    plays = 0
    for chunk in webp.chunks(window, 12, webp.riff_end(window)):
        if chunk.kind == b"ANIM" and chunk.length >= 6:
            plays = window.unpack("<LH", chunk.start)[1]
            break
    return Animation(plays, _frames(window, memoryview(data)))


def _frames(window: Window, data: memoryview) -> Iterator[Frame]:
    for chunk in webp.chunks(window, 12, webp.riff_end(window)):
        if chunk.kind != b"ANMF":
            continue
        raw = window.read(chunk.start, 16)
        left, top, width, height, duration = (
            int.from_bytes(raw[at : at + 3], "little") for at in range(0, 15, 3)
        )
        still = _still(window, data, chunk, (width, height))  # both less one, as VP8X has them
        yield Frame(
            data=still,
            facts=webp.read(Window.over(still)),
            left=2 * left,
            top=2 * top,
            duration=lasting(duration),
            blend=not raw[15] & _NO_BLENDING,
            dispose="background" if raw[15] & _DISPOSE else "keep",
        )


def _still(window: Window, data: memoryview, frame: webp.RiffChunk, size: Size) -> bytes:
    """A WebP of the frame's image data: plain, or extended where a plane of alpha goes with it."""
    alpha = image = b""
    start, end = frame.start + 16, frame.start + frame.length
    for chunk in webp.chunks(window, start, end, webp.MAX_FRAME_CHUNKS):
        body = _chunk(chunk.kind, bytes(data[chunk.start : chunk.start + chunk.length]))
        if chunk.kind in (b"VP8 ", b"VP8L"):
            image = body
            break
        if chunk.kind == b"ALPH":
            alpha = body
    extended = b""
    if alpha:
        sizes = (side.to_bytes(3, "little") for side in size)
        extended = _chunk(b"VP8X", b"".join((struct.pack("<L", _EXTENDED_ALPHA), *sizes)))
    whole = b"WEBP" + extended + alpha + image
    return b"RIFF" + struct.pack("<L", len(whole)) + whole


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<L", len(body)) + body + b"\0" * (len(body) & 1)
