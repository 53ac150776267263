"""Plain rows: those of a BMP or of an uncompressed TIFF in strips, read where they stand."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from imgmiddleware.errors import damaged
from imgmiddleware.formats.announced import announce_rows
from imgmiddleware.formats.raster import BLOCK, Raster
from imgmiddleware.formats.window import Readable
from imgmiddleware.pixels.arrays import Box, Pixels
from imgmiddleware.sources.original import changed_while_read

#: Bytes of a row that must be cut away to make reading the rest alone worth a call for each row.
_WORTH_A_READ = 2**15


def plain_rows(
    original: Readable, raster: Raster, box: Box, step: int, downwards: bool = False
) -> Iterator[tuple[int, Pixels]]:
    """The box (left, top, width, height) in blocks that begin at multiples of `step` rows.

    Each with the index of its first row in the box; in the order of the file, or `downwards`. The
    pixels are a view of memory that the next block is read into. Raises `ImageError`.
    """
    left, top, width, height = box
    pixel = raster.channels * np.dtype(raster.dtype).itemsize
    first, wanted = left * pixel, width * pixel
    if raster.stride - wanted < _WORTH_A_READ:
        first, wanted = 0, raster.stride
    rows = max(step, BLOCK // wanted // step * step)
    buffer = np.empty((min(rows, height), wanted), np.uint8)
    tops = range(top, top + height, rows)
    for at in reversed(tops) if raster.upwards and not downwards else tops:
        block = buffer[: min(rows, top + height - at)]
        begin = raster.height - at - len(block) if raster.upwards else at
        _read(original, raster, begin, first, block)
        inside = block[:, left * pixel - first :][:, : width * pixel]
        pixels = samples(inside, raster)
        yield at - top, pixels[::-1] if raster.upwards else pixels


def _read(
    original: Readable, raster: Raster, begin: int, first: int, block: npt.NDArray[np.uint8]
) -> None:
    """Rows of the file from `begin` on, of each the bytes from `first` on, as many as fit."""
    wanted = block.shape[1]
    for at, rows, offset in _runs(raster, begin, len(block)):
        if not offset:  # a strip that was left out of the file is zeros
            block[at : at + rows] = 0
            continue
        if offset + rows * raster.stride > original.size:
            raise damaged("a strip goes on beyond the end of the file")
        if wanted == raster.stride:
            fill(original, block[at : at + rows].reshape(-1).data, offset)
            continue
        starts = range(offset + first, offset + first + rows * raster.stride, raster.stride)
        announce_rows(original, starts, wanted)
        for row in range(rows):
            fill(original, block[at + row].data, offset + row * raster.stride + first)


def _runs(raster: Raster, begin: int, count: int) -> Iterator[tuple[int, int, int]]:
    """Index, number and offset of rows that follow one another in the file."""
    at, rows, offset = 0, 0, 0
    done = 0
    while done < count:
        strip, inside = divmod(begin + done, raster.high)
        start = int(raster.offsets[strip])
        place = start + inside * raster.stride if start else 0
        number = min(raster.high - inside, count - done)
        if rows and place and place == offset + rows * raster.stride:
            rows += number
        else:
            if rows:
                yield at, rows, offset
            at, rows, offset = done, number, place
        done += number
    yield at, rows, offset


def fill(original: Readable, buffer: memoryview, offset: int) -> None:
    """Raises `ImageError` where the original ends before, which its header did not say."""
    if original.read_into(buffer, int(offset)) < len(buffer):
        raise changed_while_read()


def samples(rows: npt.NDArray[np.uint8], raster: Raster) -> Pixels:
    """Rows of bytes as samples, in this machine's order: (height, width), or with channels."""
    kind = np.dtype(raster.dtype)
    packed = raster.is_packed
    number = raster.wide * raster.channels
    view: Pixels = unpacked(rows, raster.bits, number) if packed else rows.view(kind)
    if raster.channels > 1:
        view = view.reshape(len(rows), -1, raster.channels)
    return view if packed or kind.isnative else view.astype(kind.newbyteorder("="))


def unpacked(rows: npt.NDArray[np.uint8], bits: int, number: int) -> Pixels:
    """So many samples of 9 to 15 bits that follow one another without a gap, the highest first."""
    begin = np.arange(number) * bits
    places, gaps = begin // 8, (24 - bits - begin % 8).astype(np.uint32)
    wide = np.pad(rows, [(0, 0), (0, 2)]).astype(np.uint32)
    three = wide[:, places] << 16 | wide[:, places + 1] << 8 | wide[:, places + 2]
    return np.asarray(three >> gaps & (1 << bits) - 1, np.uint16)
