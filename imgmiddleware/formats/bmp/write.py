"""BMP, by OpenCV. It has no place for metadata."""

from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.write import by_opencv
from imgmiddleware.pixels.arrays import Pixels


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    return by_opencv(".bmp", pixels)
