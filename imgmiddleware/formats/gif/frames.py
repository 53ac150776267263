"""The frames of a GIF (GIF89a specification, 1990; the Netscape extension for its repetitions)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.animation import Animation, Disposal, Frame, lasting
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.gif import facts as gif
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.window import Window

_APPLICATION = 0xFF
_NETSCAPE = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
#: 4 is not defined; all readers take it for 3, as an early description of the format had it.
_DISPOSALS: dict[int, Disposal] = {2: "background", 3: "previous", 4: "previous"}


@dataclass(frozen=True, slots=True)
class _Control:
    """A graphic control extension (section 23)."""

    dispose: Disposal = "keep"
    delay: int = 0  # in hundredths of a second
    clear: int | None = None  # the transparent colour's index


def read(data: Data, facts: Facts) -> Animation:
    """The frames; raises 422 where the file ends or is no GIF any more."""
    packed = data[10]
    start = 13 + gif.table_bytes(packed)
    return Animation(_plays(data, start), _frames(data, facts, start))


def _frames(data: Data, facts: Facts, at: int) -> Iterator[Frame]:
    screen = (data[10] & 0x87, bytes(data[13:at]))
    control = _Control()
    for _ in range(facts.frames):
        at, control = _next_image(data, at)
        left, top, width, height, packed = struct.unpack_from("<HHHHB", data, at + 1)
        table = at + 10 + gif.table_bytes(packed)
        end = _skip(data, table + 1)
        colors = (packed & 0x87, bytes(data[at + 10 : table])) if packed & 0x80 else screen
        still = _still((width, height), packed & 0x40, colors, control, bytes(data[table:end]))
        yield Frame(
            data=still,
            facts=gif.read(Window.over(still)),
            left=left,
            top=top,
            duration=lasting(10 * control.delay),
            blend=True,
            dispose=control.dispose,
        )
        at = end


def _next_image(data: Data, at: int) -> tuple[int, _Control]:
    """Where the next image descriptor stands, and the graphic control before it."""
    control = _Control()
    while data[at] in (gif.EXTENSION, gif.NOTHING):
        if data[at] == gif.NOTHING:
            at += 1
            continue
        if data[at + 1] == gif.GRAPHIC_CONTROL:
            packed, delay, index = struct.unpack_from("<BHB", data, at + 3)
            dispose = _DISPOSALS.get(packed >> 2 & 7, "keep")
            control = _Control(dispose, delay, index if packed & 1 else None)
        at = _skip(data, at + 2)
    if data[at] != gif.IMAGE:
        raise damaged("it has fewer frames than it began with")
    return at, control


def _still(
    size: tuple[int, int],
    interlaced: int,
    colors: tuple[int, bytes],
    control: _Control,
    image: bytes,
) -> bytes:
    """A GIF of one image that fills its screen."""
    flags, table = colors
    clear = b""
    if control.clear is not None:
        clear = struct.pack(
            "<BBBBHBB", gif.EXTENSION, gif.GRAPHIC_CONTROL, 4, 1, 0, control.clear, 0
        )
    return b"".join(
        (
            b"GIF89a",
            struct.pack("<HHBBB", *size, flags | 0x70, 0, 0),
            table,
            clear,
            struct.pack("<BHHHHB", gif.IMAGE, 0, 0, *size, interlaced),
            image,
            bytes([gif.TRAILER]),
        )
    )


def _skip(data: Data, at: int) -> int:
    """The place behind the sub-blocks at `at`, terminator included (section 15)."""
    while length := data[at]:
        at += length + 1
    return at + 1


def _plays(data: Data, at: int) -> int:
    """How often it runs: once, unless extensions say how often again. The last of them counts, also
    behind images, as browsers have it.
    """
    plays = 1
    for start in _applications(data, at):
        if bytes(data[start + 1 : start + 12]) in _NETSCAPE:
            if bytes(data[start + 12 : start + 14]) == b"\3\1":
                (again,) = struct.unpack_from("<H", data, start + 14)
                plays = again + 1 if again else 0
    return plays


def _applications(data: Data, at: int) -> Iterator[int]:
    """Where the sub-blocks of application extensions begin, as far as the file is whole."""
    for _ in range(gif.MAX_STEPS):
        kind = data[at] if at + 1 < len(data) else gif.TRAILER
        if kind == gif.NOTHING:
            at += 1
            continue
        if kind == gif.EXTENSION:
            start = at + 2
            if data[at + 1] == _APPLICATION:
                yield start
        elif kind == gif.IMAGE and at + 10 < len(data):
            start = at + 11 + gif.table_bytes(data[at + 9])
        else:
            return
        at = start
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
