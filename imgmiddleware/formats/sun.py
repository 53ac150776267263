"""Sun raster: a header of eight numbers, a palette, and rows of an even number of bytes."""

from __future__ import annotations

from imgmiddleware.errors import damaged
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import (
    SLACK,
    Format,
    check_size,
    no_profile,
    unchanged,
    unsupported,
)
from imgmiddleware.formats.window import Window

_MAGIC = b"\x59\xa6\x6a\x95"
_OLD, _STANDARD, _RUNS, _RGB = range(4)
#: Samples that three bytes of a run stand for.
_LONGEST_RUN = 256


def sniff(head: bytes) -> bool:
    return head.startswith(_MAGIC)


def read(window: Window) -> Facts:
    """The facts; the file must be large enough for that many rows."""
    width, height, depth, _, kind, map_kind, map_size = window.unpack(">7L", 4)
    check_size(width, height)
    if kind > _RGB or depth not in (1, 8, 24, 32):
        raise unsupported(f"it is of kind {kind} with {depth} bits a pixel")
    if map_kind > 1 or map_size > 768 or (map_size and (depth != 8 or map_size % 3)):
        raise unsupported("its palette is of another kind than red, green and blue")
    if (depth == 32 and kind == _RGB) or (kind == _RUNS and -(-width * depth // 8) % 2):
        raise unsupported("decoders do not agree on where its rows and colours begin")
    rows = -(-width * depth // 16) * 2 * height
    if kind == _RUNS:
        rows = -(-rows // _LONGEST_RUN) * 3
    if window.size - 32 - map_size < rows:
        raise damaged(f"{window.size} bytes cannot hold {width} x {height} pixels")
    return Facts(
        "sun",
        width,
        height,
        color="gray" if depth < 24 and not map_size else "rgb",
        decode_bytes=width * height * 16 + window.size + SLACK,
        bits=8,
    )


FORMAT = Format("sun", sniff, read, unchanged, no_profile, title="a Sun raster")
