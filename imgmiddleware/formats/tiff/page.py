"""A page of a TIFF, as its directory has it: all other files here ask this one.

The directory is read once, and its values when they are asked for. How the page is cut into strips
or tiles stands here alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.ifd import SIZES, IfdEntry, IfdFile, open_ifd
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.raster import Places
from imgmiddleware.formats.reading import MAX_PROFILE, aspect_of, damage_let_pass
from imgmiddleware.formats.window import Window

#: Strips or tiles of the first page: 100,000 x 100,000 pixels in tiles of 256 are 152,881.
MAX_PIECES = 2**18
#: A tile is decoded whole, with its part outside of the picture. Tiles larger than the picture are
#: legal and usual up to this side.
MAX_SPARE_TILE = 1024
#: Samples a pixel; the decoder takes four, scientific files have dozens.
MAX_SAMPLES = 64
#: Bytes of tables that are read with their directory anyway.
_FEW = 2**15
_ASCII, _RATIONAL, _MOST_TEXT = 2, 5, 64
_PROFILE, _RESOLUTIONS = 34675, (282, 283)

_WIDTH, _LENGTH, _ROWS = 256, 257, 278
_STRIP_OFFSETS, _STRIP_COUNTS = 273, 279
_TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS, _TILE_COUNTS = 322, 323, 324, 325
_TABLES = {False: (_STRIP_OFFSETS, _STRIP_COUNTS), True: (_TILE_OFFSETS, _TILE_COUNTS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffFacts:
    """The facts that only TIFF's own files ask for."""

    directory: int  # the offset of the page's directory; 0 is the first page
    inverted: bool  # 16 bits; 0 is white
    associated: bool  # the colours are multiplied by their alpha
    units: bool  # of YCbCr that is no JPEG: every decoder shows it wrong
    clear_inks: bool  # CMYK with alpha: reading it makes colours of it
    rewritten: bool  # decoders get a directory of it in other words
    mask: int = 0  # the offset of the directory of its mask; 0 is none


def own(facts: Facts) -> TiffFacts:
    assert isinstance(facts.own, TiffFacts)
    return facts.own


@dataclass(frozen=True, slots=True)
class Page:
    """One directory with a reader of its values."""

    file: IfdFile
    offset: int  # of the directory; 0, where none can stand, is the first one
    entries: dict[int, IfdEntry]

    def at(self, offset: int) -> Page:
        """The page of the directory at this offset, in the same file."""
        return Page(self.file, offset, self.file.directory(offset or self.file.first))

    def value(self, tag: int, default: int | None = None) -> int:
        """The first value of a tag that should have one."""
        if tag not in self.entries and default is None:
            raise damaged(f"its first directory lacks tag {tag}")
        return self.values(tag, (default or 0,))[0]

    def values(
        self, tag: int, default: tuple[int, ...] = (), most: int = MAX_SAMPLES
    ) -> tuple[int, ...]:
        """All values of a tag; more than `most` are damage."""
        entry = self.entries.get(tag)
        return default if entry is None else self.file.integers(entry, most)

    def table(self, tag: int, most: int, part: slice = slice(None)) -> Places:
        """The same for as many values as there may be strips or tiles, or a part of them; none
        where there is no such tag.
        """
        entry = self.entries.get(tag)
        return np.zeros(0, np.int64) if entry is None else self.file.array(entry, most, part)

    def announce(self, *tags: int) -> None:
        """Say that these tags' tables will be read: of a large picture they come in one request."""
        entries = [self.entries[tag] for tag in tags if tag in self.entries]
        sizes = [SIZES.get(entry.type, 0) * min(entry.count, MAX_PIECES) for entry in entries]
        if sum(sizes) > _FEW:
            self.file.window.announce([entry.offset for entry in entries], sizes)

    def numbers(self, tag: int) -> tuple[float, ...]:
        """All values of a tag that may be fractions; none where they are no numbers, or damaged."""
        entry = self.entries.get(tag)
        with damage_let_pass:
            if entry is not None and entry.count <= MAX_SAMPLES:
                return self.file.numbers(entry)
        return ()

    def fractions(self, tag: int) -> tuple[float, ...]:
        """All values of a tag of rationals, or of numbers; none where they are no such."""
        entry = self.entries.get(tag)
        with damage_let_pass:
            if entry is not None and entry.type == _RATIONAL and entry.count <= MAX_SAMPLES:
                parts = self.file.unpack(f"{2 * entry.count}L", entry.offset)
                return tuple(a / b for a, b in zip(parts[::2], parts[1::2], strict=True) if b)
        return self.numbers(tag)

    def text(self, tag: int) -> str:
        """A short text, without its filling; "" where the tag is no text, or damaged."""
        entry = self.entries.get(tag)
        with damage_let_pass:
            if entry is not None and entry.type == _ASCII and entry.count <= _MOST_TEXT:
                return self.file.raw(entry).decode("ascii").strip("\0 ")
        return ""

    @property
    def profile(self) -> bytes:
        """The ICC profile as it is; empty where there is none."""
        return bytes(self.values(_PROFILE, (), MAX_PROFILE))

    @property
    def aspect(self) -> Fraction:
        """The shape of a pixel: the more of them an inch has, the smaller they are."""
        across, down = (self.fractions(tag) or (0.0,) for tag in _RESOLUTIONS)
        return aspect_of(down[0], across[0])

    @property
    def tiled(self) -> bool:
        """Whether it is stored in tiles, not in strips."""
        return _TILE_WIDTH in self.entries or _TILE_OFFSETS in self.entries

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.value(_WIDTH), self.value(_LENGTH)


def open_page(window: Window, offset: int = 0) -> Page:
    """The page of the directory at `offset`; at 0 the first page."""
    file = open_ifd(window)
    return Page(file, offset, file.directory(offset or file.first))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The strips or tiles of a page, or of each plane of it."""

    tiled: bool
    wide: int  # of a piece, in pixels
    high: int
    across: int  # pieces beside one another
    number: int

    @property
    def tables(self) -> tuple[int, int]:
        """The tags of their offsets and of their counts of bytes."""
        return _TABLES[self.tiled]

    @property
    def other_tables(self) -> tuple[int, int]:
        """The tables of strips for tiles, and of tiles for strips."""
        return _TABLES[not self.tiled]


def read_grid(page: Page) -> Grid:
    """How the page is cut into pieces. Raises 422 where they have no size, or a huge one."""
    width, height = page.size
    tiled = page.tiled
    if tiled:
        wide, high = page.value(_TILE_WIDTH), page.value(_TILE_LENGTH)
        for side, whole in ((wide, width), (high, height)):
            if not 0 < side <= max(-(-whole // 16) * 16, MAX_SPARE_TILE):
                raise damaged(f"its tiles are {wide} x {high} pixels")
    else:
        wide, high = width, min(page.value(_ROWS, 2**32 - 1), height)
        if not high:
            raise damaged("its strips have no rows")
    across = -(-width // wide)
    return Grid(
        tiled=tiled, wide=wide, high=high, across=across, number=across * -(-height // high)
    )
