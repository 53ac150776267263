"""Where the strips or tiles of a page stand, as a file says it or should have said it.

libtiff takes all that is taken here, so that writers never learnt of it.
"""

import numpy as np

from imgmiddleware.errors import damaged
from imgmiddleware.formats.raster import FAX, PLAIN, Places
from imgmiddleware.formats.tiff.page import MAX_PIECES, Grid, Page

_ALL = slice(None)


def read_places(
    page: Page, grid: Grid, compression: int, size: int, part: slice = _ALL
) -> tuple[Places, Places]:
    """Offsets and counts of bytes of a part of the pieces, each of `size` bytes of samples.

    Both are 0 for what was left out of the file (GDAL's SPARSE_OK). Raises 422 where the tables are
    no tables.
    """
    offsets_tag, counts_tag = grid.tables
    if offsets_tag not in page.entries:  # of tiles that are told as strips are
        offsets_tag, counts_tag = grid.other_tables
    page.announce(offsets_tag, counts_tag)
    offsets = page.table(offsets_tag, MAX_PIECES, part)
    if counts_tag in page.entries:
        counts = page.table(counts_tag, MAX_PIECES, part)
    else:
        counts = _between(page, page.table(offsets_tag, MAX_PIECES))[part]
    if len(counts) < len(offsets):
        raise damaged(f"it has {len(offsets)} strips or tiles, and sizes of {len(counts)}")
    counts = counts[: len(offsets)]
    if compression == PLAIN:
        counts = np.where(counts > 0, counts, size)
    there = (offsets > 0) & (counts > 0)
    return offsets * there, _within(page, offsets, counts, compression) * there


def _between(page: Page, offsets: Places) -> Places:
    """From each piece to the one that follows in the file, or to the file's end."""
    starts = np.append(np.unique(offsets), page.file.window.size)
    following = starts[np.searchsorted(starts, offsets, side="right").clip(max=len(starts) - 1)]
    return np.asarray(np.maximum(following - offsets, 0))


def _within(page: Page, offsets: Places, counts: Places, compression: int) -> Places:
    """Up to the end of the file, of what tells by itself whether its end is missing."""
    room = page.file.window.size - offsets
    if compression in FAX:
        return counts
    return np.asarray(np.where(room > 0, np.minimum(counts, room), counts))
