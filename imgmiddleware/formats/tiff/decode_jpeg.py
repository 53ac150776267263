"""Pieces that are JPEGs: one by one, by the decoder of JPEG itself."""

from imgmiddleware.errors import damaged
from imgmiddleware.formats.jpeg.abbreviated import made_whole
from imgmiddleware.formats.jpeg.decode import samples
from imgmiddleware.formats.raster import Raster
from imgmiddleware.pixels.arrays import Pixels, Size
from imgmiddleware.pixels.halve import halve

_COLORS = {1: "gray", 3: "rgb", 4: "cmyk"}
#: Smaller pieces may have one size at two scales of a decoder, which then takes the smaller.
_LEAST = 8


def jpeg_piece(raster: Raster, stored: memoryview, piece: int) -> Pixels:
    """The part of the picture in a piece, with sides divided by `raster.by`.

    The picture's size and number of samples are those of the directory, or it is damage (422).
    """
    whole, by = raster.of or raster, raster.by
    width, height = whole.shown(piece)
    stream, frame = made_whole(raster.tables, stored, ycc=raster.ycc)
    size = frame.width, frame.height
    _check(whole, piece, size)
    if len(frame.sampling) != raster.channels:
        raise damaged(f"a strip or tile of it is a JPEG of {len(frame.sampling)} samples a pixel")
    color, usual = _COLORS[raster.channels], frame.usual
    if by == 1:
        return samples(stream, color, size, usual=usual)[:height, :width]
    fits = all(inside % by == 0 for inside in (width, height)) or size == (width, height)
    if fits and max(size) >= _LEAST:
        shown = raster.shown(piece)
        least = -(-size[0] // by), -(-size[1] // by)
        return samples(stream, color, least, usual=usual)[: shown[1], : shown[0]]
    # At an edge of the picture a sample would mix it with the filling of the piece.
    pixels = samples(stream, color, size, usual=usual)[:height, :width]
    for _ in range(by.bit_length() - 1):
        pixels = halve(pixels)
    return pixels


def _check(raster: Raster, piece: int, size: Size) -> None:
    """Compare its frame header with the directory: it may be larger than its part needs."""
    least, most = raster.shown(piece), (raster.wide, raster.high)
    if not all(few <= side <= many for few, side, many in zip(least, size, most, strict=True)):
        raise damaged(
            f"a strip or tile of it is a JPEG of {size[0]}x{size[1]} pixels; its directory says "
            f"{most[0]}x{most[1]}"
        )
