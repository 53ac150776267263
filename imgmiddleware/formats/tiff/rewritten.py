"""A page in the words that every decoder takes, where its own directory has others.

Pages that are decoded whole go to Pillow or OpenCV. These take other directories than one another,
and than the code here that reads by pieces. Such a page gets a new directory behind the file, which
says the same in the usual words. Tags that no decoder needs are left out of it. XMP is one of them:
Pillow would turn the picture by it.
"""

import struct
from collections.abc import Collection, Iterator

import numpy as np

from imgmiddleware.formats.containers.ifd import (
    HEADER,
    ORIENTATION,
    Value,
    directory,
    longs,
    shorts,
)
from imgmiddleware.formats.raster import Places
from imgmiddleware.formats.reading import Data, damage_let_pass
from imgmiddleware.formats.tiff.kinds import UNDEFINED, SampleLayout
from imgmiddleware.formats.tiff.page import MAX_PIECES, Grid, Page
from imgmiddleware.formats.tiff.places import read_places

_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANAR, _PREDICTOR = 258, 259, 262, 277, 284, 317
_COLOR_MAP, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _XMP = 320, 338, 339, 700
#: The tags that decoders read and that are copied: of faxes, JPEG and YCbCr.
_AS_IT_IS = (266, 292, 293, 347, 529, 530, 531, 532)
#: And those that are written anew: sizes of page and pieces, and the meaning of the samples.
_NUMBERS = (256, 257, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, 278, _PLANAR, _PREDICTOR,
            322, 323, _EXTRA_SAMPLES, _SAMPLE_FORMAT, ORIENTATION)  # fmt: skip
_UNSIGNED = (3, 4, 16)


def is_usual(page: Page, kind: SampleLayout, grid: Grid) -> bool:
    """Whether decoders take the page's directory as it is, or a new one would not help."""
    if kind.bits > 8:  # their bytes have an order, which a new directory could not keep
        return True
    return (
        not (page.file.big and page.file.order == ">")
        and _has_usual_tags(page, grid)
        and not (kind.is_palette and is_narrow(read_colors(page)))
        and _ends_well(page)
        and _tells_places(page, kind, grid)
    )


def _has_usual_tags(page: Page, grid: Grid) -> bool:
    entries = page.entries
    numbers = [entries[tag].type for tag in (*_NUMBERS, *grid.tables) if tag in entries]
    turned = entries.get(ORIENTATION)
    return (
        all(type in _UNSIGNED for type in numbers)
        and all(tag in entries for tag in (_PHOTOMETRIC, *grid.tables))
        and (turned.count == 1 if turned else _XMP not in entries)
        and UNDEFINED not in page.values(_SAMPLE_FORMAT)
    )


def _ends_well(page: Page) -> bool:
    """Whether the next page is one, or there is none."""
    file, offset = page.file, page.offset or page.file.first
    with damage_let_pass:
        following = file.next(offset, file.count(offset))
        return not following or (following != offset and file.count(following) > 0)
    return False


def _tells_places(page: Page, kind: SampleLayout, grid: Grid) -> bool:
    """Whether each piece has the count of bytes that is in the table."""
    meant = _places(page, kind, grid)[1]
    counts = page.table(grid.tables[1], MAX_PIECES)[: len(meant)]
    return np.array_equal(counts, meant)


def _places(page: Page, kind: SampleLayout, grid: Grid) -> tuple[Places, Places]:
    most = grid.number * kind.planes
    size = grid.high * kind.row_bytes(grid.wide)
    offsets, counts = read_places(page, grid, kind.compression, size)
    return offsets[:most], counts[:most]


def rewritten(data: Data, page: Page, kind: SampleLayout, grid: Grid) -> Data:
    """The file with a directory of this page behind it, which its header names.

    It is little-endian and no BigTIFF, for samples that have no order of bytes.
    """
    begin = len(data) + len(data) % 2
    copy = bytearray(begin)
    copy[: len(data)] = data
    copy[: len(HEADER)] = HEADER[:4] + struct.pack("<L", begin)
    return memoryview(copy + directory(dict(_values(page, kind, grid)), begin)).toreadonly()


def _values(page: Page, kind: SampleLayout, grid: Grid) -> Iterator[tuple[int, Value]]:
    for tag in _there(page, _NUMBERS):
        yield tag, longs(*page.values(tag))
    yield from page.file.values({tag: page.entries[tag] for tag in _there(page, _AS_IT_IS)}).items()
    yield _BITS, shorts(*[kind.bits] * kind.samples)
    yield _PHOTOMETRIC, shorts(kind.photometric)
    yield _SAMPLE_FORMAT, shorts(*[kind.format] * kind.samples)
    if kind.is_palette:
        colors = read_colors(page)
        yield _COLOR_MAP, shorts(*(257 * value if is_narrow(colors) else value for value in colors))
    for tag in _there(page, (_EXTRA_SAMPLES, ORIENTATION)):
        yield tag, shorts(*page.values(tag))
    for tag, numbers in zip(grid.tables, _places(page, kind, grid), strict=True):
        yield tag, longs(*numbers.tolist())


def _there(page: Page, tags: Collection[int]) -> Iterator[int]:
    return (tag for tag in tags if tag in page.entries)


def read_colors(page: Page) -> tuple[int, ...]:
    """All reds, all greens, all blues of a palette."""
    return page.values(_COLOR_MAP, (), 3 * 256)


def is_narrow(colors: tuple[int, ...]) -> bool:
    """Whether a palette has 8 bits where it should have 16, as some writers have it."""
    return max(colors, default=256) < 256
