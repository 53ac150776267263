"""The facts that a header tells of an original, without decoding it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from imgmiddleware.pixels.arrays import Box, Size
from imgmiddleware.pixels.codepoints import CodePoints
from imgmiddleware.pixels.orientation import Orientation
from imgmiddleware.pixels.samples import Reading
from imgmiddleware.pixels.shown import Values


@dataclass(frozen=True, slots=True)
class Pieces:
    """How an original that is read by pieces is cut: each that a box touches is decoded whole."""

    wide: int  # in pixels
    high: int
    stored: int  # bytes in the file, of the largest
    row: int = 0  # bytes of samples of a piece, where a row of them is held at a time
    scales: int = 1  # the most by which its decoder can divide their sides, for less work
    jpeg: bool = False  # each is a JPEG

    def read(self, box: Box, size: Size) -> tuple[int, int]:
        """How many bytes at most, and how many pixels, a box takes of a picture of this size."""
        across, down = self.touched(box)
        left, top = box[0] // self.wide * self.wide, box[1] // self.high * self.high
        wide, high = min(across * self.wide, size[0] - left), min(down * self.high, size[1] - top)
        return across * down * self.stored, wide * high

    def touched(self, box: Box) -> Size:
        """The number of pieces along both sides that a box of the picture touches."""
        left, top, width, height = box
        across = (left + width - 1) // self.wide - left // self.wide + 1
        return across, (top + height - 1) // self.high - top // self.high + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The header of an original, checked for contradictions.

    `width` and `height` are in pixels as *stored*; `upright` is the size that a person sees.
    """

    format: str  # a name in `registry.FORMATS`, or "array"
    width: int
    height: int
    orientation: Orientation = Orientation.UPRIGHT  # how the stored pixels must be turned
    color: str = "rgb"  # "gray", "rgb", "cmyk": as decoded (a palette counts as rgb)
    alpha: bool = False
    few: bool = False  # its pixels are numbers of at most 256 colours
    depth: int = 8  # bits of a sample once decoded: 8 or 16; 32 is float
    bits: int = 8  # bits of a sample as stored: 1, 2, 4, 8, 10, 12, 16, 32
    aspect: Fraction = Fraction(1)  # the width of a pixel divided by its height, as stored
    frames: int = 1  # pages or frames, where the header tells; else 1
    pages: bool = False  # these are pages, which do not follow one another in time
    composed: bool = False  # already the first picture is a frame, which need not fill its canvas
    #: The most bytes that this format's decoder may allocate for it, output included.
    decode_bytes: int = 0
    #: The memory for decoding beside the pixels, where a few rows at a time can be decoded. Parts
    #: that the plan cuts away are then not read, and the rest is reduced at once. 0: all of it is
    #: decoded at once.
    band_bytes: int = 0
    pieces: Pieces | None = None  # the pieces that are then read for a part
    overviews: tuple[Facts, ...] = ()  # smaller copies in the same file, the largest first
    reduced: int = 1  # of an overview: the divisor of its page's width and height
    values: Values | None = None  # the stored values, where they need be no colours
    reading: Reading | None = None  # and how it becomes one; None: samples are as they are
    tile: Size | None = None  # width and height of its tiles, where it is stored in tiles
    points: CodePoints | None = None  # its colours, where code points tell them; None: as sRGB
    mended: bool = False  # the rest of a damaged file: its decoder makes up the missing part
    block: int = 1  # pixels of a side that are coded together, and tell of one another
    masked: bool = False  # its alpha is a picture of its own, beside the colours
    notes: tuple[
        str, ...
    ] = ()  # the parts of the file that are not shown, in words of `Image-Notes`
    own: object = None  # a value of its format, known only to the files of that format

    @property
    def animated(self) -> bool:
        """Whether its frames follow one another in time."""
        return self.frames > 1 and not self.pages

    def read_as(self, values: Values, reading: Reading) -> Facts:
        """The same facts, with the samples that the values give when they are read so."""
        return replace(
            self,
            values=values,
            reading=reading,
            color=values.color(reading),
            alpha=values.has_alpha(reading) or self.masked,
            depth=values.depth(reading),
            overviews=tuple(one.read_as(values, reading) for one in self.overviews),
        )

    @property
    def samples(self) -> Values:
        """The stored values of an original whose values are colours."""
        alpha = self.alpha and not self.masked
        colors = 1 if self.color == "gray" and not alpha else 3
        return Values(
            channels=colors + alpha,
            dtype={8: "u1", 16: "u2"}.get(self.depth, "f4"),
            alpha=colors if alpha else None,
            order="bgr",
        )

    @property
    def holed(self) -> bool:
        """Whether a clear pixel only lacks a value, and hides no colour."""
        if self.reading is None or self.values is None:
            return False
        return self.values.alpha is None and not self.masked

    @property
    def upright(self) -> Size:
        """Width and height after the orientation is applied."""
        return self.orientation.size(self.width, self.height)

    def size_read(self, in_bands: bool) -> Size:
        """The same as it is decoded: as stored, unless the decoder turns it."""
        return (self.width, self.height) if in_bands else self.upright
