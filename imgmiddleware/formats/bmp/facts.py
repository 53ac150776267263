"""BMP: the headers of OS/2 1.x and of Windows 3 to 5, and rows that must be there in full."""

from dataclasses import dataclass

import numpy as np

from imgmiddleware.errors import damaged
from imgmiddleware.formats.facts import Facts, Pieces
from imgmiddleware.formats.raster import Raster, plain_bytes
from imgmiddleware.formats.reading import (
    MAX_PROFILE,
    SLACK,
    Data,
    check_size,
    unsupported,
)
from imgmiddleware.formats.window import Readable, Window

_CORE = 12
#: BITMAPCOREHEADER, INFOHEADER, V2, V3, OS/2 2.x, V4, V5.
_HEADER_SIZES = (_CORE, 40, 52, 56, 64, 108, 124)
_RGB, _RLE8, _RLE4, _BITFIELDS = 0, 1, 2, 3
#: Compression -> the bits a pixel that it is defined for.
_LEGAL = {_RGB: (1, 4, 8, 16, 24, 32), _RLE8: (8,), _RLE4: (4,), _BITFIELDS: (16, 32)}
_MASKS_565 = (0xF800, 0x07E0, 0x001F)
_MASKS_555 = (0x7C00, 0x03E0, 0x001F)
_MASKS_888 = (0xFF0000, 0x00FF00, 0x0000FF)
_MASK_ALPHA = 0xFF000000
#: A run of two bytes is 255 pixels. Escapes skip over any number, so this also refuses a picture
#: that is made of skips: no encoder writes one, and what a skip shows is undefined.
_MOST_PIXELS_PER_BYTE = 128


@dataclass(frozen=True, slots=True)
class _Header:
    size: int
    width: int
    height: int
    bits: int
    compression: int
    colors: int  # of the palette; 0 is the most that the bits can name
    pixels: int  # offset of the first row
    downwards: bool  # the first row is the highest


def sniff(head: bytes) -> bool:
    """`BM` alone opens many a text, so the header size must be one that exists."""
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _HEADER_SIZES


def _read_header(window: Window) -> _Header:
    pixels, size = window.unpack("<LL", 10)
    if size == _CORE:
        width, height, planes, bits = window.unpack("<HHHH", 18)
        compression = colors = 0
    else:
        width, height, planes, bits, compression = window.unpack("<llHHL", 18)
        (colors,) = window.unpack("<L", 46)
    downwards = height < 0
    if downwards:  # compressed rows cannot be
        if compression in (_RLE8, _RLE4):
            raise damaged("it is compressed and top-down, which excludes one another")
        height = -height
    check_size(width, height)
    if planes != 1:
        raise damaged(f"it has {planes} planes")
    return _Header(size, width, height, bits, compression, colors, pixels, downwards)


def _check_kind(header: _Header) -> None:
    if header.compression not in _LEGAL or (header.size == 64 and header.compression == 3):
        raise unsupported(f"its compression, number {header.compression}, is not decoded")
    if header.bits not in _LEGAL[header.compression]:
        raise damaged(f"its compression does not go with {header.bits} bits a pixel")
    if header.size == _CORE and header.bits in (16, 32):
        raise damaged(f"its header knows no {header.bits} bits a pixel")


def _check_masks(header: _Header, masks: tuple[int, ...]) -> None:
    """Refuse the masks that OpenCV ignores, which would be wrong colours without a word."""
    if header.bits == 16:
        known = header.size == 40 and masks in (_MASKS_565, _MASKS_555)
    else:
        known = header.size >= 56 or masks == _MASKS_888
    if not known:
        raise unsupported("it has colour masks of a kind that is not decoded")


def _check_body(window: Window, header: _Header, palette_end: int) -> None:
    """Hold the offset and the number of pixels against the end of the file."""
    if not palette_end <= header.pixels <= window.size:
        raise damaged("its pixels begin inside its header or beyond its end")
    room = window.size - header.pixels
    if header.compression in (_RLE8, _RLE4):
        enough = header.width * header.height <= _MOST_PIXELS_PER_BYTE * room
    else:
        enough = header.height * _stride(header) <= room
    if not enough:
        raise damaged(f"{room} bytes cannot hold {header.width} x {header.height} pixels")


