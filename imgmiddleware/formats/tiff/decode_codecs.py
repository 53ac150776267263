"""The samples of pieces, strips or tiles that are compressed, once their bytes are read.

Python has no decoder of TIFF's LZW. So the compressed bytes of a few pieces are put, as they are,
behind a directory of their own, and Pillow opens that as a small TIFF. It tells of damage as it
does in a whole file, and takes less time, as its copying stays within the processor's cache. It has
no colours of more than 8 bits; for these it returns the bytes.
"""

import zlib
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from imgmiddleware.errors import damaged
from imgmiddleware.formats import native
from imgmiddleware.formats.containers.ifd import (
    HEADER,
    Value,
    directory,
    directory_size,
    longs,
    shorts,
)
from imgmiddleware.formats.decoders import imdecoded, opened_by_pillow, told_as_damage
from imgmiddleware.formats.plain_rows import samples
from imgmiddleware.formats.raster import ADOBE_DEFLATE, DEFLATE, WEBP, Raster
from imgmiddleware.formats.webp.facts import read as read_webp
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Pixels, Size

#: Samples a pixel -> TIFF's photometric interpretation and Pillow's mode, in which Pillow returns
#: samples as they are stored. RGBA goes as CMYK: its fourth sample means nothing to Pillow.
_MODES = {1: (1, "L"), 3: (2, "RGB"), 4: (5, "CMYK")}
_FLOATING_POINT = 3

Lines = npt.NDArray[np.uint8]


def decoded(raster: Raster, stored: list[memoryview], size: Size) -> Pixels:
    """Pieces as one picture of this width and height: strips below, tiles beside one another.

    They are as `raster` says, except for the order of bytes in a sample, which is this machine's.
    Raises `ImageError` (422).
    """
    if raster.compression == WEBP:
        return _webp(raster, stored[0], size)
    if raster.bits == 1:
        return unpacked_bits(packed_bits(raster, stored, size), size[0])
    deflate = raster.compression in (DEFLATE, ADOBE_DEFLATE)
    bytes_alone = np.dtype(raster.dtype).itemsize == 1 and raster.channels in _MODES
    if bytes_alone and not deflate:
        return _by_pillow(raster, stored, size)
    # Which compares the checksum, and takes half of libtiff's time, 0.7 of it with differences.
    lines = (_inflated if deflate else _unpacked)(raster, stored, size)
    if raster.tiled:
        return np.concatenate([meant(one, raster) for one in lines], axis=1)
    return meant(np.concatenate(lines), raster)  # many strips are one row each


def _heights(raster: Raster, stored: list[memoryview], size: Size) -> list[int]:
    """Rows of each piece; the last strip may have fewer."""
    if raster.tiled:
        return [raster.high] * len(stored)
    return [min(raster.high, size[1] - top) for top in range(0, size[1], raster.high)]


def _inflated(raster: Raster, stored: list[memoryview], size: Size) -> list[Lines]:
    lines, inflater = [], native.isal_zlib() or zlib
    for piece, rows in zip(stored, _heights(raster, stored, size), strict=True):
        stream = inflater.decompressobj()
        try:
            # Some writers fill up the last strip. With one byte more it reads up to the end of the
            # stream, with the checksum; a second call for it takes Python's lock once more.
            data = stream.decompress(piece, raster.high * raster.stride + 1)
        except inflater.error as error:
            raise damaged("a strip or tile of it could not be inflated") from error
        if not rows * raster.stride <= len(data) <= raster.high * raster.stride:
            raise damaged("a strip or tile of it holds more or less than its rows")
        bytes_of = np.frombuffer(data, np.uint8, rows * raster.stride)
        lines.append(bytes_of.reshape(rows, raster.stride))
    return lines


def _unpacked(raster: Raster, stored: list[memoryview], size: Size) -> list[Lines]:
    """The bytes that libtiff unpacks, as strips of a gray picture that is as wide as a row."""
    heights = _heights(raster, stored, size)
    whole = raster.stride, sum(heights)
    rows = np.frombuffer(_opened(_strips(raster, whole), stored, whole, "L"), np.uint8)
    return np.split(rows.reshape(-1, raster.stride), [*accumulate(heights)][:-1])


def meant(lines: Lines, raster: Raster) -> Pixels:
    """Rows of bytes as samples, with their differences added up (TIFF 6.0, section 14; TIFF
    Technical Note 3 for floats).
    """
    if raster.predictor == _FLOATING_POINT:
        count = raster.wide * raster.channels
        planes = _summed(lines, raster.channels).reshape(len(lines), -1, count)
        kind = np.dtype(raster.dtype)
        highest_first = planes.transpose(0, 2, 1)
        found = np.ascontiguousarray(highest_first).view(kind.newbyteorder(">"))[..., 0]
        found = found.astype(kind.newbyteorder("="))
        return found if raster.channels == 1 else found.reshape(len(lines), -1, raster.channels)
    pixels = samples(lines, raster)
    if raster.predictor == 1:
        return pixels
    whole = pixels.view(f"u{pixels.itemsize}").reshape(len(lines), -1)
    return _summed(whole, raster.channels).view(pixels.dtype).reshape(pixels.shape)


