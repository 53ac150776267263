"""The record of one format of originals: everything that this package knows of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from imgmiddleware.formats.animation import Animation, Shown
from imgmiddleware.formats.containers.exif import Exif
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.raster import Raster
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Box, Pixels, Size
from imgmiddleware.sources.original import Original

#: The index of the first row in a box, and rows of it from there on.
Block = tuple[int, Pixels]


class Found(NamedTuple):
    """A decoder's pixels, and the ICC profile where only the decoder can read that."""

    pixels: Pixels
    profile: bytes | None = None


def unchanged(data: Data, facts: Facts) -> Data:
    """The `vet` of a format whose header walk has already made every check."""
    return data


def not_mended(data: Data, most: int) -> bytes | None:
    """The `mend` of a format whose decoders return nothing of a damaged file."""
    return None


def no_profile(data: Any, facts: Facts) -> bytes | None:
    """The profile of a format without a place for one, or whose decoder hands it over."""
    return None


def no_exif(data: Any, facts: Facts) -> Exif:
    """The EXIF of a format that has no place for it."""
    return Exif()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format: how it is told, read, checked and decoded. `registry.register` adds one.

    The functions that read a file believe no number in it. They raise `ImageError` (415 for a kind
    that is not opened, 422 for damage); errors of Python's own parsers (`reading.PARSE_ERRORS`) are
    told as damage. Only `decode`, `rows` and `pictures` may call a decoder.
    """

    #: The name in options, facts and errors; and the usual name, where it is another one.
    name: str
    title: str = ""
    #: Whether a file that begins with these bytes, 512 at most, is of this format.
    sniff: Callable[[bytes], bool]
    #: The facts of an original, or of its first page or frame.
    read: Callable[[Window], Facts]
    #: The facts of a page, from 0, where pages differ; a page that is not there is the first.
    read_page: Callable[[Window, int], Facts] | None = None
    #: Checks the facts that only the whole file tells, and returns the part for the decoder.
    vet: Callable[[Data, Facts], Data] = unchanged
    #: The ICC profile, and the EXIF. Of originals with `Facts.band_bytes` they may be given the
    #: original itself instead of its bytes.
    profile: Callable[[Any, Facts], bytes | None] = no_profile
    exif: Callable[[Any, Facts], Exif] = no_exif
    #: All pixels as stored, or of the given size where the decoder `scales`; upright where it turns
    #: them (`upright`). dtype uint8, uint16 or float32 as `Facts.depth` says, (height, width) or
    #: with 3 (BGR) or 4 (BGRA, or CMYK) channels.
    decode: Callable[[Data, Facts, Size], Found]
    scales: bool = False
    upright: bool = False
    #: The place of the rows of an original with `Facts.band_bytes`; and a box of them, as stored,
    #: in blocks that begin at multiples of some rows; in any order, or from the top down (True).
    raster: Callable[[Window, Facts], Raster] | None = None
    rows: Callable[[Original, Raster, Box, int, bool], Iterable[Block]] | None = None
    #: The JPEG of the piece that shows a box and no more, as it stands; None where there is none.
    stored: Callable[[Original, Raster, Box], bytes | None] | None = None
    #: The frames of an animation as stills; or else, where frames cannot be decoded alone, its
    #: finished pictures, uint8, each with its milliseconds.
    frames: Callable[[Data, Facts], Animation] | None = None
    pictures: Callable[[Data, Facts], Shown] | None = None
    #: The rest of a damaged file, as a whole file; None where nothing is left, or where it takes
    #: more bytes than these. It is not asked whether a file is damaged.
    mend: Callable[[Data, int], bytes | None] = not_mended
    #: The module that decodes it, where it comes with an `extra` of this package.
    needs: str = ""
    extra: str = ""
    #: Whether `Facts.decode_bytes` bounds its decoder: else it is off unless it is turned on.
    safe: bool = True
