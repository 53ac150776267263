"""Runs of a BMP (RLE8, RLE4, and RLE24 of OS/2), drawn row by row as Pillow and browsers do.

Pixels over the end of a row are not seen: some encoders fill rows up to four pixels. Skipped pixels
have the first colour of the palette.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from imgmiddleware.errors import damaged
from imgmiddleware.formats.bmp.header import RLE4, RLE24, Header
from imgmiddleware.formats.reading import Data

_END_OF_ROW, _END, _SKIP = 0, 1, 2
#: Hexadecimal digits -> their values.
_DIGITS = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))

Bytes = npt.NDArray[np.uint8]


class _Pen:
    """The place of the next pixel, in rows in the order of the file."""

    def __init__(self, width: int, height: int, samples: int) -> None:
        self.pixels = np.zeros(width * height * samples, np.uint8)
        self._view = self.pixels.data
        self._width, self._height, self._samples = width, height, samples
        self.x = self.y = 0

    @property
    def room(self) -> int:
        """The pixels of this row that are left."""
        return max(0, self._width - self.x)

    @property
    def below(self) -> bool:
        """Whether no row is left."""
        return self.y >= self._height

    @property
    def done(self) -> bool:
        return self.below or (self.y == self._height - 1 and self.x >= self._width)

    def draw(self, pixels: Data) -> None:
        """Samples; those that the row has room for are seen."""
        number = len(pixels) // self._samples
        seen = min(number, self._width - self.x)
        if seen > 0 and self.y < self._height:
            start = (self.y * self._width + self.x) * self._samples
            self._view[start : start + seen * self._samples] = pixels[: seen * self._samples]
        self.x += number

    def move(self, right: int, on: int) -> None:
        self.x, self.y = self.x + right, self.y + on


def drawn(data: memoryview, header: Header) -> Bytes:
    """Indices, (height, width), or colours, (height, width, 3). Raises `ImageError` (422)."""
    colors = header.compression == RLE24
    pen = _Pen(header.width, header.height, 3 if colors else 1)
    ended = _draw_colors(data, pen) if colors else _draw_indices(data, header, pen)
    if not ended and not pen.done:
        raise damaged("its runs end before the picture does")
    return pen.pixels.reshape(header.height, header.width, *([3] if colors else []))


def _draw_indices(data: memoryview, header: Header, pen: _Pen) -> bool:
    """Draw the codes: all are pairs, as literals are filled up to them. Returns whether there was
    an end.
    """
    pairs = np.frombuffer(data, np.uint8, len(data) // 2 * 2).reshape(-1, 2)
    counts, seconds = pairs[:, 0].tobytes(), pairs[:, 1].tobytes()
    nibbles = header.compression == RLE4
    repeated = _nibbles_repeated if nibbles else _bytes_repeated
    at, end = 0, len(pairs)
    while at < end and not pen.below:
        escape = counts.find(b"\0", at)
        escape = end if escape < 0 else escape
        if escape > at:
            pen.draw(_run(pairs[at:escape], pen.room, repeated))
        if escape == end:
            break
        kind, at = seconds[escape], escape + 1
        if kind == _END:
            return True
        if kind == _END_OF_ROW:
            pen.move(-pen.x, 1)
        elif kind == _SKIP:
            if at < end:
                pen.move(counts[at], seconds[at])
            at += 1
        elif nibbles:
            literal = bytes(data[2 * at : 2 * at + (kind + 1) // 2])
            pen.draw(literal.hex().encode().translate(_DIGITS)[:kind])
            at += -(-kind // 4)
        else:
            pen.draw(data[2 * at : 2 * at + kind])
            at += -(-kind // 2)
    return False


def _run(
    pairs: Bytes, room: int, repeated: Callable[[Bytes, npt.NDArray[np.int64]], Bytes]
) -> memoryview:
    """The bytes that these pairs draw into a row with so much room."""
    pairs = pairs[: room + 1]  # each is a pixel at least
    ends = np.cumsum(pairs[:, 0], dtype=np.int64)
    number = int(np.searchsorted(ends, room)) + 1
    return repeated(pairs[:number], ends[:number]).data


def _bytes_repeated(pairs: Bytes, ends: npt.NDArray[np.int64]) -> Bytes:
    return np.repeat(pairs[:, 1], pairs[:, 0])


def _nibbles_repeated(pairs: Bytes, ends: npt.NDArray[np.int64]) -> Bytes:
    """The two of a run take turns."""
    counts, values = pairs[:, 0], np.repeat(pairs[:, 1], pairs[:, 0])
    odd = (np.arange(len(values)) - np.repeat(ends - counts, counts)) & 1
    return np.where(odd, values & 15, values >> 4).astype(np.uint8)


def _draw_colors(data: memoryview, pen: _Pen) -> bool:
    """Runs are a count and a colour; literals are filled up to an even number of bytes."""
    at, end = 0, len(data)
    while at + 1 < end and not pen.below:
        count, kind = data[at], data[at + 1]
        if count:
            pen.draw(bytes(data[at + 1 : at + 4]) * count)
            at += 4
            continue
        at += 2
        if kind == _END:
            return True
        if kind == _END_OF_ROW:
            pen.move(-pen.x, 1)
        elif kind == _SKIP:
            if at + 1 < end:
                pen.move(data[at], data[at + 1])
            at += 2
        else:
            pen.draw(data[at : at + 3 * kind])
            at += (3 * kind + 1) // 2 * 2
    return False