def read(window: Window) -> Facts:
    """The facts of the header, the masks and the palette."""
    header = _read_header(window)
    _check_kind(header)
    end = 14 + header.size
    masks: tuple[int, ...] = ()
    if header.compression == _BITFIELDS:
        masks = window.unpack("<4L" if header.size >= 56 else "<3L", 54)
        _check_masks(header, masks)
        end = max(end, 66)
    gray = False
    if header.bits <= 8:
        gray, end = _read_palette(window, header, end)
    _check_body(window, header, end)
    alpha = header.bits == 32 and len(masks) == 4 and masks[3] != 0
    whole, bands = _decode_bytes(header), plain_bytes(_stride(header))
    output = header.width * header.height * (4 if alpha else 1 if gray else 3)
    if not _is_plain(header, masks) or output + bands > whole:
        bands = 0
    return Facts(
        format="bmp",
        width=header.width,
        height=header.height,
        color="gray" if gray else "rgb",
        alpha=alpha,
        decode_bytes=output + bands if bands else whole,
        bits=_bits(header, masks),
        band_bytes=bands,
        pieces=Pieces(header.width, 1, _stride(header)) if bands else None,
    )


def _bits(header: _Header, masks: tuple[int, ...]) -> int:
    """Of a sample; of 16 bits a pixel that is green's, as red and blue always have five."""
    if header.bits == 16:
        return 6 if masks == _MASKS_565 else 5
    return min(header.bits, 8)


def _stride(header: _Header) -> int:
    """Bytes of a row, whose end is filled up to four."""
    return (header.width * header.bits + 31) // 32 * 4


def _is_plain(header: _Header, masks: tuple[int, ...]) -> bool:
    """Whether rows can be taken as they are: bytes of blue, green, red (and alpha), or a palette's.

    With masks of any other order they are left to the decoder.
    """
    if header.compression == _BITFIELDS:
        return masks[:3] == _MASKS_888 and masks[3:] in ((), (0,), (_MASK_ALPHA,))
    return header.compression == _RGB and header.bits in (8, 24, 32)


def read_raster(window: Window, facts: Facts) -> Raster:
    """The rows of a bitmap that has `Facts.band_bytes`."""
    header = _read_header(window)
    palette = None
    if header.bits == 8:
        start, step = 14 + header.size, 3 if header.size == _CORE else 4
        table = window.read(start, (header.colors or 256) * step)
        gray, _ = _read_palette(window, header, start)
        planes = [table[at::step] for at in range(1 if gray else 3)]
        palette = bytes(value for color in zip(*planes, strict=True) for value in color)
        palette = palette.ljust(256 * len(planes), b"\0")  # a color that is not there is black
    alpha = header.compression == _BITFIELDS and _has_alpha(window, header)
    return Raster(
        width=header.width,
        height=header.height,
        wide=header.width,
        high=header.height,
        offsets=np.array([header.pixels]),
        stride=_stride(header),
        channels=header.bits // 8,
        dtype="u1",
        upwards=not header.downwards,
        palette=palette,
        dropped=header.bits == 32 and not alpha,
    )


def _has_alpha(window: Window, header: _Header) -> bool:
    return header.size >= 56 and window.unpack("<L", 66) != (0,)


def _read_palette(window: Window, header: _Header, start: int) -> tuple[bool, int]:
    """Whether every colour is a gray, and where the palette ends."""
    if header.colors > 1 << header.bits:
        raise damaged(f"its palette claims {header.colors} colours")
    colors, step = header.colors or 1 << header.bits, 3 if header.size == _CORE else 4
    table = window.read(start, colors * step)
    return table[0::step] == table[1::step] == table[2::step], start + len(table)


def _decode_bytes(header: _Header) -> int:
    """Twice the output, as imdecode holds a second copy of it for a moment.

    Measured, bytes a pixel at 20 megapixels: 6.00, 32 bits with masks 8.00, a gray palette 1.99.
    """
    channels = 4 if (header.bits, header.compression) == (32, _BITFIELDS) else 3
    return 2 * header.width * header.height * channels + SLACK


def profile(data: Data | Readable, facts: Facts) -> bytes | None:
    """The profile embedded by a V5 header: offset from the header's start, and size."""
    window = Window.over(data)
    if window.unpack("<L", 14) != (124,) or window.read(70, 4) != b"DEBM":
        return None
    offset, size = window.unpack("<LL", 14 + 112)
    return window.read(14 + offset, size) if size <= MAX_PROFILE else b""
