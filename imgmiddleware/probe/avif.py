"""AVIF 1.1: the container's picture, held against the AV1 frames inside it.

The container tells a size (ispe), each AV1 sequence header another, and decoders go by the latter:
1,040 bytes whose container says 10 x 10 and whose frame is 8000 x 8000 cost 4 s and 835 MB, while
every header reader reports ten pixels. So every AV1 item's sequence headers must say what its ispe
says, and all items together must stay within a multiple of the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.probe import avif_sequence
from imgmiddleware.probe.av1 import Sequence, read_sequences
from imgmiddleware.probe.facts import Facts
from imgmiddleware.probe.format import (
    MAX_EXIF,
    SLACK,
    Encoded,
    Format,
    check_size,
    unchanged,
    unsupported,
)
from imgmiddleware.probe.isobmff import Box, Container, Item, boxes, icc, read_container
from imgmiddleware.probe.window import Window

#: AV1 pixels of all items for each pixel of the picture: colour, alpha, gain map and thumbnails are
#: below four even where each is full size.
MAX_PIXEL_RATIO = 4
#: Compatible brands looked at; files list below ten.
_MOST_BRANDS = 32

_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")

#: EXIF orientations as matrices (a, b, c, d): the shown x and y axes in terms of the stored ones.
_MATRICES = {
    1: (1, 0, 0, 1),
    2: (-1, 0, 0, 1),
    3: (-1, 0, 0, -1),
    4: (1, 0, 0, -1),
    5: (0, 1, 1, 0),
    6: (0, -1, 1, 0),
    7: (0, -1, -1, 0),
    8: (0, 1, -1, 0),
}
_ORIENTATIONS = {matrix: value for value, matrix in _MATRICES.items()}
_ROTATIONS = (1, 8, 3, 6)  # of irot's quarter turns, which are anti-clockwise
#: Of imir's axis: 0 swaps top and bottom, 1 left and right (23008-12:2022, section 6.5.12).
_MIRRORS = (4, 2)


@dataclass(frozen=True, slots=True)
class _Picture:
    """An item that was held against its AV1 data: a coded item, or a grid of them."""

    width: int
    height: int
    sequence: Sequence
    pixels: int  # of all AV1 frames that decoding it takes
    tiled: bool = False


def sniff(head: bytes) -> bool:
    """By the major brand, or a compatible one: files with the major brand mif1 are common."""
    size = int.from_bytes(head[:4], "big")
    if head[4:8] != b"ftyp" or size < 16:
        return False
    brands = _brands(head[8 : min(size, 8 + 4 * _MOST_BRANDS)])
    return b"avif" in brands or b"avis" in brands


def _brands(raw: bytes) -> list[bytes]:
    return [raw[:4], *(raw[at : at + 4] for at in range(8, len(raw), 4))]


def _find_meta(window: Window) -> Box:
    """The 'meta' box behind 'ftyp'."""
    for box in boxes(window, 0, window.size):
        if box.kind == b"meta":
            return box
    raise damaged("it has no 'meta' box")


def _size(window: Window, item: Item) -> tuple[int, int]:
    box = item.property(b"ispe")
    if box is None or box.size < 12:
        raise damaged(f"item {item.id} has no size (ispe)")
    width, height = window.unpack(">LL", box.start + 4)
    check_size(width, height)
    return width, height


def _check_coded(window: Window, item: Item) -> _Picture:
    """Hold an av01 item's size against the sequence headers of its data and its configuration."""
    width, height = _size(window, item)
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
    return _Picture(width, height, sequences[0], width * height)


def _check_grid(
    window: Window, container: Container, item: Item, coded: Mapping[int, _Picture]
) -> _Picture:
    """Hold a grid (23008-12, section 6.6.2.3) against its tiles, which must cover it just so."""
    width, height = _size(window, item)
    head = item.read(window, 0, 4)
    wide = 4 if head[1] & 1 else 2
    raw = item.read(window, 4, 2 * wide)
    rows, columns = head[2] + 1, head[3] + 1
    if (int.from_bytes(raw[:wide], "big"), int.from_bytes(raw[wide:], "big")) != (width, height):
        raise damaged("its grid's own size is not that of its container")
    targets = _targets(container, b"dimg", item.id)
    if len(targets) != rows * columns:
        raise damaged(f"its grid has {len(targets)} of {rows * columns} tiles")
    if any(target not in coded for target in targets):
        raise unsupported("its grid is made of other things than AV1 pictures")
    tiles = [coded[target] for target in targets]
    first = tiles[0]
    if any((tile.width, tile.height) != (first.width, first.height) for tile in tiles):
        raise damaged("the tiles of its grid differ in size")
    for tile, count, whole in ((first.width, columns, width), (first.height, rows, height)):
        if not tile * (count - 1) < whole <= tile * count:
            raise damaged("the tiles of its grid do not cover it, or reach beyond it")
    return _Picture(width, height, first.sequence, sum(tile.pixels for tile in tiles), True)


def _targets(container: Container, kind: bytes, source: int) -> list[int]:
    return [
        target
        for reference in container.references
        if (reference.kind, reference.source) == (kind, source)
        for target in reference.targets
    ]


