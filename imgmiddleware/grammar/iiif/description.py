"""The text of `info.json` (Image API 3.0, section 5; 2.1, section 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imgmiddleware.grammar.grid import Grid, Limits
from imgmiddleware.grammar.iiif.segments import QUALITIES
from imgmiddleware.grammar.placed import FORMATS
from imgmiddleware.pixels.arrays import Size

API = "http://iiif.io/api/image"

#: The features beyond level 2.
_EXTRAS = (
    "canonicalLinkHeader",
    "mirroring",
    "profileLinkHeader",
    "rotationArbitrary",
)
#: 2.1 has these beyond its level 2, and 3.0 within it (compliance documents of both). Its
#: `sizeAboveFull` is not said: it would be a promise of larger pictures without `^`, which 3.0
#: forbids.
_EXTRAS_2 = ("regionSquare", "sizeByConfinedWh", "sizeByDistortedWh")
_EXTRAS_3 = ("sizeUpscaling",)


def level(version: int) -> str:
    """The URI of the level that is promised in this version of the API, 2 or 3."""
    return f"{API}/{version}/level2.json"


def context(version: int) -> str:
    """The URI of its JSON-LD context."""
    return f"{API}/{version}/context.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """The description of an original.

    `base` is the URL by which the client names it. `size` is its width and height in pixels,
    upright. `preferred` are the best formats for it, and `rights` is the URI of its licence, or
    nothing.
    """

    base: str
    size: Size
    grid: Grid
    limits: Limits
    preferred: Sequence[str]
    rights: str

    def said(self, version: int) -> dict[str, Any]:
        """The members of `info.json`, in version 2 or 3."""
        return self._said_2() if version == 2 else self._said_3()

    def _said_3(self) -> dict[str, Any]:
        said = {
            "@context": context(3),
            "id": self.base,
            "type": "ImageService3",
            "protocol": API,
            "profile": "level2",
            **self._sizes(),
            **self._most(),
            "preferredFormats": [*self.preferred],
            "extraFormats": [format for format in FORMATS if format not in ("jpg", "png")],
            "extraQualities": [quality for quality in QUALITIES if quality != "default"],
            "extraFeatures": [*_EXTRAS, *_EXTRAS_3],
        }
        return {**said, "rights": self.rights} if self.rights else said

    def _said_2(self) -> dict[str, Any]:
        extras = {
            "formats": [*FORMATS],
            "qualities": [*QUALITIES],
            "supports": [*_EXTRAS, *_EXTRAS_2],
            **self._most(),
        }
        said = {
            "@context": context(2),
            "@id": self.base,
            "protocol": API,
            **self._sizes(),
            "profile": [level(2), extras],
        }
        return {**said, "license": [self.rights]} if self.rights else said

    def _sizes(self) -> dict[str, Any]:
        """The smallest first, as in both examples: a viewer takes the first that suffices."""
        sizes = [size for size in self.grid.sizes(self.size) if self.limits.allow(size)]
        tiles = {**_sides(self.grid.tile), "scaleFactors": [*self.grid.factors]}
        return {
            **_sides(self.size),
            "sizes": [_sides(size) for size in reversed(sizes)],
            "tiles": [tiles],
        }

    def _most(self) -> dict[str, int]:
        limits = self.limits
        return {"maxWidth": limits.width, "maxHeight": limits.height, "maxArea": limits.area}


def _sides(size: Size) -> dict[str, int]:
    return {"width": size[0], "height": size[1]}
