"""TIFF of kinds whose strips or tiles can be decoded by themselves: which, and where they stand."""

import numpy as np

from imgmiddleware.formats.facts import Facts, Pieces
from imgmiddleware.formats.jpeg.abbreviated import read_tables
from imgmiddleware.formats.raster import (
    ADOBE_DEFLATE,
    DEFLATE,
    JPEG,
    LZW,
    PACKBITS,
    PIECES,
    PLAIN,
    Raster,
    jpeg_bytes,
    piece_bytes,
    plain_bytes,
    together,
)
from imgmiddleware.formats.tiff.kinds import (
    PALETTE,
    RGB,
    WHITE_IS_ZERO,
    YCBCR,
    Piece,
    SampleLayout,
    read_sample_layout,
)
from imgmiddleware.formats.tiff.page import MAX_PIECES, Grid, Page, open_page, own, read_grid
from imgmiddleware.formats.window import Window

_FILL_ORDER, _PREDICTOR, _COLOR_MAP, _JPEG_TABLES = 266, 317, 320, 347

#: Photometric interpretation -> samples a pixel, and nothing beside them but RGB's alpha.
_COLORS = {0: (1,), 1: (1,), 2: (3, 4), 3: (1,), 5: (4,)}
_JPEG_COLORS = {0: (1,), 1: (1,), 2: (3, 4), 5: (4,), YCBCR: (3,)}
#: Those that are opened with 16 bits: grays and RGB.
_DEEP = (0, 1, 2)
#: Of one piece; larger ones would be held several times.
_MOST_SAMPLES = 2**24
#: Bytes that the place and size of a piece take, as they are read, and as numbers.
_ENTRY = 48
#: Four tables of quantizers and eight of codes take some 2 kB.
_MOST_TABLES = 2**16


def band_bytes(page: Page, kind: SampleLayout, grid: Grid, piece: Piece) -> int:
    """What decoding piece by piece takes beside the picture itself and a row of tiles of it; 0
    where it cannot be.
    """
    picture = kind.width * kind.height * _bytes_of_pixel(kind)
    tables = _ENTRY * page.entries[grid.tables[0]].count
    if _is_of(kind, _JPEG_COLORS) and kind.compression == JPEG and kind.bits == 8:
        return tables + jpeg_bytes(picture, piece.samples, piece.stored)
    plain = kind.compression == PLAIN
    known = (
        kind.compression in (PLAIN, LZW, ADOBE_DEFLATE, DEFLATE, PACKBITS)
        and _is_of(kind, _COLORS)
        and (kind.bits == 8 or (kind.bits == 16 and plain and kind.photometric in _DEEP))
        and page.value(_FILL_ORDER, 1) == 1
        and page.value(_PREDICTOR, 1) in (1, 2)
    )
    if not known:
        return 0
    if plain and not grid.tiled:
        return tables + plain_bytes(kind.width * _bytes_of_pixel(kind))
    number = together(piece.samples)
    # Small ones may claim to be stored in many more bytes than their samples need.
    if piece.samples > _MOST_SAMPLES or (number > 1 and number * piece.stored > 2 * PIECES):
        return 0
    return tables + piece_bytes(picture, piece.samples, piece.stored, compressed=not plain)


def _is_of(kind: SampleLayout, colors: dict[int, tuple[int, ...]]) -> bool:
    """Whether it has so many samples a pixel, side by side, and no more to be done to them."""
    return (
        kind.samples in colors.get(kind.photometric, ())
        and (kind.samples == 4) == (kind.alpha or kind.photometric == 5)
        and not (kind.planar or kind.float or kind.associated)
    )


def _bytes_of_pixel(kind: SampleLayout) -> int:
    return kind.samples * kind.bits // 8


def read_pieces(kind: SampleLayout, grid: Grid, piece: Piece) -> Pieces:
    """How a page is cut that has `band_bytes`."""
    if kind.compression == PLAIN and not grid.tiled:  # rows are read where they stand
        return Pieces(kind.width, 1, kind.width * _bytes_of_pixel(kind))
    row = piece.samples if grid.tiled else 0
    scales = _scales(kind, grid) if kind.compression == JPEG else 1
    return Pieces(grid.wide, grid.high, piece.stored, row, scales)


def _scales(kind: SampleLayout, grid: Grid) -> int:
    """By what a JPEG decoder may divide each piece, so that they still fit together."""
    sides = ((grid.wide, kind.width), (grid.high, kind.height))
    inner = [side for side, whole in sides if side < whole]
    return next(by for by in (8, 4, 2, 1) if all(side % by == 0 for side in inner))


def read_raster(window: Window, facts: Facts) -> Raster:
    """The strips or tiles of a page that has `band_bytes`: held against the file by then."""
    page = open_page(window, own(facts).directory)
    kind, grid = read_sample_layout(page), read_grid(page)
    offsets, counts = (page.table(tag, MAX_PIECES)[: grid.number] for tag in grid.tables)
    # What was left out of the file has neither; of plain pieces some writers do not tell the count.
    there = (offsets > 0) & ((counts > 0) | (kind.compression == PLAIN))
    colors = page.values(_COLOR_MAP, (), 3 * 256) if kind.photometric == PALETTE else ()
    jpeg = kind.compression == JPEG
    return Raster(
        width=kind.width,
        height=kind.height,
        wide=grid.wide,
        high=grid.high,
        offsets=offsets * there,
        counts=np.maximum(counts, 1) * there,
        stride=grid.wide * _bytes_of_pixel(kind),
        channels=kind.samples,
        dtype="u1" if kind.bits == 8 else f"{page.file.order}u2",
        tiled=grid.tiled,
        compression=kind.compression,
        predictor=page.value(_PREDICTOR, 1),
        palette=_palette(colors) if colors else None,
        inverted=kind.photometric == WHITE_IS_ZERO,
        red_first=kind.photometric == RGB and not (jpeg and kind.samples == 3),
        tables=read_tables(bytes(page.values(_JPEG_TABLES, (), _MOST_TABLES))) if jpeg else b"",
        ycc=kind.photometric == YCBCR,
    )


def _palette(colors: tuple[int, ...]) -> bytes:
    """All reds, all greens, all blues of 16 bits, of which the upper eight are taken."""
    upper = bytes(value >> 8 for value in colors)
    planes = [upper[at : at + 256] for at in (512, 256, 0)]
    return bytes(value for color in zip(*planes, strict=True) for value in color)
