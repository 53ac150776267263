"""AVIF 1.1: the container's picture, held against the AV1 frames inside it.

The container tells a size (ispe), each AV1 sequence header another. Header readers report the
first, decoders allocate by the second. So every AV1 item's sequence headers must say what its ispe
says, and all items together must stay within a multiple of the picture.
"""

from imgmiddleware.errors import damaged
from imgmiddleware.formats.avif import sequence as avif_sequence
from imgmiddleware.formats.avif.av1 import read_sequences
from imgmiddleware.formats.containers import heif
from imgmiddleware.formats.containers.heif import CodedPicture
from imgmiddleware.formats.containers.isobmff import Item
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import SLACK, Data, unsupported
from imgmiddleware.formats.window import Window


def sniff(head: bytes) -> bool:
    """By the major brand, or a compatible one: files with the major brand mif1 are common."""
    return not {b"avif", b"avis"}.isdisjoint(heif.brands(head))


def _check_coded(window: Window, item: Item) -> CodedPicture:
    """Hold an av01 item's size against the sequence headers of its data and its configuration."""
    width, height = heif.stated_size(window, item)
    sequences = read_sequences(lambda at, length: item.read(window, at, length), item.size)
    config = item.property(b"av1C")
    if config is None or config.size < 4:
        raise damaged(f"item {item.id} has no AV1 configuration (av1C)")
    if not sequences:
        raise damaged(f"item {item.id} has no AV1 sequence header")
    start = config.start + 4
    further = read_sequences(lambda at, length: window.read(start + at, length), config.size - 4)
    for sequence in (*sequences, *further):
        if (sequence.width, sequence.height) != (width, height):
            raise damaged(
                f"its container claims {width} x {height} pixels for item {item.id}, "
                f"its AV1 data {sequence.width} x {sequence.height}"
            )
        if (sequence.bits, sequence.gray) != (sequences[0].bits, sequences[0].gray):
            raise damaged(f"the sequence headers of item {item.id} differ")
    first = sequences[0]
    return CodedPicture(width, height, first.bits, first.gray, first.samples, width * height)


def read(window: Window) -> Facts:
    """The facts of the primary item, after every AV1 item was held against its own data.

    Of a sequence they are its tracks', which decoders prefer to any item.
    """
    if window.read(8, 4) == b"avis":
        return avif_sequence.read(window)
    container = heif.read(window)
    primary = container.items[container.primary]
    parts = heif.pictures(window, container, b"av01", _check_coded)
    picture, alpha = parts[0], len(parts) > 1
    if primary.property(b"clap"):
        raise unsupported("it has a clean aperture, which no decoder here would cut to")
    if alpha and picture.gray:  # OpenCV would have it in two channels, and then fails
        raise unsupported("it is gray with an alpha plane")
    size = picture.width, picture.height
    turned = heif.orientation(window, primary.properties)
    return heif.facts("avif", size, turned, parts=parts, decode_bytes=_decode_bytes(parts))


def _decode_bytes(parts: list[CodedPicture]) -> int:
    """The output, and for each AV1 picture its planes and the decoder's own state.

    That state is 13 bytes a pixel whatever the content and the number of threads, and it lives
    until the output is written. Measured in all, bytes a pixel at 20 megapixels: 4:0:0 15.05, 4:2:0
    17.09, 4:4:4 18.68, 4:2:0 with alpha 32.19, 4:4:4 with alpha 33.75; in 10 bits 21.66, with
    alpha 39.35.
    """
    color = parts[0]
    width = 2 if color.bits > 8 else 1
    channels = 4 if len(parts) > 1 else 1 if color.gray else 3
    total = parts[0].width * parts[0].height * channels * width
    for part in parts:
        planes = 2 if part.tiled else 1  # a grid's tiles are copied into one picture
        total += part.pixels * 14 + int(part.pixels * part.samples * width) * planes
    return total + SLACK


def profile(data: Data, facts: Facts) -> bytes | None:
    """The profile of the primary item, or of a sequence."""
    read = avif_sequence.profile if facts.composed else heif.profile
    return read(data, facts)
