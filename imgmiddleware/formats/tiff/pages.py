"""The directories of a TIFF: its pages, and the overviews of a page, which make a pyramid.

Scanners, microscopes and maps write those, so that nobody need read all of a picture to show it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice, repeat, takewhile

from imgmiddleware.errors import ImageError, damaged
from imgmiddleware.formats.containers.ifd import (
    Layout,
    count_entries,
    read_directory,
    read_next,
    read_values,
)
from imgmiddleware.formats.reading import PARSE_ERRORS, let_pass
from imgmiddleware.formats.tiff.kinds import SampleLayout
from imgmiddleware.formats.window import Window

#: Pages counted. Each is two reads; a fax of more is counted as this many.
MAX_PAGES = 1024
#: Copies of a page that are looked at: halved so often, a picture of 65,536 pixels a side is one.
MAX_COPIES = 16

_SUBFILE_TYPE, _SUB_DIRECTORIES = 254, 330
#: NewSubfileType (TIFF 6.0, section 8): bit 0 for a smaller copy of another picture in the file,
#: bit 2 for a mask.
_SMALLER, _MASK = 1, 4
_PALETTE = 3


def find_pages(window: Window, layout: Layout) -> tuple[int, ...]:
    """The offsets of all directories but those below others. Raises 422 where they form a loop."""
    seen = {layout.first: None}
    offset = layout.first
    for _ in repeat(None, MAX_PAGES - 1):
        offset = read_next(window, layout, offset, count_entries(window, layout, offset))
        if not offset:
            break
        if offset in seen:
            raise damaged("its directories form a loop")
        seen[offset] = None
    return tuple(seen)


def find_overviews(
    window: Window, layout: Layout, pages: tuple[int, ...], number: int
) -> Iterator[int]:
    """The offsets of directories that say that they are smaller overviews of this page.

    Its own directory lists them (TIFF Technical Note 1, SubIFD trees), or they follow it as pages.
    """
    below = _values(window, layout, pages[number], _SUB_DIRECTORIES)
    listed = (offset for offset in below if _is_overview(window, layout, offset))
    after = takewhile(lambda offset: _is_overview(window, layout, offset), pages[number + 1 :])
    return islice(chain(listed, after), MAX_COPIES)


def _is_overview(window: Window, layout: Layout, offset: int) -> bool:
    (kind,) = _values(window, layout, offset, _SUBFILE_TYPE)[:1] or (0,)
    return bool(kind & _SMALLER) and not kind & _MASK


def _values(window: Window, layout: Layout, offset: int, tag: int) -> tuple[int, ...]:
    """Of a tag of a directory; none where it is damaged: that costs the overviews only."""
    try:
        entry = read_directory(window, layout, offset).entries.get(tag)
        return read_values(window, layout, entry, MAX_COPIES) if entry else ()
    except (ImageError, *PARSE_ERRORS) as error:
        let_pass(error)
        return ()


def reduced_by(size: tuple[int, int], whole: tuple[int, int]) -> int:
    """The power of two by which a picture of this size was divided from the whole, else 0.

    Writers round the width and height of each level up, down, or to the nearest, from the level
    before it or from the whole: so that much may be off.
    """
    for by in (1 << times for times in range(1, MAX_COPIES + 1)):
        if all(abs(by * side - full) < by for side, full in zip(size, whole, strict=True)):
            return by
    return 0


def is_like(overview: SampleLayout, page: SampleLayout) -> bool:
    """Whether samples mean the same; of a palette nobody can average them."""
    same = replace(overview, width=page.width, height=page.height, compression=page.compression)
    return same == page and page.photometric != _PALETTE
