"""What a parser of one format offers, and the words that all parsers share."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from imgmiddleware.errors import ImageError, damaged
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.window import Readable, Window

#: An encoded original in memory.
Data = bytes | memoryview

#: The largest colour profile that is handed on. Printers' profiles with dense tables reach 3 MB;
#: a short zlib stream can inflate to more: so the bound is on the inflated size.
MAX_PROFILE = 4 * 1024 * 1024

#: EXIF beyond this is not read: JPEG's, from which it is usually copied, ends at 64 KiB.
MAX_EXIF = 1024 * 1024

#: Added to every decoder's bound for what does not grow with the picture: tables, row buffers, the
#: contexts of threads. On files of 20 megapixels that is below 1 MiB, so wide rows have room.
SLACK = 4 * 1024 * 1024

#: Bytes a pixel that laying frames over one another takes: the canvas, what it was before, a copy
#: that is handed on, and the frame as blue, green, red and alpha.
COMPOSED = 16

#: What hostile numbers make Python's own parsers raise: a short buffer, a stream that is none, a
#: subscript that a header invented.
PARSE_ERRORS = (struct.error, zlib.error, ValueError, OverflowError, LookupError)


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how it is told by its first bytes, and its three walks over an original.

    `read_page` reads the facts of a page (from 0) where pages differ; a page that is not there is
    the first. `exif` finds the block, without its `Exif` prefix. For originals with
    `Facts.band_bytes`, `profile` and `exif` may be given the original itself. `needs` is the
    module that decodes it, where that comes with an `extra` of this package; `title` is the name
    that people know.
    """

    name: str
    sniff: Callable[[bytes], bool]
    read: Callable[[Window], Facts]
    vet: Callable[[Data, Facts], Data]
    profile: Callable[[Any, Facts], bytes | None]
    read_page: Callable[[Window, int], Facts] | None = None
    exif: Callable[[Any], Data | Readable | None] | None = None
    title: str = ""
    needs: str = ""
    extra: str = ""


def unsupported(detail: str) -> ImageError:
    """The refusal of a kind of a format that no decoder here takes: 415."""
    return ImageError("unsupported-feature", detail)


def let_pass(error: Exception) -> None:
    """Raise it again unless it tells of damage, where damage to what goes along is no refusal.

    That a source fails or an original changes while it is read must not make another picture.
    """
    if isinstance(error, ImageError) and error.status == 503:
        raise error


def check_size(width: int, height: int) -> None:
    """Refuse a picture without pixels, or of a side that no decoder here can index."""
    if not (0 < width < 2**31 and 0 < height < 2**31):
        raise damaged(f"its header claims {width} x {height} pixels")


def unchanged(data: Data, facts: Facts) -> Data:
    """The `vet` of a format whose header walk has seen everything that can be checked."""
    return data


def no_profile(data: Data, facts: Facts) -> bytes | None:
    """The profile of a format that has no place for one."""
    return None