def _check_item(
    window: Window, container: Container, item: Item, coded: Mapping[int, _Picture]
) -> _Picture:
    if item.id in coded:
        return coded[item.id]
    if item.kind == b"grid":
        return _check_grid(window, container, item, coded)
    raise unsupported("its picture is neither AV1 data nor a grid of them")


def _alpha(window: Window, container: Container) -> Item | None:
    """The primary item's alpha plane: an auxiliary item whose type (auxC) says so."""
    for reference in container.references:
        item = container.items.get(reference.source)
        if reference.kind != b"auxl" or container.primary not in reference.targets or not item:
            continue
        box = item.property(b"auxC")
        if box and window.read(box.start, min(box.size, 64))[4:].split(b"\0")[0] in _ALPHA:
            return item
    return None


def _orientation(window: Window, item: Item) -> int:
    """The transforming properties in their order, as one EXIF orientation."""
    matrix = _MATRICES[1]
    for box in item.properties:
        if box.kind not in (b"irot", b"imir"):
            continue
        value = window.read(box.start, 1)[0]
        turn = _ROTATIONS[value & 3] if box.kind == b"irot" else _MIRRORS[value & 1]
        a, b, c, d = _MATRICES[turn]
        e, f, g, h = matrix
        matrix = (a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h)
    return _ORIENTATIONS[matrix]


def _check_all(window: Window, container: Container) -> dict[int, _Picture]:
    """Every AV1 item, used or not, held against its own data."""
    items = container.items.values()
    return {item.id: _check_coded(window, item) for item in items if item.kind == b"av01"}


def read(window: Window) -> Facts:
    """The facts of the primary item, after every AV1 item was held against its own data.

    Of a sequence they are its tracks', which decoders prefer to any item.
    """
    if window.read(8, 4) == b"avis":
        return avif_sequence.read(window)
    container = read_container(window, _find_meta(window))
    primary = container.items[container.primary]
    coded = _check_all(window, container)
    picture = _check_item(window, container, primary, coded)
    # A picture below 256 x 256 may carry a thumbnail or a gain map of that size.
    if sum(part.pixels for part in coded.values()) > MAX_PIXEL_RATIO * max(picture.pixels, 65536):
        raise damaged("its AV1 items hold far more pixels than its picture")
    if primary.property(b"clap"):
        raise unsupported("it has a clean aperture, which no decoder here would cut to")
    alpha = _alpha(window, container)
    parts = [picture]
    if alpha is not None:
        if picture.sequence.gray:  # OpenCV would have it in two channels, and then fails
            raise unsupported("it is gray with an alpha plane")
        parts.append(_check_item(window, container, alpha, coded))
        if (parts[1].width, parts[1].height) != (picture.width, picture.height):
            raise damaged("its alpha plane has another size than its colours")
    return Facts(
        "avif",
        picture.width,
        picture.height,
        _orientation(window, primary),
        "gray" if picture.sequence.gray else "rgb",
        alpha is not None,
        16 if picture.sequence.bits > 8 else 8,
        decode_bytes=_decode_bytes(parts),
        bits=picture.sequence.bits,
    )


def _decode_bytes(parts: list[_Picture]) -> int:
    """The output, and for each AV1 picture its planes and the decoder's own state.

    That state is 13 bytes a pixel whatever the content and the number of threads, and it lives
    until the output is written. Measured in all, bytes a pixel at 20 megapixels: 4:0:0 15.05, 4:2:0
    17.09, 4:4:4 18.68, 4:2:0 with alpha 32.19, 4:4:4 with alpha 33.75; in 10 bits 21.66, with
    alpha 39.35.
    """
    color = parts[0].sequence
    width = 2 if color.bits > 8 else 1
    channels = 4 if len(parts) > 1 else 1 if color.gray else 3
    total = parts[0].width * parts[0].height * channels * width
    for part in parts:
        planes = 2 if part.tiled else 1  # a grid's tiles are copied into one picture
        total += part.pixels * 14 + int(part.pixels * part.sequence.samples * width) * planes
    return total + SLACK


def profile(data: Encoded, facts: Facts) -> bytes | None:
    """The 'colr' box, of an ICC kind, of the primary item or of a sequence."""
    window = Window.over(data)
    if facts.sequence:
        return avif_sequence.profile(window)
    container = read_container(window, _find_meta(window))
    for box in container.items[container.primary].properties:
        if box.kind == b"colr" and (plain := icc(window, box)) is not None:
            return plain
    return None


def exif(data: Encoded) -> bytes | None:
    """The block of the first Exif item (23008-12, annex A.2.1), behind its offset field."""
    window = Window.over(data)
    container = read_container(window, _find_meta(window))
    for item in container.items.values():
        if item.kind == b"Exif" and 4 < item.size <= MAX_EXIF:
            body = item.read(window, 0, item.size)
            return body[4 + int.from_bytes(body[:4], "big") :]
    return None


FORMAT = Format("avif", sniff, read, unchanged, profile, exif=exif)
