"""TIFF of kinds whose strips or tiles can be decoded by themselves: which, and where they stand."""

from __future__ import annotations

from imgmiddleware.formats.containers.ifd import (
    Directory,
    Layout,
    read_directory,
    read_layout,
    read_values,
)
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
from imgmiddleware.formats.tiff.kinds import Piece, SampleLayout
from imgmiddleware.formats.window import Window

_WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_STRIP_OFFSETS, _SAMPLES, _ROWS, _STRIP_COUNTS = 273, 277, 278, 279
_PREDICTOR, _COLOR_MAP = 317, 320
_TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS, _TILE_COUNTS = 322, 323, 324, 325
_WHITE_IS_ZERO, _RGB, _PALETTE = 0, 2, 3

#: Photometric interpretation -> samples a pixel, and nothing beside them but RGB's alpha.
_COLORS = {0: (1,), 1: (1,), 2: (3, 4), 3: (1,), 5: (4,)}
#: Those that are opened with 16 bits: grays and RGB.
_DEEP = (0, 1, 2)
#: Of one piece; larger ones would be held several times.
_MOST_SAMPLES = 2**24
#: Bytes that the place and size of a piece take as Python's numbers, in tuples.
_ENTRY = 96


def band_bytes(window: Window, directory: Directory, kind: SampleLayout, piece: Piece) -> int:
    """What decoding piece by piece takes beside the picture itself; 0 where it cannot be."""
    layout = read_layout(window)
    value = _Values(window, layout, directory).value
    plain = kind.compression == PLAIN
    known = (
        kind.compression in (PLAIN, LZW, ADOBE_DEFLATE, DEFLATE, PACKBITS)
        and kind.samples in _COLORS.get(kind.photometric, ())
        and (kind.samples == 4) == (kind.alpha or kind.photometric == 5)
        and not (kind.planar or kind.float or kind.associated)
        and (kind.bits == 8 or (kind.bits == 16 and plain and kind.photometric in _DEEP))
        and value(_FILL_ORDER, 1) == 1
        and value(_PREDICTOR, 1) in (1, 2)
    )
    if not known:
        return 0
    tiled = _TILE_OFFSETS in directory.entries or _TILE_WIDTH in directory.entries
    bytes_of_pixel = kind.samples * kind.bits // 8
    tables = _ENTRY * directory.entries[_TILE_OFFSETS if tiled else _STRIP_OFFSETS].count
    if plain and not tiled:
        return tables + plain_bytes(kind.width * bytes_of_pixel)
    number = together(piece.samples)
    # Small ones may claim to be stored in many more bytes than their samples need.
    if piece.samples > _MOST_SAMPLES or (number > 1 and number * piece.stored > 2 * PIECES):
        return 0
    wide = value(_TILE_WIDTH, 0) if tiled else kind.width
    across = -(-kind.width // wide) * piece.samples
    picture = kind.width * kind.height * bytes_of_pixel
    return tables + piece_bytes(picture, across, piece.samples, piece.stored, compressed=not plain)


def read_raster(window: Window, facts: Facts) -> Raster:
    """The strips or tiles of a page that has `band_bytes`: held against the file by then."""
    layout = read_layout(window)
    directory = read_directory(window, layout, facts.directory or layout.first)
    read = _Values(window, layout, directory)
    width, height, samples = read.value(_WIDTH), read.value(_LENGTH), read.value(_SAMPLES, 1)
    tiled = _TILE_OFFSETS in directory.entries or _TILE_WIDTH in directory.entries
    if tiled:
        wide, high = read.value(_TILE_WIDTH), read.value(_TILE_LENGTH)
    else:
        wide, high = width, min(read.value(_ROWS, height), height)
    number = -(-width // wide) * -(-height // high)
    photometric, bits = read.value(_PHOTOMETRIC), read.value(_BITS, 1)
    return Raster(
        width,
        height,
        wide,
        high,
        read.values(_TILE_OFFSETS if tiled else _STRIP_OFFSETS)[:number],
        read.values(_TILE_COUNTS if tiled else _STRIP_COUNTS)[:number],
        wide * samples * bits // 8,
        samples,
        "u1" if bits == 8 else f"{layout.order}u2",
        tiled=tiled,
        compression=read.value(_COMPRESSION, PLAIN),
        predictor=read.value(_PREDICTOR, 1),
        palette=_palette(read.values(_COLOR_MAP)) if photometric == _PALETTE else None,
        inverted=photometric == _WHITE_IS_ZERO,
        red_first=photometric == _RGB,
    )


class _Values:
    """The values of a directory's tags."""

    def __init__(self, window: Window, layout: Layout, directory: Directory) -> None:
        self._window, self._layout, self._entries = window, layout, directory.entries

    def value(self, tag: int, default: int = 0) -> int:
        return self.values(tag)[0] if tag in self._entries else default

    def values(self, tag: int) -> tuple[int, ...]:
        """Of a tag that is there; the number of strips has been bounded before."""
        return read_values(self._window, self._layout, self._entries[tag], 2**18)


def _palette(colors: tuple[int, ...]) -> bytes:
    """All reds, all greens, all blues of 16 bits, of which the upper eight are taken."""
    upper = bytes(value >> 8 for value in colors)
    planes = [upper[at : at + 256] for at in (512, 256, 0)]
    return bytes(value for color in zip(*planes, strict=True) for value in color)
