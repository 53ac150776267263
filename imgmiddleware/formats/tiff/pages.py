"""The directories of a TIFF: its pages, and the overviews of a page, which make a pyramid.

Scanners, microscopes and maps write overviews, so that a viewer need not read a whole picture to
show it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import NamedTuple

from imgmiddleware.formats.containers.ifd import IfdFile
from imgmiddleware.formats.raster import JPEG
from imgmiddleware.formats.reading import damage_let_pass
from imgmiddleware.formats.tiff.kinds import PALETTE, RGB, YCBCR, SampleLayout, is_raw, raw_refused
from imgmiddleware.formats.tiff.page import Page
from imgmiddleware.pixels.arrays import Size

#: Pages counted. Each is two reads; a fax of more is counted as this many.
MAX_PAGES = 1024
#: Overviews of a page that are looked at: so often halved, 65,536 pixels are one.
MAX_OVERVIEWS = 16
#: And pages for them: each may have a mask, and slides have pictures of their labels between them.
_LOOKED_AT = 3 * MAX_OVERVIEWS

_SUBFILE_TYPE, _SUB_DIRECTORIES = 254, 330
#: NewSubfileType (TIFF 6.0, section 8): bit 0 for a smaller copy of another picture in the file,
#: bit 1 for a page of several, bit 2 for a mask.
_SMALLER, _PAGE, _MASK = 1, 2, 4


def find_pages(file: IfdFile) -> tuple[int, ...]:
    """The offsets of all directories but those below others.

    The pages end with a directory whose next one is not there, or came before. Pages behind it are
    lost, but the first one is not.
    """
    seen: dict[int, None] = {}
    offset = file.first
    with damage_let_pass:
        while offset and offset not in seen and len(seen) < MAX_PAGES:
            count = file.count(offset)
            seen[offset] = None
            offset = file.next(offset, count)
    return tuple(seen)


def find_pictures(page: Page, after: Iterable[int]) -> list[Page]:
    """The pictures that the first page stands for, the largest first.

    It stands for itself, unless it says that it is a smaller copy. Cameras write such a copy in
    front of their pictures. The pictures are then below it or follow it. Raises `ImageError` (415)
    where they are raw.
    """
    first = _at(page, page.offset)
    if first is None or not first.kind & _SMALLER:
        return [page]
    places = (*_listed(page), *islice(after, _LOOKED_AT))
    found = [one for at in places if (one := _at(page, at)) and not one.kind & (_SMALLER | _MASK)]
    if any(is_raw(one.page) for one in (first, *found)):
        raise raw_refused()
    found.sort(key=lambda one: one.size[0] * one.size[1], reverse=True)
    return [*(one.page for one in found), page]


def find_overviews(page: Page, after: Iterable[int]) -> Iterator[Page]:
    """The pages that may be smaller copies of this one.

    Its own directory lists them (TIFF Technical Note 1, SubIFD trees), or they follow it: `after`
    are the offsets of the pages that do. Some scanners do not mark them: a page in tiles is then
    followed by others. One that is larger than half of it is a picture of its own.
    """
    listed = (found for offset in _listed(page) if (found := _at(page, offset)))
    below = (found.page for found in listed if not found.kind & _MASK)
    return islice(chain(below, _following(page, after)), MAX_OVERVIEWS)


def find_masks(page: Page, after: Iterable[int]) -> dict[Size, Page]:
    """The masks of this page and of its overviews, by their width and height, in any order."""
    listed = (found for offset in _listed(page) if (found := _at(page, offset)))
    masks: dict[Size, Page] = {}
    for found in (*listed, *_family(page, after)):
        if found.kind & _MASK:
            masks.setdefault(found.size, found.page)
    return masks


class _Found(NamedTuple):
    page: Page
    kind: int  # NewSubfileType
    size: Size


def _following(page: Page, after: Iterable[int]) -> Iterator[Page]:
    """The following pages that may be overviews."""
    return (found.page for found in _family(page, after) if not found.kind & _MASK)


def _family(page: Page, after: Iterable[int]) -> Iterator[_Found]:
    """The pages up to the next picture; labels beside a page in tiles are stepped over."""
    for offset in islice(after, _LOOKED_AT):
        found = _at(page, offset)
        if found is None:
            continue
        if not found.kind & (_SMALLER | _MASK):
            smaller = all(
                2 * side <= whole + 1 for side, whole in zip(found.size, page.size, strict=True)
            )
            if found.kind & _PAGE or not page.tiled or not smaller:
                return
            if not found.page.tiled:
                continue
        yield found


def _listed(page: Page) -> tuple[int, ...]:
    """None where the list is damaged: that costs the overviews only."""
    with damage_let_pass:
        return page.values(_SUB_DIRECTORIES, (), MAX_OVERVIEWS)
    return ()


def _at(page: Page, offset: int) -> _Found | None:
    """The page at this offset of the same file; None where it is damaged."""
    with damage_let_pass:
        found = page.at(offset)
        return _Found(found, found.values(_SUBFILE_TYPE, (0,), MAX_OVERVIEWS)[0], found.size)
    return None


def reduced_by(size: tuple[int, int], whole: tuple[int, int]) -> int:
    """The number by which a picture of this size was divided from the whole, else 0.

    Writers round the width and height of each level up, down, or to the nearest, from the level
    before it or from the whole. So much may be off.
    """
    by = max(round(full / side) for side, full in zip(size, whole, strict=True))
    if by < 2 or any(abs(by * side - full) >= by for side, full in zip(size, whole, strict=True)):
        return 0
    return by


def is_like(overview: SampleLayout, page: SampleLayout) -> bool:
    """Whether samples mean the same, and could be averaged: not of a palette, and not of one bit.

    In black and white, drawings that are made smaller keep their lines, and so are too dark.
    """
    one, other = (
        replace(kind, width=1, height=1, compression=1, photometric=_decoded(kind))
        for kind in (overview, page)
    )
    return one == other and page.photometric != PALETTE and page.bits > 1


def _decoded(kind: SampleLayout) -> int:
    """The photometric interpretation of the colours after a JPEG decoder has turned them."""
    turned = kind.compression == JPEG and kind.photometric == YCBCR
    return RGB if turned else kind.photometric
