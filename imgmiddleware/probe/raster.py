"""Raster: where the rows of a picture stand in its file, for kinds that can be read piece by piece.

A probe says in `Facts.strip_bytes` whether an original is of such a kind, and what reading it so
takes. The tables themselves stay in the file until it is decoded.
"""

from __future__ import annotations

from dataclasses import dataclass

from imgmiddleware.probe.format import SLACK

#: Rows, or compressed strips or tiles, are read until there are about so many bytes of samples: it
#: fits into the cache of a processor, and into half of `SLACK` with all that is made of it.
BLOCK = 2**20
#: Rows that are reduced together at most: three halvings.
STEP = 8

PLAIN, LZW, ADOBE_DEFLATE, PACKBITS, DEFLATE = 1, 5, 8, 32773, 32946


@dataclass(frozen=True, slots=True)
class Raster:
    """Pieces (strips, or tiles from left to right and down), and what their samples mean.

    A file whose rows simply follow one another is one strip. Sizes are in pixels as stored.
    """

    width: int
    height: int
    wide: int  # of a piece
    high: int
    offsets: tuple[int, ...]  # of the pieces
    counts: tuple[int, ...]  # their bytes; those of plain rows follow from the stride
    stride: int  # bytes of a row of a piece
    channels: int  # samples a pixel as stored
    dtype: str  # NumPy's name of a sample: "u1", "<u2", ">u2"
    tiled: bool = False
    upwards: bool = False  # the first row in the file is the lowest
    compression: int = PLAIN  # as TIFF numbers it
    predictor: int = 1  # 2: each sample is stored as the difference from the one to its left
    palette: bytes | None = None  # 256 times blue, green, red; or 256 grays
    inverted: bool = False  # 0 is white
    red_first: bool = False
    dropped: bool = False  # the fourth channel means nothing

    @property
    def is_plain(self) -> bool:
        """Rows that can be read without anything beside them."""
        return self.compression == PLAIN and not self.tiled


def plain_bytes(stride: int) -> int:
    """What reading plain rows takes at most: rows of a block, and what is made of them."""
    return SLACK + 4 * STEP * stride


def piece_bytes(across: int, samples: int, stored: int, *, compressed: bool) -> int:
    """The same of pieces: `across` bytes of all that stand beside one another, decoded.

    That band three times, as its lower rows wait for the next; and of a block, or of one piece of
    `samples` bytes where that is more, the file that is made for the decoder, four copies of that,
    and its picture with four bytes for three.
    """
    one = 4 * (stored + samples) + 3 * samples if compressed else 2 * samples
    return SLACK + 3 * across + one
