"""Mends a TIFF that is cut short: the rest of it becomes a whole file again."""

from imgmiddleware.formats.containers.ifd import SIZES
from imgmiddleware.formats.raster import PLAIN
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.tiff.kinds import read_sample_layout
from imgmiddleware.formats.tiff.page import MAX_PIECES, open_page, read_grid
from imgmiddleware.formats.tiff.places import read_places
from imgmiddleware.formats.window import Window


def mended(data: Data, most: int) -> bytes | None:
    """The first page, with zeros where its pieces go on beyond the end. Plain pieces lose only the
    missing part. Other pieces become zeros as a whole, as if they were not in the file (GDAL's
    SPARSE_OK).

    None where more than `most` bytes would be held for it.
    """
    page = open_page(Window.over(data))
    kind, grid = read_sample_layout(page), read_grid(page)
    if grid.number * kind.planes > MAX_PIECES:
        return None
    size = grid.high * kind.row_bytes(grid.wide)
    offsets, _ = read_places(page, grid, kind.compression, size)
    if kind.compression == PLAIN:
        length = max(len(data), int(offsets.max()) + size)
        return None if length > most else bytes(data).ljust(length, b"\0")
    entry = page.entries.get(grid.tables[1])
    if entry is None:
        return None
    ends = offsets + page.table(grid.tables[1], MAX_PIECES)[: len(offsets)]
    copy, wide = bytearray(data), SIZES[entry.type]
    for piece in (ends > len(data)).nonzero()[0].tolist():
        at = entry.offset + wide * piece
        copy[at : at + wide] = bytes(wide)
    return bytes(copy)
