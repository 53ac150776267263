"""Output: the format of the result and how much quality it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from imgmiddleware.operations.forms import choice, whole
from imgmiddleware.transform import Operation, parameter

#: The formats of a result by their name in a query: the media type, and whether they hold alpha.
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "jpg": "image/jpeg",
        "png": "image/png",
        "webp": "image/webp",
        "avif": "image/avif",
        "bmp": "image/bmp",
        "tif": "image/tiff",
    }
)
#: BMP could hold alpha too, but most readers of 32-bit BMP ignore it and show what it hid.
WITH_ALPHA = frozenset({"png", "webp", "avif", "tif"})


@dataclass(frozen=True)
class Output(Operation):
    fm: str | None = parameter(choice(*MEDIA_TYPES))
    q: int = parameter(whole(0, 100), 75)
    max_bytes: int | None = parameter(whole(100, 100_000_000))

    def format(self, alpha: bool) -> str:
        """The result's format: as asked for, else JPEG, or PNG where the original has alpha."""
        return self.fm or ("png" if alpha else "jpg")
