"""TIFF of kinds whose strips or tiles can be decoded by themselves: which, and where they stand."""

from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.raster import (
    ADOBE_DEFLATE,
    DEFLATE,
    LZW,
    PACKBITS,
    PIECES,
    PLAIN,
    Raster,
    piece_bytes,
    plain_bytes,
    together,
)
from imgmiddleware.formats.tiff.kinds import (
    PALETTE,
    RGB,
    WHITE_IS_ZERO,
    Piece,
    SampleLayout,
    read_sample_layout,
)
from imgmiddleware.formats.tiff.page import MAX_PIECES, Grid, Page, open_page, own, read_grid
from imgmiddleware.formats.window import Window

_FILL_ORDER, _PREDICTOR, _COLOR_MAP = 266, 317, 320

#: Photometric interpretation -> samples a pixel, and nothing beside them but RGB's alpha.
_COLORS = {0: (1,), 1: (1,), 2: (3, 4), 3: (1,), 5: (4,)}
#: Those that are opened with 16 bits: grays and RGB.
_DEEP = (0, 1, 2)
#: Of one piece; larger ones would be held several times.
_MOST_SAMPLES = 2**24
#: Bytes that the place and size of a piece take as Python's numbers, in tuples.
_ENTRY = 96


def band_bytes(page: Page, kind: SampleLayout, grid: Grid, piece: Piece) -> int:
    """What decoding piece by piece takes beside the picture itself; 0 where it cannot be."""
    plain = kind.compression == PLAIN
    known = (
        kind.compression in (PLAIN, LZW, ADOBE_DEFLATE, DEFLATE, PACKBITS)
        and kind.samples in _COLORS.get(kind.photometric, ())
        and (kind.samples == 4) == (kind.alpha or kind.photometric == 5)
        and not (kind.planar or kind.float or kind.associated)
        and (kind.bits == 8 or (kind.bits == 16 and plain and kind.photometric in _DEEP))
        and page.value(_FILL_ORDER, 1) == 1
        and page.value(_PREDICTOR, 1) in (1, 2)
    )
    if not known:
        return 0
    bytes_of_pixel = kind.samples * kind.bits // 8
    tables = _ENTRY * page.entries[grid.tables[0]].count
    if plain and not grid.tiled:
        return tables + plain_bytes(kind.width * bytes_of_pixel)
    number = together(piece.samples)
    # Small ones may claim to be stored in many more bytes than their samples need.
    if piece.samples > _MOST_SAMPLES or (number > 1 and number * piece.stored > 2 * PIECES):
        return 0
    across = grid.across * piece.samples
    picture = kind.width * kind.height * bytes_of_pixel
    return tables + piece_bytes(picture, across, piece.samples, piece.stored, compressed=not plain)


def read_raster(window: Window, facts: Facts) -> Raster:
    """The strips or tiles of a page that has `band_bytes`: held against the file by then."""
    page = open_page(window, own(facts).directory)
    kind, grid = read_sample_layout(page), read_grid(page)
    offsets, counts = (page.values(tag, (), MAX_PIECES)[: grid.number] for tag in grid.tables)
    colors = page.values(_COLOR_MAP, (), 3 * 256) if kind.photometric == PALETTE else ()
    return Raster(
        width=kind.width,
        height=kind.height,
        wide=grid.wide,
        high=grid.high,
        offsets=offsets,
        counts=counts,
        stride=grid.wide * kind.samples * kind.bits // 8,
        channels=kind.samples,
        dtype="u1" if kind.bits == 8 else f"{page.file.order}u2",
        tiled=grid.tiled,
        compression=kind.compression,
        predictor=page.value(_PREDICTOR, 1),
        palette=_palette(colors) if colors else None,
        inverted=kind.photometric == WHITE_IS_ZERO,
        red_first=kind.photometric == RGB,
    )


def _palette(colors: tuple[int, ...]) -> bytes:
    """All reds, all greens, all blues of 16 bits, of which the upper eight are taken."""
    upper = bytes(value >> 8 for value in colors)
    planes = [upper[at : at + 256] for at in (512, 256, 0)]
    return bytes(value for color in zip(*planes, strict=True) for value in color)
