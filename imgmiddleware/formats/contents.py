"""Contents: the place of an original's rows in its file, and the metadata beside them.

Finding these takes as long as decoding a tile, so they are a value that can be remembered.
"""

from dataclasses import dataclass

from imgmiddleware.formats.containers.exif import Exif
from imgmiddleware.formats.raster import Raster


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contents:
    """The contents of a page that is read in bands, or of an overview with rows of its own."""

    raster: Raster
    exif: Exif
    profile: bytes | None  # ICC; empty where it cannot be read

    @property
    def nbytes(self) -> int:
        """Bytes in memory, beside those of the objects themselves."""
        return self.raster.nbytes + self.exif.nbytes + len(self.profile or b"")
