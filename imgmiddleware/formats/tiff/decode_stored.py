"""Pieces as they stand in the file, for clients that show JPEG: nothing is decoded, but every sent
byte is known.
"""

from imgmiddleware.formats.jpeg.abbreviated import made_bare
from imgmiddleware.formats.raster import JPEG, Raster
from imgmiddleware.formats.tiff.decode_pieces import read_stored
from imgmiddleware.pixels.arrays import Box
from imgmiddleware.sources.original import Original


def stored_piece(original: Original, raster: Raster, box: Box) -> bytes | None:
    """The JPEG of the tile that shows just this box; None where no tile can be sent."""
    piece = raster.piece_of(box)
    if piece is None or raster.compression != JPEG or raster.planes > 1 or raster.inverted:
        return None
    if not raster.counts[piece]:  # it was left out of the file
        return None
    stored = read_stored(original, raster, range(piece, piece + 1))[0]
    bare = made_bare(raster.tables, stored, ycc=raster.ycc)
    if bare is None:
        return None
    stream, frame = bare
    whole = (frame.width, frame.height) == box[2:] and len(frame.sampling) == raster.channels
    return stream if whole else None
