"""What is left of a TIFF that is cut short, in a file that is whole again."""

from imgmiddleware.formats.containers.ifd import SIZES
from imgmiddleware.formats.raster import PLAIN
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.tiff.kinds import read_sample_layout
from imgmiddleware.formats.tiff.page import MAX_PIECES, open_page, read_grid
from imgmiddleware.formats.tiff.places import read_places
from imgmiddleware.formats.window import Window


def mended(data: Data, most: int) -> bytes | None:
    """The first page, whose pieces that go on beyond the end are zeros: of plain ones what is
    missing, of others all, as if they were left out of the file (GDAL's SPARSE_OK).

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
