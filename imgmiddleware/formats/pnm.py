"""Portable bitmaps, graymaps and pixmaps (netpbm's P1 to P6): a header of words."""

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

#: The header with its comments.
MOST_HEADER = 4096
#: Digits of a number that may be a side, or a float's scale.
_MOST_WORD = 20

_BITMAPS, _PIXMAPS, _PLAIN = b"14", b"36", b"123"


def words(window: Window, count: int) -> tuple[list[bytes], int]:
    """The first words behind the two letters, comments left out, and where the samples begin."""
    head = window.head(MOST_HEADER)
    found: list[bytes] = []
    at = 2
    while len(found) < count:
        while head[at : at + 1].isspace() or head[at : at + 1] == b"#":
            at = head.find(b"\n", at) if head[at : at + 1] == b"#" else at + 1
            if at < 0:
                raise damaged("a comment in its header has no end")
        start = at
        while at < len(head) and not head[at : at + 1].isspace():
            at += 1
        if start == at or at == len(head) or at - start > _MOST_WORD:
            raise damaged("its header is cut short")
        found.append(head[start:at])
    return found, at + 1


def whole(word: bytes) -> int:
    if not word.isdigit():
        raise damaged("its header holds something else than numbers")
    return int(word)


def sniff(head: bytes) -> bool:
    return head[:1] == b"P" and head[1:2] in [b"%d" % n for n in range(1, 7)] and _spaced(head)


def _spaced(head: bytes) -> bool:
    return head[2:3].isspace() or head[2:3] == b"#"


def read(window: Window) -> Facts:
    """The facts; the file must hold as many samples as they promise."""
    kind = window.read(1, 1)
    bitmap, samples = kind in _BITMAPS, 3 if kind in _PIXMAPS else 1
    found, start = words(window, 2 if bitmap else 3)
    width, height, *most = (whole(word) for word in found)
    check_size(width, height)
    largest = 1 if bitmap else most[0]
    bits = largest.bit_length()
    if not 0 < largest < 65536:
        raise damaged(f"its largest sample is said to be {largest}")
    if bits > 8 and largest != (1 << bits) - 1:
        raise unsupported(
            f"its largest sample, {largest}, is over 255 and no power of two less one"
        )
    if kind in _PLAIN:
        needed = width * height if bitmap else 2 * width * height * samples - 1
    else:
        row = -(-width // 8) if bitmap else width * samples * (2 if bits > 8 else 1)
        needed = row * height
    if window.size - start < needed:
        raise damaged(f"{window.size} bytes cannot hold {width} x {height} pixels")
    deep = bits > 8
    return Facts(
        "pnm",
        width,
        height,
        color="rgb" if samples == 3 else "gray",
        depth=16 if deep else 8,
        decode_bytes=width * height * samples * (6 if deep else 5) + width * height * 4 + SLACK,
        bits=bits if deep else 8,
    )


FORMAT = Format("pnm", sniff, read, unchanged, no_profile, title="a portable bitmap (PNM)")
