"""Metadata: what goes along with a result beside its pixels."""

from dataclasses import dataclass

from imgmiddleware.formats.containers.exif import Exif, written


@dataclass(frozen=True, slots=True)
class Metadata:
    """What goes along with a picture: an ICC profile that is its pixels', and EXIF."""

    icc: bytes | None = None
    exif: Exif = Exif()

    @property
    def block(self) -> bytes:
        """The EXIF as a block for a file, without its `Exif` prefix; empty where there is none."""
        return written(self.exif) if self.exif else b""

    def __bool__(self) -> bool:
        return bool(self.icc or self.exif)


NO_METADATA = Metadata()
