"""Mends a BMP that is cut short: the rest of it becomes a whole file again."""

from imgmiddleware.formats.bmp.header import RUNS, read_header
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.window import Window

#: The end of all runs.
_END = b"\0\1"


def mended(data: Data, most: int) -> bytes | None:
    """The same, with zeros for the rows that are missing.

    None where no row is left, or where more than `most` bytes would be held for it.
    """
    header = read_header(Window.over(data))
    if header.pixels >= len(data):
        return None
    if header.compression in RUNS:
        # Codes are pairs, so that no half of one takes the end for its other half.
        even = len(data) - (len(data) - header.pixels) % 2
        return bytes(data[:even]) + _END
    length = header.pixels + header.height * header.stride
    return None if length > most else bytes(data).ljust(length, b"\0")
