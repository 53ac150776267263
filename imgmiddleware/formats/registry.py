"""All formats of originals by name."""

from collections.abc import Mapping
from types import MappingProxyType

from imgmiddleware.errors import ImageError
from imgmiddleware.formats import avif, bmp, gif, heic, jp2, jpeg, jxl, png, signatures, tiff, webp
from imgmiddleware.formats.format import Format

_FORMATS: dict[str, Format] = {
    room.FORMAT.name: room.FORMAT
    for room in (jpeg, png, webp, avif, gif, bmp, tiff, heic, jxl, jp2)
}

FORMATS: Mapping[str, Format] = MappingProxyType(_FORMATS)


def register(format: Format) -> None:
    """Add a format of originals, for all of this process.

    To be called before services are built, as their options name formats. A file is of the first
    format that takes its first bytes, and those of this package come first. Raises `ValueError`
    where there is one of that name.
    """
    if format.name in (*_FORMATS, "array"):
        raise ValueError(f"there is a format {format.name!r} already")
    _FORMATS[format.name] = format


def names(*, safe: bool) -> frozenset[str]:
    """The names of the formats with a bounded decoder, or of the formats without."""
    return frozenset(format.name for format in FORMATS.values() if format.safe == safe)


def identify(head: bytes) -> Format:
    """The format of a file's first bytes. Raises 415, `unknown-format`, named where it can be."""
    for format in FORMATS.values():
        if format.sniff(head):
            return format
    name = signatures.name(head)
    known = f"it is {name}, which is not opened here"
    raise ImageError("unknown-format", known if name else "its first bytes are of no known format")
