"""The directories of a TIFF: its pages, and the overviews of a page, which make a pyramid.

Scanners, microscopes and maps write those, so that nobody need read all of a picture to show it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice, repeat, takewhile

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.ifd import IfdFile
from imgmiddleware.formats.reading import damage_let_pass
from imgmiddleware.formats.tiff.kinds import PALETTE, SampleLayout
from imgmiddleware.formats.tiff.page import Page

#: Pages counted. Each is two reads; a fax of more is counted as this many.
MAX_PAGES = 1024
#: Overviews of a page that are looked at: so often halved, 65,536 pixels are one.
MAX_OVERVIEWS = 16

_SUBFILE_TYPE, _SUB_DIRECTORIES = 254, 330
#: NewSubfileType (TIFF 6.0, section 8): bit 0 for a smaller copy of another picture in the file,
#: bit 2 for a mask.
_SMALLER, _MASK = 1, 4


def find_pages(file: IfdFile) -> tuple[int, ...]:
    """The offsets of all directories but those below others. Raises 422 where they form a loop."""
    seen = {file.first: None}
    offset = file.first
    for _ in repeat(None, MAX_PAGES - 1):
        offset = file.next(offset, file.count(offset))
        if not offset:
            break
        if offset in seen:
            raise damaged("its directories form a loop")
        seen[offset] = None
    return tuple(seen)


def find_overviews(page: Page, after: Iterable[int]) -> Iterator[Page]:
    """The pages that say that they are smaller copies of this one.

    Its own directory lists them (TIFF Technical Note 1, SubIFD trees), or they follow it: `after`
    are the offsets of the pages that do.
    """
    listed = filter(None, (_overview(page, offset) for offset in _listed(page)))
    following = takewhile(bool, (_overview(page, offset) for offset in after))
    return islice(chain(listed, filter(None, following)), MAX_OVERVIEWS)


def _listed(page: Page) -> tuple[int, ...]:
    """None where the list is damaged: that costs the overviews only."""
    with damage_let_pass:
        return page.values(_SUB_DIRECTORIES, (), MAX_OVERVIEWS)
    return ()


def _overview(page: Page, offset: int) -> Page | None:
    """The page at this offset of the same file; None where it is no overview, or damaged."""
    with damage_let_pass:
        found = page.at(offset)
        kind = found.values(_SUBFILE_TYPE, (0,), MAX_OVERVIEWS)[0]
        return found if kind & _SMALLER and not kind & _MASK else None
    return None


def reduced_by(size: tuple[int, int], whole: tuple[int, int]) -> int:
    """The power of two by which a picture of this size was divided from the whole, else 0.

    Writers round the width and height of each level up, down, or to the nearest, from the level
    before it or from the whole: so that much may be off.
    """
    for by in (1 << times for times in range(1, MAX_OVERVIEWS + 1)):
        if all(abs(by * side - full) < by for side, full in zip(size, whole, strict=True)):
            return by
    return 0


def is_like(overview: SampleLayout, page: SampleLayout) -> bool:
    """Whether samples mean the same; of a palette nobody can average them."""
    same = replace(overview, width=page.width, height=page.height, compression=page.compression)
    return same == page and page.photometric != PALETTE
