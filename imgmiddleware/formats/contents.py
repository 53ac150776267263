"""Contents: where the rows of an original stand in its file, and what goes along with them.

To find that out takes as long as to decode a tile, so it is a value that can be remembered.
"""

from dataclasses import dataclass

from imgmiddleware.formats.containers.exif import Exif
from imgmiddleware.formats.raster import Raster


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contents:
    """Those of a page that is read in bands, or of an overview of it, whose rows then stand in."""

    raster: Raster
    exif: Exif
    profile: bytes | None  # ICC; empty where it cannot be had

    @property
    def nbytes(self) -> int:
        """Bytes in memory, beside what the objects themselves take."""
        return self.raster.nbytes + self.exif.nbytes + len(self.profile or b"")
