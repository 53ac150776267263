"""The record of one format of results: each room offers its own."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import accumulate, pairwise

import numpy as np

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.pixels.arrays import Pixels

#: The frames of an animation, each with its milliseconds.
Frames = Sequence[tuple[Pixels, float]]

#: Milliseconds of all frames together, 24 days: libwebp counts them in an int of 32 bits.
_LONGEST_RUN = 2**31 - 1

#: `q` where the scale of each encoder is known. One `q` gives JPEG, WebP and AVIF the same median
#: score of SSIMULACRA2 over five photos; measured by benchmarks/bench_quality.py.
QUALITIES = (0, 10, 25, 50, 75, 90, 100)


def no_picture(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    """The `write` of a result that is no picture but words about its pixels (`tell`)."""
    raise AssertionError("it is told by the colours that are asked for")


@functools.cache  # it looks into folders
def _is_there(module: str) -> bool:
    return not module or find_spec(module) is not None


#: How many pixels share one sample of colour: 2 x 2, 2 x 1, one each.
CHROMA = ("420", "422", "444")

#: From this `q` on each pixel has its own colour, unless the query asks for another way. So high a
#: quality is meant for thin lines of red and blue, too; 420 leaves them 8 dB.
_FULL_CHROMA = 90


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultFormat:
    """One format of results. Every difference between formats follows from this record.

    `write(pixels, quality, metadata)` returns the file of pixels as `encode` takes them, with the
    metadata that the format has a place for. The quality is the encoder's own, as `own` translates
    it. `animate(frames, quality, plays, metadata)` does the same for the frames of
    `encode_animation`, with times and plays that the format can say. It is None for a format
    without animations.
    """

    name: str  # its name in `fm`
    media_type: str
    suffixes: tuple[str, ...]  # of its files; a file that has none of them is given the first
    write: Callable[[Pixels, int, Metadata], bytes]
    write_quickly: Callable[[Pixels, int, Metadata], bytes] | None = None  # with some more bytes
    #: The same for a format with a choice of `CHROMA`: the choice, and whether quickly.
    write_chroma: Callable[[Pixels, int, Metadata, str, bool], bytes] | None = None
    #: The same without loss, for formats that have a quality otherwise.
    write_lossless: Callable[[Pixels, Metadata], bytes] | None = None
    #: The pixels of a file of its own, uint8, with which a quality is sought (`q=auto`).
    read: Callable[[bytes], Pixels] | None = None
    longest: int = 65_535  # pixels of a side; most formats count them in 16 bits
    unasked: int = 0  # and pixels of a side where the query says no size; 0: the original's
    #: Tells of pixels instead of showing them: in how many colours, and the beginning of names.
    tell: Callable[[Pixels, int, str], bytes] | None = None
    of_header: bool = False  # it tells of the original, and on request of its colours
    by_fm: bool = True  # `fm` may name it; else another parameter asks for it
    animate: Callable[[Frames, int, int, Metadata], bytes] | None = None
    animate_lossless: Callable[[Frames, int, Metadata], bytes] | None = None
    animated_by: tuple[str, ...] = ()  # changed whenever `animate` makes other bytes: in their key
    most_plays: int = 65_535  # of an animation; more is for ever
    tick: int = 1  # milliseconds of the unit in which it counts a frame's time
    shortest_frame: int = 0  # in milliseconds, as the longest; both are multiples of the tick
    longest_frame: int = _LONGEST_RUN
    scale: Sequence[int] | None = None  # its quality at each of `QUALITIES`; None: it has none
    alpha: bool = False  # it keeps alpha; else `write` gets pixels without
    deep: bool = False  # it holds samples of 16 bits, and has a place for their profile
    profile: bool = False  # it has a place for a colour profile
    moving_profile: bool = True  # and browsers heed it in an animation
    hdr: bool = False  # it holds more than white, if it is given uint16 and code points
    few: bool = False  # a picture of at most 256 colours takes fewer bytes in it
    all_clear: bool = False  # its pixels are clear all the way, or not at all
    gray: bool = False  # gray pixels stay gray in it, so that a profile of grays is true of them

    needs: str = ""  # the module that writes it, where it comes with an `extra` of this package
    extra: str = ""

    @property
    def missing(self) -> str:
        """The part that it needs and that is not installed; "" where nothing is missing."""
        return "" if _is_there(self.needs) else f"it takes the extra imgmiddleware[{self.extra}]"

    def own(self, quality: int) -> int:
        """The encoder's own quality for `q`, 0 to 100, at which all formats look alike."""
        if self.scale is None or self.scale is QUALITIES:
            return quality
        return round(float(np.interp(quality, QUALITIES, self.scale)))

    def loses_nothing(self, *, moves: bool) -> bool:
        """Whether it can be without loss, where its quality is one of an encoder that has both."""
        return (self.animate_lossless if moves else self.write_lossless) is not None

    def chroma(self, wanted: str | None, quality: int) -> str | None:
        """Which of `CHROMA` its file has at `q`; None where there is no choice."""
        if self.write_chroma is None:
            return None
        return wanted or ("444" if quality >= _FULL_CHROMA else "420")

    def plays(self, wanted: int) -> int:
        """How often an animation runs in it, 0 for ever."""
        return wanted if wanted <= self.most_plays else 0

    def durations(self, wanted: Sequence[float]) -> list[int]:
        """The milliseconds of each frame in it. A frame gets the time that rounding took before."""
        longest = min(self.longest_frame, _LONGEST_RUN // len(wanted))
        ends = accumulate(min(max(ms, self.shortest_frame), longest) for ms in wanted)
        return [b - a for a, b in pairwise((0, *(self._to_tick(end) for end in ends)))]

    def _to_tick(self, milliseconds: float) -> int:
        return int((milliseconds + self.tick / 2) // self.tick) * self.tick

    def check(self, width: int, height: int) -> None:
        """Raises 400 where a picture of this size cannot be made."""
        if self.missing:
            detail = f"fm={self.name}: {self.missing}"
            raise ImageError("malformed-parameter", detail, parameter="fm")
        self.check_sides(width, height)

    def check_sides(self, width: int, height: int) -> None:
        """Raises 400 `result-too-large`."""
        if max(width, height) > self.longest:
            raise ImageError(
                "result-too-large",
                f"a {self.name} picture has at most {self.longest} pixels a side; "
                f"this would be {width}x{height}",
                limit=self.longest,
            )
