"""Mends a GIF that is cut short: the rest of it becomes a whole file again."""

from imgmiddleware.formats.gif import facts as gif
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.window import Window

_TRAILER = bytes([gif.TRAILER])
#: A sub-block of codes that all mean the first colour, for any number of bits.
_FIRST_COLORS = b"\xff" + bytes(255)
#: Bits of the longest code, which stands for one pixel at least.
_LONGEST_CODE = 12


def mended(data: Data, most: int) -> bytes | None:
    """The whole frames; if there is none, the first frame with its first colour in the missing
    part.

    None where more than `most` bytes would be held for it.
    """
    facts = gif.read(Window.over(data))
    start = 13 + gif.table_bytes(data[10])
    whole, broken = _ends(data, start)
    if whole:
        return bytes(data[:whole]) + _TRAILER
    pixels = facts.width * facts.height * _LONGEST_CODE // 8
    if pixels > most or not broken:
        return None
    rest = bytes(data[broken + 1 :])  # of a sub-block that claims more
    short = bytes([len(rest)]) + rest if rest else b""
    missing = _FIRST_COLORS * (pixels // 255 + 1)
    return b"".join((data[:broken], short, missing, b"\0", _TRAILER))


def _ends(data: Data, at: int) -> tuple[int, int]:
    """The end of the last whole image, or else of the whole sub-blocks of the first; 0: none."""
    whole = 0
    for _ in range(gif.MAX_STEPS):
        kind = data[at] if at + 10 < len(data) else gif.TRAILER
        if kind == gif.NOTHING:
            at += 1
            continue
        if kind not in (gif.EXTENSION, gif.IMAGE):
            break
        at += 2 if kind == gif.EXTENSION else 11 + gif.table_bytes(data[at + 9])
        while at < len(data) and data[at] and at + data[at] < len(data):
            at += data[at] + 1
        if at >= len(data) or data[at]:
            return whole, 0 if whole or kind == gif.EXTENSION else at
        at += 1
        whole = at if kind == gif.IMAGE else whole
    return whole, 0
