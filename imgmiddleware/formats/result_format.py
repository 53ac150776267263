"""What the package knows of one format of results: the record that its room offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.pixels.arrays import Pixels

#: The frames of an animation, each with its milliseconds.
Frames = Sequence[tuple[Pixels, int]]

#: `q` where the scale of each encoder is known. One `q` gives JPEG, WebP and AVIF the same median
#: score of SSIMULACRA2 over five photos; measured by benchmarks/bench_quality.py.
QUALITIES = (0, 10, 25, 50, 75, 90, 100)


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultFormat:
    """One format of results. All that differs by format follows from this record.

    `write(pixels, quality, metadata)` returns the file of pixels as `encode` takes them, with the
    metadata that the format has a place for. The quality is the encoder's own, as `own` translates
    it. `animate(frames, quality, plays, metadata)` does the same for the frames of
    `encode_animation`; it is None where nothing moves.
    """

    name: str  # what `fm` calls it
    media_type: str
    suffixes: tuple[str, ...]  # of its files; a file that has none of them is given the first
    write: Callable[[Pixels, int, Metadata], bytes]
    longest: int = 65_535  # pixels of a side; most formats count them in 16 bits
    animate: Callable[[Frames, int, int, Metadata], bytes] | None = None
    scale: Sequence[int] | None = None  # its quality at each of `QUALITIES`; None: it has none
    alpha: bool = False  # it keeps alpha; else `write` gets pixels without
    deep: bool = False  # it holds samples of 16 bits, and has a place for their profile
    profile: bool = False  # it has a place for a colour profile
    gray: bool = False  # gray pixels stay gray in it, so that a profile of grays is true of them

    def own(self, quality: int) -> int:
        """The encoder's own quality for `q`, 0 to 100, at which all formats look alike."""
        return round(float(np.interp(quality, QUALITIES, self.scale or QUALITIES)))

    def check_sides(self, width: int, height: int) -> None:
        """Raises 400 `result-too-large`."""
        if max(width, height) > self.longest:
            raise ImageError(
                "result-too-large",
                f"a {self.name} picture has at most {self.longest} pixels a side; "
                f"this would be {width}x{height}",
                limit=self.longest,
            )
