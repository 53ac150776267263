"""TIFF, by OpenCV; metadata in a directory of its own."""

import struct

from imgmiddleware.formats.containers.exif import directories
from imgmiddleware.formats.containers.ifd import Value, open_ifd
from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.window import Window
from imgmiddleware.formats.write import by_opencv
from imgmiddleware.pixels.arrays import Pixels

_PROFILE_TAG = 34675


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    file = by_opencv(".tif", pixels)
    return _attached(file, metadata) if metadata else file


def _attached(file: bytes, metadata: Metadata) -> bytes:
    """With a new directory at the end, which has the old one's tags too; the header leads to it."""
    old = open_ifd(Window.over(file))
    assert (old.order, old.big) == ("<", False)  # OpenCV writes nothing else
    tags = old.values(old.directory(old.first))
    if metadata.icc:
        tags[_PROFILE_TAG] = Value(7, len(metadata.icc), metadata.icc)
    at = len(file) + len(file) % 2
    added = directories(metadata.exif, at, tags)
    return file[:4] + struct.pack("<L", at) + file[8:].ljust(at - 8, b"\0") + added
