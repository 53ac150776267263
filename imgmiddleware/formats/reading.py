"""The words that all header readers share."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from imgmiddleware.errors import ImageError, damaged, short_of_memory

#: An encoded original in memory.
Data = bytes | memoryview

#: The largest colour profile that is handed on. Printers' profiles with dense tables reach 3 MB;
#: a short zlib stream can inflate to more: so the bound is on the inflated size.
MAX_PROFILE = 4 * 1024 * 1024

#: EXIF beyond this is not read: JPEG's, from which it is usually copied, ends at 64 KiB.
MAX_EXIF = 1024 * 1024

#: Added to every decoder's bound for memory that does not grow with the picture: tables, row
#: buffers, the contexts of threads. On files of 20 megapixels that is below 1 MiB, so wide rows
#: have room.
SLACK = 4 * 1024 * 1024

#: The memory for a block of values while samples are made of it.
CONVERTED = 2**24

#: Bytes a pixel for laying frames over one another: the canvas, its state before, a copy that is
#: handed on, and the frame as blue, green, red and alpha.
COMPOSED = 16

#: A fax of 204 x 98 dots an inch has pixels twice as high as wide; film is squeezed by 2.
_LONGEST = 8

#: The errors of Python's own parsers for hostile numbers: a short buffer, a stream that is none, a
#: subscript that a header invented.
PARSE_ERRORS = (struct.error, zlib.error, ValueError, OverflowError, LookupError)


def unsupported(detail: str) -> ImageError:
    """The refusal of a kind of a format that no decoder here takes: 415."""
    return ImageError("unsupported-feature", detail)


def aspect_of(width: float, height: float) -> Fraction:
    """The shape of a pixel, from a file's numbers for its sides; a square if they make no sense."""
    if not (width > 0 and height > 0 and _LONGEST >= width / height >= 1 / _LONGEST):
        return Fraction(1)
    return Fraction(width / height).limit_denominator(1000)


@contextmanager
def told_as(detail: str) -> Iterator[None]:
    """Errors of Python's own parsers become `ImageError` (422), with this detail."""
    try:
        yield
    except PARSE_ERRORS as error:
        raise damaged(detail) from error


class _DamageLetPass:
    """A block that ends where it meets damage: for data that go along with a picture.

    It still raises if a source fails or an original changes while it is read: that must not make
    another picture.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, ImageError):
            return error.status != 503 and not short_of_memory(error)
        return isinstance(error, PARSE_ERRORS)


damage_let_pass = _DamageLetPass()


def check_size(width: int, height: int) -> None:
    """Refuse a picture without pixels, or of a side that no decoder here can index."""
    if not (0 < width < 2**31 and 0 < height < 2**31):
        raise damaged(f"its header claims {width} x {height} pixels")
