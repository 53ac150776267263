"""The kinds of TIFF whose strips or tiles can be decoded by themselves, and where these stand."""

from dataclasses import replace

from imgmiddleware.formats.facts import Facts, Pieces
from imgmiddleware.formats.jpeg.abbreviated import read_tables
from imgmiddleware.formats.raster import (
    ADOBE_DEFLATE,
    DEFLATE,
    FAX,
    JPEG,
    LZMA,
    LZW,
    PACKBITS,
    PIECES,
    PLAIN,
    WEBP,
    ZSTD,
    Raster,
    bits_bytes,
    filtered_bytes,
    is_streamed,
    jpeg_bytes,
    piece_bytes,
    plain_bytes,
    together,
)
from imgmiddleware.formats.reading import SLACK
from imgmiddleware.formats.tiff.kinds import (
    RGB,
    WHITE_IS_ZERO,
    YCBCR,
    Piece,
    SampleLayout,
    read_sample_layout,
)
from imgmiddleware.formats.tiff.page import Grid, Page, open_page, own, read_grid
from imgmiddleware.formats.tiff.places import read_places
from imgmiddleware.formats.tiff.rewritten import is_narrow, read_colors
from imgmiddleware.formats.tiff.values import conversion_of, dtype_of, is_number
from imgmiddleware.formats.window import Window

_FILL_ORDER, _PREDICTOR, _JPEG_TABLES = 266, 317, 347
_FAX_TAGS = (_FILL_ORDER, 292, 293)  # and T4Options, T6Options

#: Photometric interpretation -> samples a pixel, and nothing beside them but RGB's alpha.
_COLORS = {0: (1,), 1: (1,), 2: (3, 4), 3: (1,), 5: (4,)}
_JPEG_COLORS = {0: (1,), 1: (1,), 2: (3, 4), 5: (4,), YCBCR: (3,)}
_BILEVEL = (0, 1)
#: Compressions of bytes, for samples of any kind.
_PACKED = (PLAIN, LZW, ADOBE_DEFLATE, DEFLATE, PACKBITS, LZMA, ZSTD)
#: Samples of one piece; larger ones would be held several times.
_MOST_SAMPLES = 2**24
#: Bytes that the place and size of a piece take, as they are read, and as numbers.
_ENTRY = 48
#: Four tables of quantizers and eight of codes take some 2 kB.
_MOST_TABLES = 2**16


