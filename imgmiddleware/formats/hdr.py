"""Radiance HDR (RGBE): lines of text, a line with the size, then rows, each perhaps in runs."""

from __future__ import annotations

import re

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

_MAGIC = (b"#?RADIANCE", b"#?RGBE")
_MOST_HEADER = 8192
#: The way that rows usually stand, and the only one that the decoder knows.
_SIZE = re.compile(rb"-Y (\d{1,9}) \+X (\d{1,9})\n")


def sniff(head: bytes) -> bool:
    return head.startswith(_MAGIC)


def read(window: Window) -> Facts:
    """The facts; the file must be large enough for that many rows of the longest runs."""
    text, gap, rest = window.head(_MOST_HEADER).partition(b"\n\n")
    size = _SIZE.match(rest)
    if not gap:
        raise damaged("its header has no end")
    if size is None:
        raise unsupported("its rows are not from the top down and from left to right")
    if b"FORMAT=32-bit_rle_rgbe" not in text:
        raise unsupported("its samples are not RGBE")
    height, width = int(size[1]), int(size[2])
    check_size(width, height)
    start = len(text) + 2 + size.end()
    if window.size - start < height * min(4 * width, 4 + 8 * -(-width // 127)):
        raise damaged(f"{window.size} bytes cannot hold {width} x {height} pixels")
    return Facts(
        "hdr",
        width,
        height,
        depth=32,
        decode_bytes=width * height * 12 * 4 + SLACK,
        bits=32,
    )


FORMAT = Format("hdr", sniff, read, unchanged, no_profile, title="Radiance HDR")
