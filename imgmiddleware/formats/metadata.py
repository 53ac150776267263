"""Metadata: the data that go along with a result beside its pixels."""

from dataclasses import dataclass

from imgmiddleware.formats.containers.exif import Exif, written
from imgmiddleware.pixels.codepoints import CodePoints


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of a picture: an ICC profile that is its pixels', EXIF, code points.

    Code points stand beside a profile that says the same, or alone where they are HDR.
    """

    icc: bytes | None = None
    exif: Exif = Exif()
    points: CodePoints | None = None

    @property
    def block(self) -> bytes:
        """The EXIF as a block for a file, without its `Exif` prefix; empty where there is none."""
        return written(self.exif) if self.exif else b""

    def __bool__(self) -> bool:
        return bool(self.icc or self.exif or self.points)


NO_METADATA = Metadata()
