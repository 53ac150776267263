"""Metadata: what goes along with a result beside its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from imgmiddleware.formats.containers.exif import Exif


@dataclass(frozen=True, slots=True)
class Metadata:
    """What goes along with a picture: an ICC profile that is its pixels', and EXIF."""

    icc: bytes | None = None
    exif: Exif = Exif()

    def __bool__(self) -> bool:
        return bool(self.icc or self.exif)


NO_METADATA = Metadata()
