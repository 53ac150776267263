"""Encode by eye: the lowest quality at which a picture looks as it did before.

What a fixed quality looks like hangs on the picture. Here it is tried: encoded, read back and held
beside the pixels, up to three times. Like everything, it is a function of the pixels alone.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from imgmiddleware.formats.encode import encode
from imgmiddleware.formats.metadata import NO_METADATA, Metadata
from imgmiddleware.formats.result_format import Frames
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.distance import distance

#: The distance that is allowed: 70 points of SSIMULACRA2, whose authors call that high quality.
#: Whoever changes it or anything below raises `REVISION` in `imaging/engine.py`.
BOUND = 5.75
#: From which part of it on there is hardly anything to be gained.
_NEAR = 0.93
_TRIES = 3
#: Where it is looked for. Below, the distance of drawings says too little. From 90 on each pixel of
#: a JPEG has a colour of its own, which what cannot do without gets so.
_LOWEST, HIGHEST = 50, 90
#: What most photos need, and by how much a step of quality divides the distance: the medians of the
#: five photos in three formats.
_FIRST, _STEP = 60, 0.035
#: How far from that the step of a picture may be, by two tries.
_FLATTEST, _STEEPEST = 0.012, 0.1
#: What is aimed at, so that most tries end below the bound; and how much more is taken after two
#: that did not, as there is no third to correct.
_AIM, _SAFE = 0.97, 2


@dataclass(frozen=True, slots=True)
class _Try:
    quality: int
    distance: float
    file: bytes

    @property
    def passes(self) -> bool:
        return self.distance <= BOUND


def encode_by_eye(
    pixels: Pixels,
    format: str,
    metadata: Metadata = NO_METADATA,
    *,
    chroma: str | None = None,
    quickly: bool = False,
) -> tuple[int, bytes]:
    """The quality, 50 to 90, and the file of pixels as `encode` takes them; those of 8 bits.

    Of a format that reads its files back (`ResultFormat.read`). The file is within `BOUND` of the
    pixels, or of the highest quality.
    """
    read = RESULTS[format].read
    assert read is not None  # or a quality was planned

    def tried(quality: int) -> _Try:
        file = encode(pixels, format, quality, metadata, chroma=chroma, quickly=quickly)
        return _Try(quality, distance(pixels, read(file)), file)

    found = _sought(tried)
    if found is None:
        return HIGHEST, encode(pixels, format, HIGHEST, metadata, chroma=chroma, quickly=quickly)
    return found.quality, found.file


def quality_of_frames(frames: Frames, format: str) -> int:
    """One for all frames of an animation: what the first, middle and last one need as stills."""
    looked_at = {0, len(frames) // 2, len(frames) - 1}
    return max(encode_by_eye(frames[number][0], format)[0] for number in looked_at)


def _sought(tried: Callable[[int], _Try]) -> _Try | None:
    """The smallest that passes: of what is nearly flat, a lower quality may take more bytes. None
    where none of three passes, nor was of the highest quality.
    """
    tries: list[_Try] = []
    quality: int | None = _FIRST
    while quality is not None and len(tries) < _TRIES:
        tries.append(tried(quality))
        quality = _next(tries)
    taken = [t for t in tries if t.passes] or [t for t in tries if t.quality == HIGHEST]
    return min(taken, key=lambda t: len(t.file), default=None)


def _next(tries: list[_Try]) -> int | None:
    """The quality that is tried now; None where that would be in vain.

    It lies between the lowest that passed and the highest that did not, where the logarithm of the
    distance, which falls about evenly, comes to what is aimed at.
    """
    last = tries[-1]
    if _NEAR * BOUND <= last.distance <= BOUND:
        return None
    most = min((t.quality for t in tries if t.passes), default=HIGHEST + 1) - 1
    least = max((t.quality for t in tries if not t.passes), default=_LOWEST - 1) + 1
    if least > most:
        return None
    wanted = last.quality + math.log(max(last.distance, 1e-9) / (_AIM * BOUND)) / _step(tries)
    if len(tries) == _TRIES - 1 and not any(t.passes for t in tries):
        wanted += _SAFE
    return min(max(math.ceil(wanted), least), most)


def _step(tries: list[_Try]) -> float:
    """By the last two, if there are two."""
    if len(tries) < 2 or min(t.distance for t in tries) <= 0:
        return _STEP
    one, other = tries[-2:]
    step = math.log(one.distance / other.distance) / (other.quality - one.quality)
    return min(max(step, _FLATTEST), _STEEPEST)
