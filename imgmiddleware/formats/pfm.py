"""Portable float maps: three words, and floats from the bottom up, of linear light."""

from __future__ import annotations

from imgmiddleware.errors import damaged
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import (
    PARSE_ERRORS,
    SLACK,
    Format,
    check_size,
    no_profile,
    unchanged,
)
from imgmiddleware.formats.pnm import whole, words
from imgmiddleware.formats.window import Window


def sniff(head: bytes) -> bool:
    return head[:2] in (b"PF", b"Pf") and head[2:3].isspace()


def read(window: Window) -> Facts:
    """The facts; the file must hold as many floats as they promise."""
    samples = 3 if window.read(0, 2) == b"PF" else 1
    found, start = words(window, 3)
    width, height = whole(found[0]), whole(found[1])
    check_size(width, height)
    try:
        scale = float(found[2])
    except PARSE_ERRORS as error:
        raise damaged("its scale is no number") from error
    if not 0 < abs(scale) < float("inf"):
        raise damaged("its scale is nothing, or no number")
    if window.size - start < 4 * width * height * samples:
        raise damaged(f"{window.size} bytes cannot hold {width} x {height} pixels")
    return Facts(
        "pfm",
        width,
        height,
        color="rgb" if samples == 3 else "gray",
        depth=32,
        decode_bytes=width * height * samples * 4 * 4 + SLACK,
        bits=32,
    )


FORMAT = Format("pfm", sniff, read, unchanged, no_profile, title="a portable float map (PFM)")
