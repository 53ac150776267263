"""The kinds of TIFF. Kinds that a decoder would show wrong, or not at all, are refused by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from imgmiddleware.errors import ImageError, damaged
from imgmiddleware.formats.raster import FAX
from imgmiddleware.formats.reading import check_size, damage_let_pass, unsupported
from imgmiddleware.formats.tiff.page import MAX_SAMPLES, Page

#: Photometric interpretation -> `Facts.color`.
COLORS = {0: "gray", 1: "gray", 2: "rgb", 3: "rgb", 5: "cmyk", 6: "rgb", 8: "rgb"}

#: Compression -> the most bytes that one byte can become; None where a code may stand for a row of
#: any length (CCITT) or where libtiff itself checks the header of the stream (JPEG).
INFLATION: Mapping[int, int | None] = {
    1: 1,
    2: None,
    3: None,
    4: None,
    5: 2730,  # LZW: 12 bits for a string of at most 4094 bytes
    7: None,
    8: 1032,  # deflate
    32773: 64,  # PackBits: two bytes for 128
    32946: 1032,
    34925: None,  # LZMA and Zstandard repeat a string for as long as they like
    50000: None,
    50001: None,  # WebP
}
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, YCBCR = 0, 1, 2, 3, 6
INKS, LAB = 5, 8
_GRAYS = (WHITE_IS_ZERO, BLACK_IS_ZERO)
_MASK = 4  # 1 is a pixel that is seen
_RAW = (32803, 34892)
#: Photometric interpretation -> samples a pixel of the colours alone.
_BASE_SAMPLES = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3}
#: SampleFormat; 4 means "undefined", and is taken as whole numbers.
UINT, INT, FLOAT, UNDEFINED = 1, 2, 3, 4
#: Bits of gray and of RGB by the format: those of cameras' sensors too, which are packed.
_NUMBERS = {
    UINT: (1, 2, 4, *range(8, 17), 32, 64),
    INT: (8, 16, 32, 64),
    FLOAT: (16, 32, 64),
}

_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANAR = 258, 259, 262, 277, 284
_EXTRA_SAMPLES, _SAMPLE_FORMAT, _DNG_VERSION = 338, 339, 50706


@dataclass(frozen=True, slots=True)
class Piece:
    """The largest strip or tile."""

    pixels: int
    samples: int  # in bytes, decoded
    stored: int  # in bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLayout:
    """How many samples a page has, and their meaning."""

    width: int
    height: int
    bits: int
    samples: int
    photometric: int
    compression: int
    planar: bool  # one plane a sample
    format: int  # of a sample: whole, with a sign, or float
    alpha_at: int | None  # the sample, from 0, with the alpha
    associated: bool  # the colours are multiplied by it

    @property
    def alpha(self) -> bool:
        return self.alpha_at is not None

    @property
    def float(self) -> bool:
        return self.format == FLOAT

    @property
    def is_inks(self) -> bool:
        """CMYK, which is made 8 bits."""
        return self.photometric == INKS

    @property
    def is_packed(self) -> bool:
        """Whether samples of more than a byte follow one another without a gap."""
        return 8 < self.bits < 16

    @property
    def is_palette(self) -> bool:
        return self.photometric == PALETTE

    @property
    def planes(self) -> int:
        """The number of planes: one, or one for each sample."""
        return self.samples if self.planar else 1

    def row_bytes(self, wide: int) -> int:
        """Bytes of so many pixels of a plane, as they are stored before they are compressed."""
        return -(-wide * (self.samples // self.planes) * self.bits // 8)


def is_raw(page: Page) -> bool:
    """Whether it is the record of a camera's sensor: colours beside one another, or as they were
    measured (DNG 1.7, chapter 4).
    """
    with damage_let_pass:
        return _DNG_VERSION in page.entries or page.values(_PHOTOMETRIC, (0,))[0] in _RAW
    return False


def raw_refused() -> ImageError:
    return unsupported("it is a camera's raw picture (camera raw)")


def read_sample_layout(page: Page) -> SampleLayout:
    """The layout of a page. Raises `ImageError` if no decoder here shows it right."""
    if is_raw(page):
        raise raw_refused()
    width, height = page.size
    check_size(width, height)
    samples, compression = page.value(_SAMPLES, 1), page.value(_COMPRESSION, 1)
    photometric = page.value(_PHOTOMETRIC, _unsaid(samples, compression))
    photometric = BLACK_IS_ZERO if photometric == _MASK else photometric
    if compression not in INFLATION:
        raise unsupported(f"its compression, number {compression}, is not decoded")
    if photometric not in COLORS:
        raise unsupported(f"its photometric interpretation, number {photometric}, is not decoded")
    if not _BASE_SAMPLES[photometric] <= samples <= MAX_SAMPLES:
        raise damaged(f"its colours do not go with {samples} samples a pixel")
    bits, format = _read_samples(page, samples, photometric)
    extra = page.values(_EXTRA_SAMPLES)
    # Without the tag a fourth sample is alpha: libtiff takes it so, and OpenCV writes it so.
    base = _BASE_SAMPLES[photometric]
    said = extra or ((2,) if photometric == RGB else ())
    alphas = (base + at for at, what in enumerate(said) if what in (1, 2))
    alpha_at = next((at for at in alphas if at < samples), None)
    planar = page.value(_PLANAR, 1)
    if planar not in (1, 2):
        raise damaged(f"its planar configuration is {planar}")
    return SampleLayout(
        width=width,
        height=height,
        bits=bits,
        samples=samples,
        photometric=photometric,
        compression=compression,
        planar=planar == 2 and samples > 1,
        format=format,
        alpha_at=alpha_at,
        associated=alpha_at is not None and said[alpha_at - base] == 1,
    )


def _unsaid(samples: int, compression: int) -> int:
    """The photometric interpretation where the page states none: as libtiff takes it."""
    if samples > 2:
        return RGB
    return WHITE_IS_ZERO if compression in FAX else BLACK_IS_ZERO


def _read_samples(page: Page, samples: int, photometric: int) -> tuple[int, int]:
    """Bits of a sample, and its format."""
    bits = set(page.values(_BITS, (1,))[:samples])
    formats = {
        UINT if kind == UNDEFINED else kind
        for kind in page.values(_SAMPLE_FORMAT, (UINT,))[:samples]
    }
    if len(bits) > 1 or len(formats) > 1:
        raise unsupported("its samples differ in kind")
    (depth,), (kind,) = bits, formats
    number = photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB)
    legal = (1, 2, 4, 8) if photometric == PALETTE else (1, 2, 4, 8, 16)
    if depth not in (_NUMBERS.get(kind, ()) if number else legal) or (not number and kind != UINT):
        raise unsupported(f"it has samples of {depth} bits in format {kind}")
    return depth, kind


def refuse_whole(kind: SampleLayout) -> None:
    """Raise 415 for kinds that no decoder shows right all at once: not Pillow, and for more than 8
    bits not OpenCV.

    OpenCV takes one plane for a row of colours, the samples beside gray for colours or for nothing,
    and 16-bit Lab for the 8-bit kind, without a word. Of five samples it reads none.
    """
    if kind.format == INT or kind.bits not in (1, 2, 4, 8, 16, 32):
        raise unsupported(f"it has samples of {kind.bits} bits in pieces of over 16 MB")
    if kind.associated and (kind.planar or kind.photometric != RGB):
        raise unsupported("it is multiplied by its alpha, and gray or in separate planes")
    if kind.is_inks and kind.samples > 4:
        raise unsupported(
            "it is CMYK with samples beside the inks, in strips or tiles of over 16 MB"
        )
    if kind.bits <= 8:
        return
    if kind.planar:
        raise unsupported("it has more than 8 bits in separate planes")
    if kind.samples > (1 if kind.photometric in _GRAYS else 4):
        raise unsupported(
            f"it has more than 8 bits in {kind.samples} samples a pixel, not all colours"
        )
    if kind.photometric in (LAB, INKS):
        raise unsupported("it is CIELab or CMYK of more than 8 bits")
