"""HEIC (ISO/IEC 23008-12 with HEVC, annex B): as AVIF, compared with the coder's own headers.

Decoders size their planes by the sequence parameter sets, whatever the container says. So each set
must say the container's size.
"""

from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.containers.heif import metadata
from imgmiddleware.formats.containers.heif.choice import brands, choose
from imgmiddleware.formats.containers.heif.coded import CodedPicture, pictures, stated_size
from imgmiddleware.formats.containers.heif.items import Item
from imgmiddleware.formats.containers.heif.shown import aspect, shown
from imgmiddleware.formats.containers.isobmff import Nclx
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.heic.hevc import read_configuration, read_units
from imgmiddleware.formats.reading import SLACK, unsupported
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Box, Size

#: The kind of its coded items.
CODED = b"hvc1"
#: The configuration of one item: parameter sets of a few hundred bytes.
_MOST_CONFIGURATION = 16 * 1024
#: Code points of colours that the file does not describe.
_UNSAID = Nclx(2, 2, 2, full=False)


@dataclass(frozen=True, slots=True)
class HeicFacts:
    """The facts for the decoder."""

    coded: Size  # of the whole decoded picture
    box: Box  # the part of it that is shown


def sniff(head: bytes) -> bool:
    """Tells HEIC by the brands of still pictures; sequences of HEVC are videos."""
    found = brands(head)
    return found[:1] != [b"hevc"] and not {b"heic", b"heix", b"heim", b"heis"}.isdisjoint(found)


def _check_coded(window: Window, item: Item) -> CodedPicture:
    """Compare an item's size with the parameter sets of its configuration and of its data."""
    width, height = stated_size(window, item)
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
    return CodedPicture(
        width, height, first.bits, first.gray, first.samples, first.coded, item.size, _UNSAID
    )


def read(window: Window) -> Facts:
    """The facts of the primary item, once the decoded parts are compared with their own data."""
    chosen = choose(window, CODED)
    colors, *alpha = pictures(window, chosen, _check_coded)
    if alpha and colors.bits != alpha[0].bits:
        raise unsupported("its alpha plane has another depth than its colours")
    coded = colors.width, colors.height
    box, turned = shown(window, chosen, coded)
    return Facts(
        format="heic",
        width=box[2],
        height=box[3],
        orientation=turned,
        aspect=aspect(window, chosen),
        color="gray" if colors.gray else "rgb",
        alpha=bool(alpha),
        depth=16 if colors.bits > 8 else 8,
        bits=colors.bits,
        decode_bytes=_decode_bytes([colors, *alpha]),
        points=metadata.points(window, chosen),
        own=HeicFacts(coded, box),
    )


def _decode_bytes(parts: list[CodedPicture]) -> int:
    """The output; for each coded picture its planes three times, and its data again. Over 8 bits 40
    more a pixel.

    Measured in all, bytes a pixel at 10 megapixels: gray 2.6, 4:2:0 5.0, 4:4:4 9.4, 4:2:0 with
    alpha 8.1, 4:4:4 with alpha 12.6; in 10 bits, which libheif converts in float, 42.5, with alpha
    56.4.
    """
    width = 2 if parts[0].bits > 8 else 1
    channels = 4 if len(parts) > 1 else 1 if parts[0].gray else 3
    total = parts[0].width * parts[0].height * (channels * width + (40 if width > 1 else 0))
    total += sum(int(part.pixels * part.samples * width) * 3 + part.stored for part in parts)
    return total + SLACK
