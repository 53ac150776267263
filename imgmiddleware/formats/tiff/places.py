"""The places of a page's strips or tiles, as the file gives them or should have given them.

libtiff takes every spelling that is taken here, so writers of other spellings never learnt of it.
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

    Both are 0 for pieces that are not in the file (GDAL's SPARSE_OK). Raises 422 where the tables
    are no tables.
    """
    offsets_tag, counts_tag = grid.tables
    if offsets_tag not in page.entries:  # tiles that are listed in the tables of strips
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
    """The bytes from each piece to the next one in the file, or to the file's end."""
    starts = np.append(np.unique(offsets), page.file.window.size)
    following = starts[np.searchsorted(starts, offsets, side="right").clip(max=len(starts) - 1)]
    return np.asarray(np.maximum(following - offsets, 0))


def _within(page: Page, offsets: Places, counts: Places, compression: int) -> Places:
    """Counts up to the end of the file, for compressions that notice a missing end."""
    room = page.file.window.size - offsets
    if compression in FAX:
        return counts
    return np.asarray(np.where(room > 0, np.minimum(counts, room), counts))
