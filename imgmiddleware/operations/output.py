"""Output: the format of the result and how much quality it keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from imgmiddleware.forms import choice, subset, whole
from imgmiddleware.operations.transform import Operation, parameter

#: The formats of a result, by their name in a query.
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "jpg": "image/jpeg",
        "png": "image/png",
        "webp": "image/webp",
        "avif": "image/avif",
        "gif": "image/gif",
        "bmp": "image/bmp",
        "tif": "image/tiff",
    }
)
#: Those that keep alpha, GIF that of what is quite clear. BMP could hold it too, but most readers
#: of 32-bit BMP ignore it and show what it hid.
WITH_ALPHA = frozenset({"png", "webp", "avif", "gif", "tif"})

#: Those that move, best first: what is chosen for a client that names it, GIF for all others.
ANIMATED = ("webp", "avif", "gif")
#: Those that hold samples of 16 bits.
DEEP = frozenset({"png", "tif"})
#: Those that can say which colours they mean, and of these the ones that can be gray.
WITH_PROFILE = frozenset({"jpg", "png", "webp", "avif", "tif"})
WITH_GRAY = frozenset({"jpg", "png", "tif"})

#: What is chosen, best first, for a client that names it. At one `q` AVIF takes 0.59 and WebP 0.62
#: of JPEG's bytes (docs/results.md), and AVIF two thirds of WebP's time.
NEGOTIATED = ("avif", "webp")

#: Of larger results nobody gets either: they encode some 10 megapixels a second where JPEG does 280
#: (benchmarks/bench_encode.py), and a second is too long to wait for a format.
MOST_NEGOTIATED_PIXELS = 4_000_000


@dataclass(frozen=True)
class Output(Operation):
    fm: str | None = parameter(choice(*MEDIA_TYPES))
    q: int = parameter(whole(0, 100), 75)
    max_bytes: int | None = parameter(whole(100, 100_000_000))
    depth: str = parameter(choice("8", "16"), "8")
    keep: tuple[str, ...] = parameter(subset("icc", "exif", "copyright"), ())

    @property
    def negotiates(self) -> bool:
        """Whether the format is left to what the client accepts."""
        return self.fm is None and self.depth == "8"

    def format(
        self, alpha: bool, pixels: int, accepted: Collection[str], *, animated: bool = False
    ) -> str:
        """The result's format: as asked for, else the best that is accepted.

        Else JPEG, or PNG where the original has alpha or is to keep 16 bits, or GIF for what moves.
        A pure function of what is part of the key.
        """
        if self.fm is not None:
            return self.fm
        if animated:
            return next((name for name in ANIMATED if name in accepted), "gif")
        if self.depth == "16":
            return "png"
        if pixels <= MOST_NEGOTIATED_PIXELS:
            for name in NEGOTIATED:
                if name in accepted:
                    return name
        return "png" if alpha else "jpg"
