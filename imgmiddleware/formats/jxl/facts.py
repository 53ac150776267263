"""JPEG XL (ISO/IEC 18181-1 and -2): the image header, and the part of a container for the decoder.

The sizes of frames stand behind an entropy-coded profile, and cannot be read here. So nothing here
bounds the memory that a hostile file makes a decoder allocate, and the format is off unless it is
turned on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from imgmiddleware.errors import damaged
from imgmiddleware.formats.bits import LowBits
from imgmiddleware.formats.containers.exif import Exif, parse
from imgmiddleware.formats.containers.isobmff import IsoBox, boxes
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import (
    MAX_EXIF,
    SLACK,
    Data,
    check_size,
    unsupported,
)
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.orientation import Orientation

_BARE, _BOXED = b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"
#: The image header in front of a profile or a frame; with sixteen named channels it takes 1 KiB.
_MOST_HEADER = 4096
#: Channels beside the colours; each is as large as the picture.
_MOST_CHANNELS = 16

_RATIOS = (None, (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
#: U32 distributions as (bits, offset) of the four selectors (18181-1, section B.2.2).
_SIZE = ((9, 1), (13, 1), (18, 1), (30, 1))
_ENUM = ((0, 0), (0, 1), (4, 2), (6, 18))
_ALPHA, _BLACK = 0, 4
_GRAY = 1


class _Fields(LowBits):
    """Bit fields (section B.2)."""

    def pick(self, *choices: tuple[int, int]) -> int:
        """U32: one of four fields, each with the number that is added to it."""
        bits, offset = choices[self.take(2)]
        return self.take(bits) + offset


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    orientation: int = 1
    bits: int = 8
    alpha: bool = False
    channels: int = 0  # beside the colours
    gray: bool = False


def sniff(head: bytes) -> bool:
    return head.startswith((_BARE, _BOXED))


def _read_size(bits: _Fields) -> tuple[int, int]:
    small = bits.take(1)

    def side() -> int:
        return (bits.take(5) + 1) * 8 if small else bits.pick(*_SIZE)

    height = side()
    ratio = _RATIOS[bits.take(3)]
    return (int(height * Fraction(*ratio)) if ratio else side()), height


def _skip_preview(bits: _Fields) -> None:
    eighths = bits.take(1)

    def side() -> None:
        if eighths:
            bits.pick((0, 16), (0, 32), (5, 1), (9, 33))
        else:
            bits.pick((6, 1), (8, 65), (10, 321), (12, 1345))

    side()
    if not bits.take(3):
        side()


def _read_depth(bits: _Fields) -> int:
    if not bits.take(1):
        return bits.pick((0, 8), (0, 10), (0, 12), (6, 1))
    depth = bits.pick((0, 32), (0, 16), (0, 24), (6, 1))
    bits.take(4)
    return depth


def _read_channel(bits: _Fields) -> int:
    """The kind of a channel beside the colours."""
    if bits.take(1):
        return _ALPHA
    kind = bits.pick(*_ENUM)
    _read_depth(bits)
    bits.pick((0, 0), (0, 3), (0, 4), (3, 1))
    bits.take(8 * bits.pick((0, 0), (4, 0), (5, 16), (10, 48)))
    if kind == _ALPHA and bits.take(1):
        raise unsupported("its colours are multiplied by their alpha")
    if kind == 2:  # a spot colour: its red, green, blue and solidity
        bits.take(64)
    elif kind == 5:  # of a colour filter array
        bits.pick((0, 1), (2, 0), (4, 3), (8, 19))
    return kind


def _read_header(data: bytes) -> _Header:
    """SizeHeader and ImageMetadata (sections D.2 and D.3), as far as the space of the colours."""
    bits = _Fields(data, "its image header")
    width, height = _read_size(bits)
    check_size(width, height)
    if bits.take(1):  # everything is as usual
        return _Header(width, height)
    orientation = 1
    if bits.take(1):
        orientation = bits.take(3) + 1
        if bits.take(1):
            _read_size(bits)
        if bits.take(1):
            _skip_preview(bits)
        if bits.take(1):
            raise unsupported("it is an animation, and its decoder gives the last frame alone")
    depth = _read_depth(bits)
    bits.take(1)
    count = bits.pick((0, 0), (0, 1), (4, 2), (12, 1))
    if count > _MOST_CHANNELS:
        raise unsupported(f"it has {count} channels beside its colours")
    kinds = [_read_channel(bits) for _ in range(count)]
    if _BLACK in kinds:
        raise unsupported("it is of inks (CMYK)")
    bits.take(1)
    gray = False
    if not bits.take(1):
        bits.take(1)
        gray = bits.pick(*_ENUM) == _GRAY
    return _Header(width, height, orientation, depth, _ALPHA in kinds, count, gray)


def _codestream(window: Window) -> Iterator[IsoBox]:
    """The parts of the codestream in their order, each without its box's own fields."""
    if window.head(2) == _BARE:
        yield IsoBox(b"jxlc", 0, window.size)
        return
    for box in boxes(window, 0, window.size):
        if box.kind == b"jxlc":
            yield box
        elif box.kind == b"jxlp":
            if box.size < 4:
                raise damaged("a part of its codestream is cut short")
            yield IsoBox(box.kind, box.start + 4, box.end)


def read(window: Window) -> Facts:
    """The facts of the image header."""
    data, left = b"", _MOST_HEADER
    for part in _codestream(window):
        piece = window.read(part.start, min(part.size, left))
        data, left = data + piece, left - len(piece)
        if not left:
            break
    if data[:2] != _BARE:
        raise damaged("it has no codestream")
    header = _read_header(data[2:])
    # The decoder hands over only gray of more than 8 bits, or of floats, at its own depth.
    deep = header.gray and not header.alpha and header.bits > 8
    return Facts(
        format="jxl",
        width=header.width,
        height=header.height,
        orientation=Orientation(header.orientation),
        color="gray" if header.gray else "rgb",
        alpha=header.alpha,
        depth=16 if deep else 8,
        bits=16 if deep else 8,
        decode_bytes=_decode_bytes(header),
    )


def _decode_bytes(header: _Header) -> int:
    """The memory for files of one frame, gray 4 bytes a pixel, RGB 13, RGBA up to 37: no bound."""
    return header.width * header.height * (24 + 16 * header.channels) + SLACK


def vet(data: Data, facts: Facts) -> Data:
    """The codestream alone: no metadata that inflates, and no JPEG to be made of it anew."""
    window = Window.over(data)
    if window.head(2) == _BARE:
        return data
    return b"".join(memoryview(data)[part.start : part.end] for part in _codestream(window))


def exif(data: Data, facts: Facts) -> Exif:
    """The harmless tags of the 'Exif' box, behind its offset field (18181-2).

    A compressed box is not read.
    """
    window = Window.over(data)
    if window.head(2) == _BARE:
        return Exif()
    for box in boxes(window, 0, window.size):
        if box.kind == b"Exif" and 4 < box.size <= MAX_EXIF:
            body = window.read(box.start, box.size)
            return parse(body[4 + int.from_bytes(body[:4], "big") :])
    return Exif()
