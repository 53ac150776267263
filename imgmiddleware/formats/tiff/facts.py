"""TIFF 6.0 and BigTIFF: the facts of a page, and whether its strips or tiles bear them out."""

import struct
from collections.abc import Iterable
from dataclasses import replace

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.exif import Exif, parse
from imgmiddleware.formats.containers.ifd import ORIENTATION, open_ifd, orientation_of
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.raster import JPEG, WEBP
from imgmiddleware.formats.reading import CONVERTED, Data, damage_let_pass, unsupported
from imgmiddleware.formats.tiff.kinds import (
    COLORS,
    INFLATION,
    WHITE_IS_ZERO,
    YCBCR,
    Piece,
    SampleLayout,
    read_sample_layout,
    refuse_whole,
)
from imgmiddleware.formats.tiff.masks import masked
from imgmiddleware.formats.tiff.memory import decode_bytes, output_bytes
from imgmiddleware.formats.tiff.page import (
    MAX_PIECES,
    Grid,
    Page,
    TiffFacts,
    open_page,
    own,
    read_grid,
)
from imgmiddleware.formats.tiff.pages import (
    find_masks,
    find_overviews,
    find_pages,
    find_pictures,
    is_like,
    reduced_by,
)
from imgmiddleware.formats.tiff.pieces import band_bytes, is_mirrored, read_pieces
from imgmiddleware.formats.tiff.places import read_places
from imgmiddleware.formats.tiff.rewritten import is_usual, rewritten
from imgmiddleware.formats.tiff.values import conversion_of, read_values
from imgmiddleware.formats.tiff.ycbcr import block_of, check_units, is_in_units
from imgmiddleware.formats.window import Readable, Window
from imgmiddleware.pixels.samples import Reading
from imgmiddleware.pixels.shown import Values
from imgmiddleware.pixels.value_range import AUTO_OR_UNIT


def sniff(head: bytes) -> bool:
    magic = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
    return head[:4] in magic and head[8:10] != b"CR"  # Canon's raw pictures (CR2)


def read(window: Window) -> Facts:
    """The facts of the first page, and the number of pages."""
    return read_page(window, 0)


def read_page(window: Window, number: int) -> Facts:
    """The facts of a page, from 0; of the first where there is no such page."""
    pages = find_pages(open_ifd(window))
    number = number if number < len(pages) else 0
    page = open_page(window, pages[number] if number else 0)
    if not number:
        page = _shown(find_pictures(page, pages[1:]))
    if page.offset in pages:
        number = pages.index(page.offset)
    after = pages[number + 1 :] if page.offset in (0, *pages) else ()
    masks = find_masks(page, after)
    facts, kind = _read_facts(page, by_pieces=page.size in masks or None)
    overviews = _overviews(find_overviews(page, after), facts, kind)
    facts = replace(facts, frames=len(pages), overviews=overviews)
    return masked(facts, {size: _mask_facts(mask) for size, mask in masks.items()})


def _mask_facts(page: Page) -> Facts | None:
    """None where it cannot be read, which costs the mask only."""
    with damage_let_pass:
        facts, kind = _read_facts(page, by_pieces=True)
        return facts if kind.samples == 1 and not kind.is_palette else None
    return None


def _shown(pictures: list[Page]) -> Page:
    """The first picture that can be decoded, or the last one where none can."""
    for page in pictures[:-1]:
        with damage_let_pass:
            _read_facts(page)
            return page
    return pictures[-1]


def _read_facts(page: Page, *, by_pieces: bool | None = None) -> tuple[Facts, SampleLayout]:
    """The facts of a page.

    `by_pieces` says whether to read it so, if it can be; None does if that takes less memory.
    """
    kind, grid = read_sample_layout(page), read_grid(page)
    piece = _check_pieces(page, kind, grid)
    # A further page is decoded from a copy of the file that begins with it.
    file = page.file.window.size
    whole = decode_bytes(kind, piece, file) + (file if page.offset else 0)
    output, bands = output_bytes(kind), band_bytes(page, kind, grid, piece)
    pieces = read_pieces(kind, grid, piece)
    beside = grid.across * pieces.row
    if kind.compression == WEBP and not bands:
        raise unsupported("it is WebP of other samples than RGB")
    values = read_values(page, kind)
    # Some have no other way, or none as good.
    only = kind.compression in (JPEG, WEBP) or values is not None or kind.bits > 8
    mirrored = is_mirrored(page, kind)
    only = only or bool(conversion_of(kind)) or mirrored
    less = bands + beside + output <= whole if by_pieces is None else by_pieces
    usual = (bands > 0 and (less or only)) or is_usual(page, kind, grid)
    bands = bands if less or only or not usual else 0
    rewritten = not bands and not usual
    if mirrored and not bands and kind.bits >= 8:
        raise unsupported("its bytes begin with their lowest bit, and it is not read in bands")
    units, clear_inks = is_in_units(kind), kind.is_inks and kind.alpha
    if units:
        check_units(page, kind, grid)
    elif not bands:
        refuse_whole(kind)
    facts = Facts(
        format="tiff",
        width=kind.width,
        height=kind.height,
        orientation=orientation_of(page.value(ORIENTATION, 1)),
        aspect=page.aspect,
        color="rgb" if clear_inks else COLORS[kind.photometric],
        alpha=kind.alpha,
        few=kind.is_palette,
        depth=8 if kind.is_inks else max(8, kind.bits),
        bits=kind.bits,
        pages=True,
        tile=(grid.wide, grid.high) if grid.tiled else None,
        decode_bytes=bands + beside + output if bands else whole + rewritten * file,
        band_bytes=bands,
        pieces=pieces if bands else None,
        block=block_of(page, kind),
        own=TiffFacts(
            directory=page.offset,
            inverted=kind.photometric == WHITE_IS_ZERO and kind.bits == 16,
            associated=kind.associated,
            units=units,
            clear_inks=clear_inks,
            rewritten=rewritten and not units,
        ),
    )
    return _as_read(facts, kind, values), kind