def band_bytes(page: Page, kind: SampleLayout, grid: Grid, piece: Piece) -> int:
    """The memory for decoding piece by piece, beside the picture itself and a row of its tiles; 0
    where this cannot be done.
    """
    if not _is_known(page, kind):
        return 0
    planes = kind.samples if kind.planar else 1
    picture = kind.width * kind.height * _bytes_of_pixel(kind)
    tables = _ENTRY * grid.number * kind.planes
    samples = piece.samples * _swollen(kind)
    if kind.compression in (JPEG, WEBP):
        return tables + _of_planes(planes, jpeg_bytes(picture, samples, piece.stored))
    plain = kind.compression == PLAIN and kind.bits > 1 and not kind.is_packed
    if plain and not grid.tiled:
        stride = kind.width * _bytes_of_pixel(kind) // planes
        return tables + _of_planes(planes, plain_bytes(stride))
    if is_streamed(kind.compression, samples, tiled=grid.tiled) and kind.bits > 1:
        stride = kind.width * _bytes_of_pixel(kind) // planes
        return tables + _of_planes(planes, filtered_bytes(stride))
    number = together(samples)
    if kind.bits == 1 and number == 1 and not grid.tiled:
        return tables + bits_bytes(piece.pixels, piece.samples, piece.stored)
    # Small ones may claim to be stored in many more bytes than their samples need.
    stored = min(number, grid.number) * piece.stored
    if samples > _MOST_SAMPLES or (number > 1 and stored > 2 * PIECES):
        return 0
    one = piece_bytes(picture // planes, samples, piece.stored, compressed=not plain)
    return tables + _of_planes(planes, one)


def _of_planes(planes: int, one: int) -> int:
    """The bytes for planes that are read side by side; the part that does not grow with the picture
    counts once.
    """
    return planes * (one - SLACK) + SLACK


def _is_known(page: Page, kind: SampleLayout) -> bool:
    """Whether its pieces can be decoded by themselves."""
    if kind.compression == JPEG:
        turned = kind.planar and kind.photometric == YCBCR  # by one decoder for all of its planes
        colors = _is_of(kind, _JPEG_COLORS) and not kind.associated
        return kind.bits == 8 and colors and not turned
    if kind.compression == WEBP:
        whole = not kind.planar and not kind.associated
        return kind.bits == 8 and _is_of(kind, {RGB: (3, 4)}) and whole
    if kind.bits == 1:
        return kind.compression in (*_PACKED, *FAX) and kind.photometric in _BILEVEL
    eight = kind.bits == 8 and _is_of(kind, _COLORS)
    known = eight or is_number(kind) or bool(conversion_of(kind))
    predicted = page.value(_PREDICTOR, 1) in _predictors(kind)
    return kind.compression in _PACKED and known and predicted


def is_mirrored(page: Page, kind: SampleLayout) -> bool:
    """Whether bytes begin with their lowest bit: as libtiff has it, before they are unpacked. The
    other compressions have an order of their own, or their decoder is told.
    """
    return kind.compression in _PACKED and page.value(_FILL_ORDER, 1) == 2


def _predictors(kind: SampleLayout) -> tuple[int, ...]:
    if kind.is_packed:
        return (1,)
    return (1, 2, 3) if kind.float else (1, 2)


def _is_of(kind: SampleLayout, colors: dict[int, tuple[int, ...]]) -> bool:
    """Whether it has so many samples a pixel, and no more to be done to them."""
    inks = kind.photometric == 5
    return kind.samples in colors.get(kind.photometric, ()) and (
        (kind.samples == 4) == (kind.alpha or inks)
    )


def _bytes_of_pixel(kind: SampleLayout) -> int:
    """Once they are decoded."""
    return kind.samples * max(1, -(-kind.bits // 8))


def _swollen(kind: SampleLayout) -> int:
    """The most bytes that one byte becomes when it is unpacked."""
    return 8 if kind.bits == 1 else 2 if kind.is_packed else 1


def read_pieces(kind: SampleLayout, grid: Grid, piece: Piece) -> Pieces:
    """How a page is cut that has `band_bytes`."""
    plain = kind.compression == PLAIN and kind.bits > 1 and not kind.is_packed
    if plain and not grid.tiled:  # rows stand by themselves
        return Pieces(kind.width, 1, kind.width * _bytes_of_pixel(kind))
    row = piece.samples * kind.planes * _swollen(kind) if grid.tiled else 0
    jpeg = kind.compression == JPEG
    scales = _scales(kind, grid) if jpeg else 1
    return Pieces(grid.wide, grid.high, piece.stored, row, scales, jpeg)


def _scales(kind: SampleLayout, grid: Grid) -> int:
    """The most by which a JPEG decoder may divide each piece, so that they still fit together."""
    sides = ((grid.wide, kind.width), (grid.high, kind.height))
    inner = [side for side, whole in sides if side < whole]
    return next(by for by in (8, 4, 2, 1) if all(side % by == 0 for side in inner))


def read_raster(window: Window, facts: Facts) -> Raster:
    """The strips or tiles of a page that has `band_bytes`; they were compared with the file
    before.
    """
    raster, mask = _raster_of(open_page(window, own(facts).directory)), own(facts).mask
    return replace(raster, mask=_raster_of(open_page(window, mask))) if mask else raster


def _raster_of(page: Page) -> Raster:
    kind, grid = read_sample_layout(page), read_grid(page)
    planes = kind.samples if kind.planar else 1
    size = grid.high * kind.row_bytes(grid.wide)
    offsets, counts = read_places(page, grid, kind.compression, size, slice(grid.number * planes))
    colors = read_colors(page) if kind.is_palette else ()
    jpeg = kind.compression == JPEG
    blue_first = kind.compression == WEBP or (jpeg and kind.samples == 3 and planes == 1)
    return Raster(
        width=kind.width,
        height=kind.height,
        wide=grid.wide,
        high=grid.high,
        offsets=offsets,
        counts=counts,
        stride=_stride(kind, grid),
        channels=kind.samples,
        dtype=_dtype(page, kind),
        bits=kind.bits,
        planes=planes,
        tiled=grid.tiled,
        compression=kind.compression,
        predictor=page.value(_PREDICTOR, 1),
        palette=_palette(colors) if colors else None,
        inverted=kind.photometric == WHITE_IS_ZERO,
        mirrored=is_mirrored(page, kind),
        associated=kind.alpha_at if kind.associated else None,
        conversion=conversion_of(kind),
        profile=page.profile if kind.is_inks and kind.alpha else None,
        red_first=kind.photometric == RGB and not blue_first,
        tables=read_tables(bytes(page.values(_JPEG_TABLES, (), _MOST_TABLES))) if jpeg else b"",
        ycc=kind.photometric == YCBCR,
        fax=_fax_tags(page) if kind.compression in FAX else (),
    )


def _fax_tags(page: Page) -> tuple[tuple[int, int], ...]:
    return tuple((tag, page.value(tag)) for tag in _FAX_TAGS if tag in page.entries)


def _stride(kind: SampleLayout, grid: Grid) -> int:
    """Bytes of a row of a piece, of all planes."""
    if kind.is_packed:
        return kind.row_bytes(grid.wide) * kind.planes
    return grid.wide * _bytes_of_pixel(kind)


def _dtype(page: Page, kind: SampleLayout) -> str:
    return f"{page.file.order}{dtype_of(kind)}" if kind.bits > 8 else dtype_of(kind)


def _palette(colors: tuple[int, ...]) -> bytes:
    """All reds, all greens, all blues of 16 bits; the upper eight are taken.

    Some writers put 8 bits there: then no number is over 255, and the table would be black.
    """
    upper = bytes(colors) if is_narrow(colors) else bytes(value >> 8 for value in colors)
    planes = [upper[at : at + 256] for at in (512, 256, 0)]
    return bytes(value for color in zip(*planes, strict=True) for value in color)
