"""Raster: where the rows of a picture stand in its file, for kinds that can be read piece by piece.

`Facts.band_bytes` says whether an original is of such a kind, and what reading it so takes. The
tables themselves stay in the file until it is decoded.
"""

from dataclasses import dataclass

from imgmiddleware.formats.reading import SLACK

#: Rows, and compressed strips or tiles, are read until there are so many bytes of samples. With all
#: that is made of them, eight times as much of what Pillow decodes, that stays within `SLACK`.
BLOCK = 2**20
PIECES = 2**19
#: Rows that are reduced together at most: three halvings.
STEP = 8

PLAIN, LZW, ADOBE_DEFLATE, PACKBITS, DEFLATE = 1, 5, 8, 32773, 32946


@dataclass(frozen=True, slots=True, kw_only=True)
class Raster:
    """Pieces (strips, or tiles from left to right and down), and what their samples mean.

    A file whose rows simply follow one another, or are one stream, is one strip. Sizes are in
    pixels as stored.
    """

    width: int
    height: int
    wide: int  # of a piece
    high: int
    offsets: tuple[int, ...]  # of the pieces
    stride: int  # bytes of a row of a piece
    channels: int  # samples a pixel as stored
    dtype: str  # NumPy's name of a sample: "u1", "<u2", ">u2"
    counts: tuple[int, ...] = ()  # bytes of the pieces, where these do not follow from the stride
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


def together(samples: int) -> int:
    """How many compressed pieces, or tiles, of so many bytes of samples are decoded at once."""
    return max(1, PIECES // samples)


def plain_bytes(stride: int) -> int:
    """What reading plain rows takes at most: rows of a block, and what is made of them."""
    return SLACK + 4 * STEP * stride


def filtered_bytes(stride: int) -> int:
    """The same of PNG's rows: inflated, as a small file of their own, decoded, and reduced."""
    return SLACK + 8 * STEP * stride


def piece_bytes(picture: int, across: int, samples: int, stored: int, *, compressed: bool) -> int:
    """The same of pieces of a `picture` of so many bytes, `across` of them beside one another.

    Beside that band and the rows of it that are reduced at a time, of a piece that is larger than a
    block by itself (`samples` bytes, `stored` in the file), what Pillow makes of it: its bytes in
    four copies, and as many of its samples.
    """
    one = 4 * (stored + samples) if compressed else 2 * samples
    return SLACK + 2 * min(BLOCK, picture) + across + (one if samples > PIECES else 0)