def _as_read(
    facts: Facts, kind: SampleLayout, values: tuple[Values, Reading | None] | None
) -> Facts:
    """The facts with the meaning of the samples. A page decoded whole comes out as colours."""
    if values is None:
        return facts
    stored, reading = values
    if not facts.band_bytes:
        whole = Reading(range=AUTO_OR_UNIT)
        return facts.read_as(facts.samples, whole) if kind.float else facts
    if reading is None:
        return replace(facts, values=stored)
    read = facts.read_as(stored, reading)
    return replace(read, decode_bytes=read.decode_bytes + CONVERTED)


def _check_pieces(page: Page, kind: SampleLayout, grid: Grid) -> Piece:
    """Compare the tables of strips or tiles with the grid and the file."""
    number = grid.number * kind.planes
    if number > MAX_PIECES:
        raise damaged(f"it claims {number} strips or tiles")
    row = kind.row_bytes(grid.wide)
    part = slice(number)  # entries beyond it belong to no piece
    offsets, counts = read_places(page, grid, kind.compression, grid.high * row, part)
    if len(offsets) < number:
        raise damaged(f"it lists {len(offsets)} of {number} strips or tiles")
    size = page.file.window.size
    # A piece that is not in the file has no bytes, whatever its offset says.
    if ((counts > size) | ((offsets > size - counts) & (counts > 0))).any():
        raise damaged("a strip or tile lies beyond the end of the file")
    if counts.all():  # else some are zeros, and not stored
        _check_room(kind, int(counts.sum()))
    return Piece(grid.wide * grid.high, grid.high * row, int(counts.max()))


def _check_room(kind: SampleLayout, stored: int) -> None:
    """Refuse fewer bytes than the compression could inflate to the picture."""
    inflation = INFLATION[kind.compression]
    if inflation is None:
        return
    # YCbCr may store its two chroma planes as thinly as it likes.
    luma = replace(kind, samples=1) if kind.photometric == YCBCR else kind
    if luma.row_bytes(kind.width) * kind.height * luma.planes > stored * inflation:
        raise damaged(f"{stored} bytes cannot hold {kind.width} x {kind.height} pixels")


def _overviews(pages: Iterable[Page], facts: Facts, kind: SampleLayout) -> tuple[Facts, ...]:
    """The overviews that can stand for the page; one of another kind, or a damaged one, cannot."""
    found: dict[int, Facts] = {}
    for page in pages:
        with damage_let_pass:
            overview, its = _read_facts(page, by_pieces=bool(facts.pieces))
            by = reduced_by((overview.width, overview.height), (facts.width, facts.height))
            turned = overview.orientation != facts.orientation
            whole = bool(overview.band_bytes) != bool(facts.band_bytes)  # which is turned upright
            # Limits are compared with the page, unless both are read by pieces.
            heavier = not overview.pieces and overview.decode_bytes > facts.decode_bytes
            if by and is_like(its, kind) and not (turned or whole or heavier):
                found.setdefault(by, replace(overview, reduced=by))
    return tuple(found[by] for by in sorted(found))


def vet(data: Data, facts: Facts) -> Data:
    """The file with the page in question as its first: decoders take the first page."""
    directory = own(facts).directory
    if own(facts).rewritten:
        page = open_page(Window.over(data), directory)
        return rewritten(data, page, read_sample_layout(page), read_grid(page))
    if not directory:
        return data
    file = open_ifd(Window.over(data))
    copy = bytearray(data)
    place, letter = (8, "Q") if file.big else (4, "L")
    struct.pack_into(file.order + letter, copy, place, directory)
    return memoryview(copy).toreadonly()


def profile(data: Data | Readable, facts: Facts) -> bytes | None:
    """Tag 34675, as it is."""
    if own(facts).clear_inks:  # it is applied while they are read
        return None
    page = open_page(Window.over(data), own(facts).directory)
    return page.profile or None


def exif(data: Data | Readable, facts: Facts) -> Exif:
    """The harmless tags of the file itself, which has directories of EXIF's making."""
    return parse(data, own(facts).directory)
