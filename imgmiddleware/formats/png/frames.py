"""The frames of an animated PNG (PNG specification, third edition, clause 11.3.6)."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from imgmiddleware.errors import damaged
from imgmiddleware.formats.animation import Animation, Disposal, Frame, lasting
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.png import facts as png
from imgmiddleware.formats.png.chunks import SIGNATURE, PngChunk, chunks
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.window import Window

_DISPOSALS: tuple[Disposal, ...] = ("keep", "background", "previous")


@dataclass(slots=True)
class _Control:
    """An fcTL chunk, and the compressed rows that follow it."""

    width: int
    height: int
    left: int
    top: int
    duration: float
    dispose: Disposal
    blend: bool
    parts: list[bytes] = field(default_factory=list)


def read(data: Data, facts: Facts) -> Animation:
    """The frames; raises 422 where their chunks are out of order or do not fit the canvas."""
    window = Window.over(data)
    plays = 0
    for chunk in chunks(window):
        if chunk.kind == b"acTL" and chunk.length == 8:
            plays = window.unpack(">LL", chunk.data)[1]
            break
    return Animation(plays, _frames(data, facts))


def _frames(data: Data, facts: Facts) -> Iterator[Frame]:
    """A frame is done when the next begins."""
    window, view = Window.over(data), memoryview(data)
    head = b""
    control: _Control | None = None
    expected = 0
    for chunk in chunks(window):
        if chunk.kind in (b"IHDR", b"PLTE", b"tRNS"):
            head += bytes(view[chunk.start : chunk.end])
        elif chunk.kind in (b"fcTL", b"fdAT"):
            if chunk.length < 4 or window.unpack(">L", chunk.data) != (expected,):
                raise damaged(f"chunk {expected} of its animation is missing or out of order")
            expected += 1
        if chunk.kind == b"fcTL":
            if control is not None:
                yield _frame(head, control)
            control = _control(window, chunk, facts)
        elif chunk.kind == b"IDAT" and control is not None:
            control.parts.append(bytes(view[chunk.data : chunk.end - 4]))
        elif chunk.kind == b"fdAT" and control is not None:
            control.parts.append(bytes(view[chunk.data + 4 : chunk.end - 4]))
    if control is not None:
        yield _frame(head, control)


def _control(window: Window, chunk: PngChunk, facts: Facts) -> _Control:
    if chunk.length != 26:
        raise damaged("a frame's control chunk is not 26 bytes long")
    _, width, height, left, top, delay, parts, dispose, blend = window.unpack(
        ">LLLLLHHBB", chunk.data
    )
    if not (width and height) or left + width > facts.width or top + height > facts.height:
        raise damaged("a frame does not lie on its canvas")
    if dispose > 2 or blend > 1:
        raise damaged("a frame is laid over the others in a way that does not exist")
    milliseconds = 1000 * delay / (parts or 100)
    return _Control(
        width, height, left, top, lasting(milliseconds), _DISPOSALS[dispose], bool(blend)
    )


def _frame(head: bytes, control: _Control) -> Frame:
    """A PNG of the frame's size, otherwise with the header, palette and transparency of all."""
    header = struct.pack(">LL", control.width, control.height) + head[16:21]
    still = b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", header),
            head[25:],
            _chunk(b"IDAT", b"".join(control.parts)),
            _chunk(b"IEND", b""),
        )
    )
    return Frame(
        data=still,
        facts=png.read(Window.over(still)),
        left=control.left,
        top=control.top,
        duration=control.duration,
        blend=control.blend,
        dispose=control.dispose,
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(body, zlib.crc32(kind))
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", crc)
