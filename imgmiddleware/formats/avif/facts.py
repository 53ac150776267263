"""AVIF 1.1: the container's picture, compared with the AV1 frames inside it.

The container tells a size (ispe), each AV1 sequence header another. Header readers report the
first, decoders allocate by the second. So the sequence headers of all decoded items must say the
container's size.
"""

from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.avif import sequence as avif_sequence
from imgmiddleware.formats.avif.av1_frames import read_stream
from imgmiddleware.formats.containers.heif import metadata
from imgmiddleware.formats.containers.heif.choice import Chosen, brands, choose
from imgmiddleware.formats.containers.heif.coded import CodedPicture, pictures, stated_size
from imgmiddleware.formats.containers.heif.items import Item
from imgmiddleware.formats.containers.heif.shown import aspect, shown
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import SLACK, Data
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Box, Size

#: The kind of its coded items.
CODED = b"av01"


@dataclass(frozen=True, slots=True)
class Samples:
    """The coding of a picture's samples."""

    bits: int
    limited: bool  # black and white are 16 and 235 of 255


@dataclass(frozen=True, slots=True)
class AvifFacts:
    """The facts for the decoder of a still."""

    coded: Size  # of the whole decoded picture
    box: Box  # the part of it that is shown
    colors: Samples
    apart: Samples | None  # of the alpha, where it has to be decoded by itself


def sniff(head: bytes) -> bool:
    """Tells AVIF by the major brand, or a compatible one: the major brand mif1 is common."""
    return not {b"avif", b"avis"}.isdisjoint(brands(head))


def _check_coded(window: Window, item: Item) -> CodedPicture:
    """Compare an av01 item's size with the sequence headers of its data and its configuration."""
    width, height = stated_size(window, item)
    stream = read_stream(lambda at, length: item.read(window, at, length), item.size)
    config = item.property(b"av1C")
    if config is None or config.size < 4:
        raise damaged(f"item {item.id} has no AV1 configuration (av1C)")
    if not stream.sequences:
        raise damaged(f"item {item.id} has no AV1 sequence header")
    first, *others = stream.sequences
    start = config.start + 4
    others += read_stream(
        lambda at, length: window.read(start + at, length), config.size - 4
    ).sequences
    if any(not first.like(other) for other in others):
        raise damaged(f"the sequence headers of item {item.id} differ")
    if (width, height) not in stream.sizes:
        raise damaged(
            f"its container claims {width} x {height} pixels for item {item.id}, "
            f"its AV1 data {first.width} x {first.height}"
        )
    return CodedPicture(
        width, height, first.bits, first.gray, first.samples, first.width * first.height,
        item.size, first.points, frames=len(stream.sizes),
    )  # fmt: skip


def read(window: Window) -> Facts:
    """The facts of the primary item, once the decoded parts have been compared with their own data.

    For a sequence they are the facts of its tracks, which decoders prefer to any item.
    """
    if window.read(8, 4) == b"avis":
        return avif_sequence.read(window)
    chosen = choose(window, CODED)
    parts = pictures(window, chosen, _check_coded)
    colors = parts[0]
    box, turned = shown(window, chosen, (colors.width, colors.height))
    return Facts(
        format="avif",
        width=box[2],
        height=box[3],
        orientation=turned,
        aspect=aspect(window, chosen),
        color="gray" if colors.gray else "rgb",
        alpha=len(parts) > 1,
        depth=16 if colors.bits > 8 else 8,
        bits=colors.bits,
        decode_bytes=_decode_bytes(parts),
        points=metadata.points(window, chosen, colors.points),
        own=_own(window, chosen, box, parts),
    )


def _own(window: Window, chosen: Chosen, box: Box, parts: list[CodedPicture]) -> AvifFacts:
    colors, alpha = parts[0], parts[1] if len(parts) > 1 else None
    points = metadata.code_points(window, chosen) or colors.points
    apart = alpha is not None and (colors.gray or colors.bits != alpha.bits)
    return AvifFacts(
        (colors.width, colors.height),
        box,
        Samples(colors.bits, limited=not points.full),
        Samples(alpha.bits, limited=not alpha.points.full) if alpha and apart else None,
    )


def _decode_bytes(parts: list[CodedPicture]) -> int:
    """The output; and for each AV1 picture its data, its layers' planes, and the decoder's state.

    That state is 13 bytes a pixel for any content and any number of threads. It lives until the
    output is written. Measured in all, bytes a pixel at 20 megapixels: 4:0:0 15.05, 4:2:0 17.09,
    4:4:4 18.68, 4:2:0 with alpha 32.19, 4:4:4 with alpha 33.75; in 10 bits 21.66, with alpha 39.35.
    """
    color = parts[0]
    width = 2 if color.bits > 8 else 1
    channels = 4 if len(parts) > 1 else 1 if color.gray else 3
    total = parts[0].width * parts[0].height * channels * width
    for part in parts:
        # A grid's tiles are copied into one picture; each layer is kept for the layers that refer
        # to it.
        planes = part.frames + (1 if part.tiled else 0)
        total += part.pixels * 14 + int(part.pixels * part.samples * width) * planes
        total += part.stored
    return total + SLACK


def profile(data: Data, facts: Facts) -> bytes | None:
    """The profile of the primary item, or of a sequence."""
    read = avif_sequence.profile if facts.composed else metadata.profile
    return read(data, facts)
