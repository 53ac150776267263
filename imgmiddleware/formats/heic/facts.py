"""HEIC (ISO/IEC 23008-12 with HEVC, annex B): as AVIF, held against the coder's own headers.

Decoders size their planes by the sequence parameter sets, whatever the container says: so each must
say what the container does.
"""

import struct

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers import heif
from imgmiddleware.formats.containers.heif import CodedPicture
from imgmiddleware.formats.containers.isobmff import Item
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.heic.hevc import read_configuration, read_units
from imgmiddleware.formats.reading import SLACK, check_size, unsupported
from imgmiddleware.formats.window import Window

#: The configuration of one item: parameter sets of a few hundred bytes.
_MOST_CONFIGURATION = 16 * 1024


def sniff(head: bytes) -> bool:
    """By the brands of still pictures; sequences of HEVC are videos."""
    brands = heif.brands(head)
    return brands[:1] != [b"hevc"] and not {b"heic", b"heix", b"heim", b"heis"}.isdisjoint(brands)


def _check_coded(window: Window, item: Item) -> CodedPicture:
    """Hold an item's size against the parameter sets of its configuration and of its data."""
    width, height = heif.stated_size(window, item)
    config = item.property(b"hvcC")
    if config is None or config.size > _MOST_CONFIGURATION:
        raise damaged(f"item {item.id} has no HEVC configuration (hvcC), or a huge one")
    wide, sequences = read_configuration(window.read(config.start, config.size))
    sequences += read_units(lambda at, length: item.read(window, at, length), item.size, wide)
    if not sequences:
        raise damaged(f"item {item.id} has no sequence parameter set")
    first = sequences[0]
    if any(sequence != first for sequence in sequences):
        raise damaged(f"the parameter sets of item {item.id} differ")
    if (first.width, first.height) != (width, height):
        raise damaged(
            f"its container claims {width} x {height} pixels for item {item.id}, "
            f"its HEVC data {first.width} x {first.height}"
        )
    return CodedPicture(width, height, first.bits, first.gray, first.samples, first.coded)


def _shown_size(window: Window, item: Item, picture: CodedPicture) -> tuple[int, int]:
    """What the clean aperture leaves (14496-12, section 12.1.4), which the decoder cuts to."""
    box = item.property(b"clap")
    if box is None:
        return picture.width, picture.height
    width, by, height, down = struct.unpack(">LLLL", window.read(box.start, 16))
    if not by or not down or width % by or height % down:
        raise unsupported("its clean aperture is not of whole pixels")
    width, height = width // by, height // down
    check_size(width, height)
    if width > picture.width or height > picture.height:
        raise damaged("its clean aperture is larger than its picture")
    return width, height


def read(window: Window) -> Facts:
    """The facts of the primary item, after every HEVC item was held against its own data."""
    container = heif.read(window)
    primary = container.items[container.primary]
    parts = heif.pictures(window, container, b"hvc1", _check_coded)
    picture, alpha = parts[0], len(parts) > 1
    if alpha and picture.bits != parts[1].bits:
        raise unsupported("its alpha plane has another depth than its colours")
    size = _shown_size(window, primary, picture)
    turned = heif.orientation(window, primary.properties)
    return heif.facts("heic", size, turned, parts=parts, decode_bytes=_decode_bytes(parts))


def _decode_bytes(parts: list[CodedPicture]) -> int:
    """The output, and for each coded picture its planes three times; of over 8 bits 40 more.

    Measured in all, bytes a pixel at 10 megapixels: gray 2.6, 4:2:0 5.0, 4:4:4 9.4, 4:2:0 with
    alpha 8.1, 4:4:4 with alpha 12.6; in 10 bits, which libheif converts in float, 42.5, with alpha
    56.4.
    """
    width = 2 if parts[0].bits > 8 else 1
    channels = 4 if len(parts) > 1 else 1 if parts[0].gray else 3
    total = parts[0].width * parts[0].height * (channels * width + (40 if width > 1 else 0))
    return total + sum(int(part.pixels * part.samples * width) * 3 for part in parts) + SLACK
