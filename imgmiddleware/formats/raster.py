"""Raster: the place of a picture's rows in its file, for kinds that can be read piece by piece.

`Facts.band_bytes` says whether an original is of such a kind, and the memory for reading it so. The
tables themselves stay in the file until it is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from imgmiddleware.formats.reading import SLACK
from imgmiddleware.pixels.arrays import Box, Size

#: Rows, and compressed strips or tiles, are read until there are so many bytes of samples. All
#: copies of them, eight times as much where Pillow decodes, stay within `SLACK`.
BLOCK = 2**20
PIECES = 2**19
#: Rows that are reduced together at most: three halvings.
STEP = 8

PLAIN, LZW, JPEG, ADOBE_DEFLATE, PACKBITS, DEFLATE = 1, 5, 7, 8, 32773, 32946
FAX, LZMA, ZSTD, WEBP = (2, 3, 4), 34925, 50000, 50001

#: Offsets in a file, or numbers of bytes: a large picture has hundreds of thousands.
Places = npt.NDArray[np.int64]

#: The conversion of samples as they are read: inks of 16 bits become inks of 8; inks with alpha,
#: and CIELab, become colours of light.
Conversion = Literal["", "inks", "clear inks", "lab"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raster:
    """Pieces (strips, or tiles from left to right and down), and the meaning of their samples.

    A file whose rows simply follow one another, or are one stream, is one strip. Sizes are in
    pixels as stored.
    """

    width: int
    height: int
    wide: int  # of a piece
    high: int
    offsets: Places  # of the pieces
    stride: int  # bytes of a row of a piece
    channels: int  # samples a pixel as stored
    dtype: str  # NumPy's name of a sample: "u1", "<u2", ">u2"
    #: Bytes of the pieces, where these do not follow from the stride.
    counts: Places = field(default_factory=lambda: np.zeros(0, np.int64))
    tiled: bool = False
    upwards: bool = False  # the first row in the file is the lowest
    compression: int = PLAIN  # as TIFF numbers it
    predictor: int = 1  # 2: each sample is stored as the difference from the one to its left
    #: Bits of a sample as stored, where it has 1, which become 0 and 255, or 9 to 15 without a gap.
    bits: int = 8
    planes: int = 1  # one a channel; the pieces of each follow those of the one before
    fax: tuple[tuple[int, int], ...] = ()  # tags that CCITT's codes need, and their values
    palette: bytes | None = None  # 256 times blue, green, red; or 256 grays
    inverted: bool = False  # 0 is white
    mirrored: bool = False  # bytes begin with their lowest bit
    red_first: bool = False
    associated: int | None = None  # the channel by which the others are multiplied
    conversion: Conversion = ""
    profile: bytes | None = None  # ICC, which that takes
    dropped: bool = False  # the fourth channel means nothing
    tables: bytes = b""  # segments of a JPEG that its pieces lack
    ycc: bool = False  # JPEG of YCbCr, which its decoder turns to colours
    mask: Raster | None = None  # gray of the same size, which is the alpha of these colours
    of: Raster | None = None  # the undivided raster, where the decoder divides the sides
    by: int = 1  # by so much

    @property
    def nbytes(self) -> int:
        """Bytes in memory: a large picture has hundreds of thousands of pieces."""
        tables = self.offsets.nbytes + self.counts.nbytes
        mask = self.mask.nbytes if self.mask else 0
        return tables + len(self.tables) + len(self.palette or b"") + mask

    @property
    def is_plain(self) -> bool:
        """Rows that can be read without anything beside them."""
        return self.compression == PLAIN and not self.tiled and self.is_whole

    @property
    def is_whole(self) -> bool:
        """Whether samples are whole bytes."""
        return self.bits > 1 and not self.is_packed

    @property
    def is_packed(self) -> bool:
        return 8 < self.bits < 16 and self.dtype.endswith("u2")

    @property
    def is_streamed(self) -> bool:
        """Whether it is strips whose rows come one after another, however many they are."""
        size = self.high * self.stride
        return is_streamed(self.compression, size, tiled=self.tiled) and self.bits > 1

    def of_channels(self, channels: Sequence[int]) -> Raster:
        """The raster of these planes alone."""
        number = self.across * -(-self.height // self.high)
        kept = [slice(channel * number, (channel + 1) * number) for channel in channels]
        at = self.associated
        return replace(
            self,
            associated=None if at is None else list(channels).index(at),
            offsets=np.concatenate([self.offsets[part] for part in kept]),
            counts=np.concatenate([self.counts[part] for part in kept]),
            stride=self.stride // self.channels * len(channels),
            channels=len(channels),
            planes=len(channels),
        )

    def of_planes(self) -> Iterator[Raster]:
        """Each plane as a picture of one channel."""
        one = replace(self, stride=self.stride // self.channels, channels=1, planes=1)
        number = self.across * -(-self.height // self.high)
        for first in range(0, number * self.planes, number):
            part = slice(first, first + number)
            yield replace(one, offsets=self.offsets[part], counts=self.counts[part])

    @property
    def across(self) -> int:
        """Pieces beside one another."""
        return -(-self.width // self.wide)

    def shown(self, piece: int) -> Size:
        """Width and height of the part of the picture in a piece, without filling at the edges."""
        row, column = divmod(piece, self.across)
        return (
            min(self.wide, self.width - column * self.wide),
            min(self.high, self.height - row * self.high),
        )

    def piece_of(self, box: Box) -> int | None:
        """The piece that shows this box and nothing else, as each tile of a viewer is one."""
        row, column = box[1] // self.high, box[0] // self.wide
        piece = row * self.across + column
        whole = (column * self.wide, row * self.high, *self.shown(piece))
        return piece if box == whole and self.high * self.stride <= BLOCK else None

    def divided(self, by: int) -> Raster:
        """The same as its decoder gives it with sides that are divided by so much."""
        width, height, wide, high = (
            -(-side // by) for side in (self.width, self.height, self.wide, self.high)
        )
        return replace(self, width=width, height=height, wide=wide, high=high, of=self, by=by)


def divided_box(box: Box, by: int) -> Box:
    """A box that begins at multiples of `by`, in samples that stand for so many pixels."""
    left, top, width, height = box
    return left // by, top // by, -(-width // by), -(-height // by)


def is_streamed(compression: int, samples: int, *, tiled: bool) -> bool:
    """Whether pieces of so many bytes of samples are decoded some rows at a time."""
    return compression in (DEFLATE, ADOBE_DEFLATE) and samples > PIECES and not tiled


def together(samples: int) -> int:
    """How many compressed pieces, or tiles, of so many bytes of samples are decoded at once."""
    return max(1, PIECES // samples)


def plain_bytes(stride: int) -> int:
    """The most memory for reading plain rows: the rows of a block, and the copies of them."""
    return SLACK + 4 * STEP * stride


def filtered_bytes(stride: int) -> int:
    """The same for PNG's rows: inflated, as a small file of their own, decoded, and reduced."""
    return SLACK + 8 * STEP * stride


def jpeg_bytes(picture: int, samples: int, stored: int) -> int:
    """The same for JPEG pieces: one at a time, with the coefficients that several scans keep."""
    return SLACK + 2 * min(BLOCK, picture) + 3 * stored + 4 * samples


def bits_bytes(pixels: int, packed: int, stored: int) -> int:
    """The same for a large strip of one bit a pixel: Pillow holds a byte for each. Its stored bytes
    and its packed bits are held up to four times.
    """
    return SLACK + 2 * BLOCK + pixels + 4 * (stored + packed)


def piece_bytes(picture: int, samples: int, stored: int, *, compressed: bool) -> int:
    """The same for pieces of a `picture` of so many bytes, beside a row of tiles.

    It counts the rows that are reduced at a time. A piece may be larger than a block by itself
    (`samples` bytes, `stored` in the file). Then it also counts Pillow's part: its bytes in four
    copies, and as many of its samples.
    """
    one = 4 * (stored + samples) if compressed else 2 * samples
    return SLACK + 2 * min(BLOCK, picture) + (one if samples > PIECES else 0)
