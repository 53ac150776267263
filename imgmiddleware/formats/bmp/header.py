"""The headers of OS/2 1.x and 2.x and of Windows 3 to 5, masks and palette: the meaning of rows."""

from dataclasses import dataclass, replace

from imgmiddleware.errors import damaged
from imgmiddleware.formats.reading import check_size, unsupported
from imgmiddleware.formats.window import Window

CORE, OS2 = 12, 64
#: BITMAPCOREHEADER, INFOHEADER, V2, V3, OS/2 2.x, V4, V5.
HEADER_SIZES = (CORE, 40, 52, 56, OS2, 108, 124)
RGB, RLE8, RLE4, BITFIELDS, RLE24, ALPHA_BITFIELDS = 0, 1, 2, 3, 4, 6
RUNS = (RLE8, RLE4, RLE24)
#: Compression -> the bits a pixel that it is defined for.
_LEGAL = {
    RGB: (1, 2, 4, 8, 16, 24, 32),
    RLE8: (8,),
    RLE4: (4,),
    BITFIELDS: (16, 32),
    RLE24: (24,),
    ALPHA_BITFIELDS: (16, 32),
}
#: The default masks of 16 and 32 bits a pixel: red, green, blue, alpha.
_USUAL = {16: (0x7C00, 0x03E0, 0x001F, 0), 32: (0xFF0000, 0x00FF00, 0x0000FF, 0)}
_ALPHA = 0xFF000000

Masks = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Header:
    size: int
    width: int
    height: int
    bits: int
    compression: int
    colors: int  # of the palette; 0 is the most that the bits can name
    pixels: int  # offset of the first row
    downwards: bool  # the first row is the highest
    masks: Masks = (0, 0, 0, 0)
    palette: tuple[bytes, ...] = ()  # all blues, greens and reds, or all grays

    @property
    def stride(self) -> int:
        """Bytes of a row, filled up to a multiple of four."""
        return (self.width * self.bits + 31) // 32 * 4

    @property
    def gray(self) -> bool:
        """Whether every colour of the palette is a gray."""
        return len(self.palette) == 1

    @property
    def alpha(self) -> bool:
        return self.masks[3] != 0

    @property
    def channels(self) -> int:
        """The channels of the decoded picture."""
        return 1 if self.gray else 4 if self.alpha else 3

    @property
    def is_plain(self) -> bool:
        """Whether rows can be taken as they are: bytes of blue, green, red (and alpha), or a
        palette's.
        """
        if self.compression not in (RGB, BITFIELDS, ALPHA_BITFIELDS) or self.bits not in (
            8,
            24,
            32,
        ):
            return False
        return self.bits != 32 or self.masks in (_USUAL[32], (*_USUAL[32][:3], _ALPHA))


def read_header(window: Window) -> Header:
    """The header, and the masks and palette before the rows. Raises `ImageError`: 415, 422."""
    header = _read_numbers(window)
    _check_kind(header)
    end = 14 + header.size
    if header.bits in _USUAL:
        masks, end = _read_masks(window, header, end)
        header = replace(header, masks=masks)
    if header.bits <= 8:
        palette, end = _read_palette(window, header, end)
        header = replace(header, palette=palette)
    if not header.pixels:  # some files do not say where the rows begin: behind the palette
        return replace(header, pixels=end)
    if header.pixels < end:
        raise damaged("its pixels begin inside its header")
    return header


def _read_numbers(window: Window) -> Header:
    """The number of planes is not read, as in other readers: some files say 0."""
    pixels, size = window.unpack("<LL", 10)
    if size == CORE:
        width, height, _, bits = window.unpack("<HHHH", 18)
        compression = colors = 0
    else:
        width, height, _, bits, compression = window.unpack("<llHHL", 18)
        (colors,) = window.unpack("<L", 46)
    check_size(width, abs(height))
    return Header(size, width, abs(height), bits, compression, colors, pixels, height < 0)


def _check_kind(header: Header) -> None:
    known = header.compression in _LEGAL
    if header.size == OS2:
        known = header.compression in (RGB, RLE8, RLE4, RLE24)  # 3 is Huffman's code there
    elif header.compression == RLE24:
        known = False  # a JPEG
    if not known:
        raise unsupported(f"its compression, number {header.compression}, is not decoded")
    if header.bits == 64:
        raise unsupported("it has 64 bits a pixel, which are not decoded")
    if header.bits not in _LEGAL[header.compression]:
        raise damaged(f"its compression does not go with {header.bits} bits a pixel")
    if header.size == CORE and header.bits in _USUAL:
        raise damaged(f"its header knows no {header.bits} bits a pixel")


def _read_masks(window: Window, header: Header, end: int) -> tuple[Masks, int]:
    """The masks, and where they end. Without BITFIELDS a header's own masks are not valid
    (BITMAPV4HEADER), so that the bits beside the colours are no alpha.
    """
    usual = _USUAL[header.bits]
    if header.compression == RGB:
        return usual, end
    count = 4 if header.size >= 56 or header.compression == ALPHA_BITFIELDS else 3
    found = window.unpack(f"<{count}L", 54)
    red, green, blue, alpha = (mask & (1 << header.bits) - 1 for mask in (*found, 0)[:4])
    if not all(_is_whole(mask) for mask in (red, green, blue, alpha)):
        raise unsupported("its colour masks have holes")
    masks = (red, green, blue, alpha) if red or green or blue else usual
    return masks, max(end, 54 + 4 * count)


def _is_whole(mask: int) -> bool:
    """Whether all of its bits stand beside one another."""
    low = mask & -mask
    return mask == 0 or mask // low & (mask // low + 1) == 0


def _read_palette(window: Window, header: Header, start: int) -> tuple[tuple[bytes, ...], int]:
    """The palette as `Header` has it, and its end: at the rows, if these begin earlier.

    It is read on into the rows, as other readers do.
    """
    step = 3 if header.size == CORE else 4
    length = min(header.colors or 1 << header.bits, 1 << header.bits) * step
    end = start + length
    if start < header.pixels < end:
        end, length = header.pixels, min(length, window.size - start)
    table = window.read(start, length)
    planes = tuple(table[at::step].ljust(1 << header.bits, b"\0") for at in range(3))
    return planes[:1] if len(set(planes)) == 1 else planes, end
