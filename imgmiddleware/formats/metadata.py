"""Metadata into a result that has none: a colour profile and EXIF, in the way of each format.

The pixels of the file are not touched: segments, chunks or directories are put beside them. WebP
and AVIF are left to OpenCV, which writes them with what is to go along; of the others it refuses
profiles of more than 64 KiB (JPEG), those that libpng dislikes, and all (TIFF).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from imgmiddleware.formats.containers.exif import Exif, Value, directories, values, written
from imgmiddleware.formats.containers.ifd import read_directory, read_layout
from imgmiddleware.formats.png.write import chunk
from imgmiddleware.formats.window import Window

#: A JPEG segment's payload, and what of a profile's is left behind its name and two counts.
_SEGMENT = 65_533
_PART = _SEGMENT - 14
_PROFILE_TAG = 34675


@dataclass(frozen=True, slots=True)
class Metadata:
    """What goes along with a picture: an ICC profile that is its pixels', and EXIF."""

    icc: bytes | None = None
    exif: Exif = Exif()

    def __bool__(self) -> bool:
        return bool(self.icc or self.exif)


NO_METADATA = Metadata()


def attached(file: bytes, format: str, metadata: Metadata) -> bytes:
    """The file of "jpg", "png" or "tif" with its metadata; of another format as it is."""
    return _WRITERS[format](file, metadata) if metadata and format in _WRITERS else file


def _jpeg(file: bytes, metadata: Metadata) -> bytes:
    """Segments behind JFIF's (EXIF: DC-008, 4.7.2; profile: ICC.1, annex B.4)."""
    start = 2
    if file[2:4] == b"\xff\xe0":
        start = 4 + int.from_bytes(file[4:6], "big")
    segments: list[tuple[int, bytes]] = []
    if metadata.exif:
        segments.append((0xE1, b"Exif\0\0" + written(metadata.exif)))
    if metadata.icc:
        parts = [metadata.icc[at : at + _PART] for at in range(0, len(metadata.icc), _PART)]
        for number, part in enumerate(parts, 1):
            segments.append((0xE2, b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part))
    packed = b"".join(
        struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body for marker, body in segments
    )
    return file[:start] + packed + file[start:]


def _png(file: bytes, metadata: Metadata) -> bytes:
    """Chunks behind IHDR, before any that they must precede (clause 5.6)."""
    chunks = b""
    if metadata.icc:
        chunks += b"".join(chunk(b"iCCP", b"ICC profile\0\0", zlib.compress(metadata.icc)))
    if metadata.exif:
        chunks += b"".join(chunk(b"eXIf", written(metadata.exif)))
    return file[:33] + chunks + file[33:]


def _tiff(file: bytes, metadata: Metadata) -> bytes:
    """A new directory at the end, with the old one's tags, to which the header then leads."""
    window = Window.over(file)
    layout = read_layout(window)
    assert (layout.order, layout.big) == ("<", False)  # OpenCV writes nothing else
    tags = values(window, layout, read_directory(window, layout, layout.first).entries)
    if metadata.icc:
        tags[_PROFILE_TAG] = Value(7, len(metadata.icc), metadata.icc)
    at = len(file) + len(file) % 2
    added = directories(metadata.exif, at, tags)
    return file[:4] + struct.pack("<L", at) + file[8:].ljust(at - 8, b"\0") + added


_WRITERS: Mapping[str, Callable[[bytes, Metadata], bytes]] = {
    "jpg": _jpeg,
    "png": _png,
    "tif": _tiff,
}
