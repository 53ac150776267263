"""TIFF 6.0 and BigTIFF: the first directory, and whether its strips or tiles bear it out."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from imgmiddleware.errors import ImageError, damaged
from imgmiddleware.formats.containers.ifd import (
    ORIENTATION,
    Directory,
    IfdEntry,
    Layout,
    read_directory,
    read_layout,
    read_values,
)
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import (
    MAX_PROFILE,
    PARSE_ERRORS,
    Data,
    Format,
    check_size,
    let_pass,
    unsupported,
)
from imgmiddleware.formats.tiff.kinds import COLORS, Piece, SampleLayout, check_decodable
from imgmiddleware.formats.tiff.memory import decode_bytes, output_bytes
from imgmiddleware.formats.tiff.pages import find_overviews, find_pages, is_like, reduced_by
from imgmiddleware.formats.tiff.pieces import band_bytes
from imgmiddleware.formats.window import Readable, Window

#: Strips or tiles of the first page: 100,000 x 100,000 pixels in tiles of 256 are 152,881.
MAX_PIECES = 2**18
#: A tile is decoded whole, also what of it lies outside of the picture. Tiles larger than the
#: picture are legal and usual up to this side.
MAX_SPARE_TILE = 1024
#: Samples a pixel; the decoder takes four, scientific files have dozens.
MAX_SAMPLES = 64

_WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _SAMPLES, _ROWS, _STRIP_COUNTS, _PLANAR = 273, 277, 278, 279, 284
_TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS, _TILE_COUNTS = 322, 323, 324, 325
_EXTRA_SAMPLES, _SAMPLE_FORMAT, _PROFILE = 338, 339, 34675
_DNG_VERSION = 50706

#: Compression -> the most bytes that one byte can become; None where a code may stand for a row of
#: any length (CCITT) or where the stream has a header that libtiff checks itself (JPEG).
_INFLATION: Mapping[int, int | None] = {
    1: 1,
    2: None,
    3: None,
    4: None,
    5: 2730,  # LZW: 12 bits for a string of at most 4094 bytes
    7: None,
    8: 1032,  # deflate
    32773: 64,  # PackBits: two bytes for 128
    32946: 1032,
}
_BASE_SAMPLES = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3}
_WHITE_IS_ZERO, _RGB, _YCBCR = 0, 2, 6
_UINT, _FLOAT = 1, 3


@dataclass(frozen=True, slots=True)
class _Page:
    """The first directory with a reader of its values."""

    window: Window
    layout: Layout
    directory: Directory

    def value(self, tag: int, default: int | None = None) -> int:
        """The first value of a tag that should have one."""
        entry = self.directory.entries.get(tag)
        if entry is None:
            if default is None:
                raise damaged(f"its first directory lacks tag {tag}")
            return default
        return self._read(entry, MAX_SAMPLES)[0]

    def values(
        self, tag: int, default: tuple[int, ...], most: int = MAX_SAMPLES
    ) -> tuple[int, ...]:
        entry = self.directory.entries.get(tag)
        return default if entry is None else self._read(entry, most)

    def has(self, tag: int) -> bool:
        return tag in self.directory.entries

    def _read(self, entry: IfdEntry, most: int) -> tuple[int, ...]:
        return read_values(self.window, self.layout, entry, most)


def sniff(head: bytes) -> bool:
    magic = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
    return head[:4] in magic and head[8:10] != b"CR"  # Canon's raw pictures (CR2)


def _open(window: Window, offset: int = 0) -> _Page:
    """The page whose directory stands at `offset`; at 0 none can, which stands for the first."""
    layout = read_layout(window)
    return _Page(window, layout, read_directory(window, layout, offset or layout.first))


def _read_kind(page: _Page) -> SampleLayout:
    if page.has(_DNG_VERSION):
        raise unsupported("it is a camera's raw picture (DNG)")
    width, height = page.value(_WIDTH), page.value(_LENGTH)
    check_size(width, height)
    samples, photometric = page.value(_SAMPLES, 1), page.value(_PHOTOMETRIC)
    compression = page.value(_COMPRESSION, 1)
    if compression not in _INFLATION:
        raise unsupported(f"its compression, number {compression}, is not decoded")
    if photometric not in COLORS:
        raise unsupported(f"its photometric interpretation, number {photometric}, is not decoded")
    if not _BASE_SAMPLES[photometric] <= samples <= MAX_SAMPLES:
        raise damaged(f"its colours do not go with {samples} samples a pixel")
    bits, real = _read_samples(page, samples, photometric)
    extra = page.values(_EXTRA_SAMPLES, ())
    # Without the tag a fourth sample is alpha: libtiff takes it so, and OpenCV writes it so.
    alpha = any(kind in (1, 2) for kind in extra) or (not extra and photometric == _RGB)
    alpha = alpha and samples > _BASE_SAMPLES[photometric]
    planar = page.value(_PLANAR, 1)
    if planar not in (1, 2):
        raise damaged(f"its planar configuration is {planar}")
    separate = planar == 2 and samples > 1
    associated = alpha and 1 in extra
    check_decodable(samples, photometric, separate, deep=bits > 8, associated=associated)
    return SampleLayout(
        width, height, bits, samples, photometric, compression, separate, real, alpha, associated
    )


def _read_samples(page: _Page, samples: int, photometric: int) -> tuple[int, bool]:
    """Bits of a sample, and whether it is a float."""
    bits = set(page.values(_BITS, (1,))[:samples])
    formats = set(page.values(_SAMPLE_FORMAT, (_UINT,))[:samples])
    if len(bits) > 1 or len(formats) > 1:
        raise unsupported("its samples differ in kind")
    (depth,), (kind,) = bits, formats
    if (kind, depth) == (_FLOAT, 32) and photometric != 3:
        return 32, True
    legal = (1, 2, 4, 8) if photometric == 3 else (1, 2, 4, 8, 16)
    if kind != _UINT or depth not in legal:
        raise unsupported(f"it has samples of {depth} bits in format {kind}")
    return depth, False


def _check_pieces(page: _Page, kind: SampleLayout) -> Piece:
    """Hold strips or tiles against the geometry and the file."""
    tiled = page.has(_TILE_WIDTH) or page.has(_TILE_OFFSETS)
    if tiled:
        wide, high = page.value(_TILE_WIDTH), page.value(_TILE_LENGTH)
        for side, whole in ((wide, kind.width), (high, kind.height)):
            if not 0 < side <= max(-(-whole // 16) * 16, MAX_SPARE_TILE):
                raise damaged(f"its tiles are {wide} x {high} pixels")
    else:
        wide, high = kind.width, min(page.value(_ROWS, 2**32 - 1), kind.height)
        if not high:
            raise damaged("its strips have no rows")
    planes = kind.samples if kind.planar else 1
    number = -(-kind.width // wide) * -(-kind.height // high) * planes
    if number > MAX_PIECES:
        raise damaged(f"it claims {number} strips or tiles")
    offsets = page.values(_TILE_OFFSETS if tiled else _STRIP_OFFSETS, (), MAX_PIECES)
    counts = page.values(_TILE_COUNTS if tiled else _STRIP_COUNTS, (), MAX_PIECES)
    if len(offsets) < number or len(counts) < number:
        raise damaged(f"it lists {min(len(offsets), len(counts))} of {number} strips or tiles")
    size = page.window.size
    if any(start + count > size for start, count in zip(offsets, counts, strict=False)):
        raise damaged("a strip or tile lies beyond its end")
    _check_room(kind, planes, sum(counts[:number]))
    samples = 1 if kind.planar else kind.samples
    return Piece(wide * high, high * -(-wide * samples * kind.bits // 8), max(counts))


def _check_room(kind: SampleLayout, planes: int, stored: int) -> None:
    """Refuse fewer bytes than the compression could inflate to the picture."""
    inflation = _INFLATION[kind.compression]
    if inflation is None:
        return
    # YCbCr may store its two chroma planes as thinly as it likes.
    samples = 1 if kind.photometric == _YCBCR else kind.samples // planes
    row = -(-kind.width * samples * kind.bits // 8)
    if row * kind.height * planes > stored * inflation:
        raise damaged(f"{stored} bytes cannot hold {kind.width} x {kind.height} pixels")


def read(window: Window) -> Facts:
    """The facts of the first page, and the number of pages."""
    return read_page(window, 0)


def read_page(window: Window, number: int) -> Facts:
    """The facts of a page, from 0; of the first where there is no such page."""
    layout = read_layout(window)
    pages = find_pages(window, layout)
    number = number if number < len(pages) else 0
    facts, kind = _read_facts(window, pages[number] if number else 0)
    overviews = _overviews(window, find_overviews(window, layout, pages, number), facts, kind)
    return replace(facts, frames=len(pages), overviews=overviews)


def _read_facts(window: Window, directory: int) -> tuple[Facts, SampleLayout]:
    page = _open(window, directory)
    kind = _read_kind(page)
    piece = _check_pieces(page, kind)
    orientation = page.value(ORIENTATION, 1)
    # Of a further page a copy of the file is made, which begins with it.
    whole = decode_bytes(kind, piece, window.size) + (window.size if directory else 0)
    bands = band_bytes(window, page.directory, kind, piece)
    if bands + output_bytes(kind) > whole:
        bands = 0
    facts = Facts(
        "tiff",
        kind.width,
        kind.height,
        orientation if 1 <= orientation <= 8 else 1,
        COLORS[kind.photometric],
        kind.alpha,
        max(8, kind.bits),
        decode_bytes=bands + output_bytes(kind) if bands else whole,
        bits=kind.bits,
        inverted=kind.photometric == _WHITE_IS_ZERO and kind.bits == 16,
        associated=kind.associated,
        band_bytes=bands,
        directory=directory,
    )
    return facts, kind


def _overviews(
    window: Window, directories: Iterable[int], facts: Facts, kind: SampleLayout
) -> tuple[Facts, ...]:
    """Those directories that hold what can stand for the page; another kind, or damage, cannot."""
    found = []
    for directory in directories:
        try:
            copy, its = _read_facts(window, directory)
        except (ImageError, *PARSE_ERRORS) as error:
            let_pass(error)
            continue
        by = reduced_by((copy.width, copy.height), (facts.width, facts.height))
        turned = copy.orientation != facts.orientation
        whole = bool(copy.band_bytes) != bool(facts.band_bytes)  # decoders turn what is whole
        heavier = copy.decode_bytes > facts.decode_bytes  # the limits are held against the page
        if by and is_like(its, kind) and not (turned or whole or heavier):
            found.append(replace(copy, reduced=by))
    return tuple(sorted(found, key=lambda copy: copy.reduced))


def vet(data: Data, facts: Facts) -> Data:
    """The file with the page in question as its first, which is the one that decoders take."""
    if not facts.directory:
        return data
    layout = read_layout(Window.over(data))
    copy = bytearray(data)
    place, letter = (8, "Q") if layout.big else (4, "L")
    struct.pack_into(layout.order + letter, copy, place, facts.directory)
    return memoryview(copy).toreadonly()


def profile(data: Data | Readable, facts: Facts) -> bytes | None:
    """Tag 34675, as it is."""
    page = _open(Window.over(data), facts.directory)
    return bytes(page.values(_PROFILE, (), MAX_PROFILE)) or None


def exif(data: Data | Readable) -> Data | Readable:
    """The file itself: its directories are of the same making."""
    return data


FORMAT = Format("tiff", sniff, read, vet, profile, read_page, exif)