def _summed(rows: Pixels, step: int) -> Pixels:
    """Each sample plus all samples that stand `step`, and twice, three times ... as far, to its
    left.

    First the sums of two are made, then of four, and so on (Hillis and Steele, 1986). With vectors
    this takes a third of the time of `np.cumsum`, which goes sample by sample.
    """
    sums, more = rows, np.empty_like(rows)
    while step < rows.shape[1]:
        more[:, :step] = sums[:, :step]
        np.add(sums[:, step:], sums[:, :-step], out=more[:, step:])
        sums, more = more, np.empty_like(rows) if sums is rows else sums
        step *= 2
    return sums


def _by_pillow(raster: Raster, stored: list[memoryview], size: Size) -> Pixels:
    photometric, mode = _MODES[raster.channels]
    tags = _strips(raster, size) | {
        258: shorts(*[8] * raster.channels),
        262: shorts(photometric),
        277: shorts(raster.channels),
        317: shorts(raster.predictor),
    }
    data = _opened(_tiles(raster, tags), stored, size, mode)
    return samples(np.frombuffer(data, np.uint8).reshape(size[1], -1), raster)


def packed_bits(raster: Raster, stored: list[memoryview], size: Size) -> Lines:
    """Pieces of one bit a pixel, as rows of bytes of eight each."""
    tags = _strips(raster, size) | {258: shorts(1)}
    tags |= {tag: longs(value) for tag, value in raster.fax}
    tags = _tiles(raster, tags)
    return np.frombuffer(_opened(tags, stored, size, "1"), np.uint8).reshape(size[1], -1)


def unpacked_bits(packed: Lines, width: int) -> Pixels:
    """The first pixels of rows of bytes: 0, and 255 for 1."""
    return np.unpackbits(packed, axis=1, count=width) * np.uint8(255)


def _webp(raster: Raster, stored: memoryview, size: Size) -> Pixels:
    """Pieces by the decoder of WebP, blue first; opaque where they have no alpha."""
    facts = read_webp(Window.over(stored))
    if (facts.width, facts.height) != size or facts.frames > 1:
        raise damaged("a strip or tile of it is a WebP of another size than its directory says")
    pixels = imdecoded(stored)
    if pixels is None or pixels.ndim != 3 or pixels.shape[1::-1] != size:
        raise damaged("a strip or tile of it is a WebP that could not be read")
    if pixels.shape[2] > raster.channels:
        return pixels[..., : raster.channels]
    spare = raster.channels - pixels.shape[2]
    return np.pad(pixels, [(0, 0), (0, 0), (0, spare)], constant_values=255) if spare else pixels


def _strips(raster: Raster, size: Size) -> dict[int, Value]:
    """The tags of gray bytes; of pieces that are tiles beside one another `_tiles` has more."""
    return {
        256: longs(size[0]),
        257: longs(size[1]),
        258: shorts(8),
        259: shorts(raster.compression),
        262: shorts(1),
        277: shorts(1),
        278: longs(raster.high),
    }


def _tiles(raster: Raster, tags: dict[int, Value]) -> dict[int, Value]:
    """The same tags where the pieces are tiles."""
    return {**tags, 322: longs(raster.wide), 323: tags[278]} if raster.tiled else tags


def _opened(tags: dict[int, Value], stored: list[memoryview], size: Size, mode: str) -> bytes:
    """The samples of a small TIFF with these tags and pieces."""
    file = _header(tags, stored) + b"".join(stored)
    with told_as_damage("tiff"), opened_by_pillow(file, "TIFF", size) as image:
        image.load()
        if (image.size, image.mode) != (size, mode):
            raise damaged("the TIFF decoder found another picture than its header promised")
        return image.tobytes()


def _header(tags: dict[int, Value], pieces: list[memoryview]) -> bytes:
    """A TIFF header and directory (TIFF 6.0, section 2) for pieces that follow at once."""
    offsets, counts = (324, 325) if 322 in tags else (273, 279)
    tags = {**tags, offsets: longs(*[0] * len(pieces)), counts: longs(*map(len, pieces))}
    begin = len(HEADER) + directory_size(tags)
    tags[offsets] = longs(*accumulate(map(len, pieces[:-1]), initial=begin))
    return HEADER + directory(tags, len(HEADER))
