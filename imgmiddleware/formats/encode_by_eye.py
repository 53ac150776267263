"""Encode by eye: the lowest quality at which a picture looks as it did before.

The look of a fixed quality depends on the picture. Here qualities are tried: the picture is
encoded, read back and compared with the pixels, up to three times. Like everything, it is a
function of the pixels alone.
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

#: The distance that is allowed: 70 points of SSIMULACRA2, whose authors call that high quality. A
#: change of this number or of any below needs a higher `REVISION` in `imaging/engine.py`.
BOUND = 5.75
#: From this part of it on a further try gains hardly anything.
_NEAR = 0.93
_TRIES = 3
#: The qualities that are tried. Below, the distance of drawings says too little. From 90 on each
#: pixel of a JPEG has a colour of its own, for pictures that cannot do without.
_LOWEST, HIGHEST = 50, 90
#: The quality that most photos need, and by how much a step of quality divides the distance: the
#: medians of the five photos in three formats.
_FIRST, _STEP = 60, 0.035
#: The bounds of a picture's own step, which two tries measure.
_FLATTEST, _STEEPEST = 0.012, 0.1
#: The part of the bound that a try aims at, so that most tries end below it; and the quality that
#: is added after two tries that did not, as there is no third to correct.
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
    """The quality, 50 to 90, and the file of pixels as `encode` takes them, of 8 bits.

    The format must read its files back (`ResultFormat.read`). The file is within `BOUND` of the
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
    """One quality for all frames of an animation: the highest that the first, middle or last one
    needs as a still.
    """
    looked_at = {0, len(frames) // 2, len(frames) - 1}
    return max(encode_by_eye(frames[number][0], format)[0] for number in looked_at)


def _sought(tried: Callable[[int], _Try]) -> _Try | None:
    """The smallest file that passes: in a nearly flat picture a lower quality may take more bytes.

    None where none of three passes, and none of them was of the highest quality.
    """
    tries: list[_Try] = []
    quality: int | None = _FIRST
    while quality is not None and len(tries) < _TRIES:
        tries.append(tried(quality))
        quality = _next(tries)
    taken = [t for t in tries if t.passes] or [t for t in tries if t.quality == HIGHEST]
    return min(taken, key=lambda t: len(t.file), default=None)


def _next(tries: list[_Try]) -> int | None:
    """The next quality to try; None where a try would be in vain.

    It lies between the lowest that passed and the highest that did not. The logarithm of the
    distance falls about evenly; the quality is where it comes to the distance that is aimed at.
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
    """The step by the last two tries, if there are two."""
    if len(tries) < 2 or min(t.distance for t in tries) <= 0:
        return _STEP
    one, other = tries[-2:]
    step = math.log(one.distance / other.distance) / (other.quality - one.quality)
    return min(max(step, _FLATTEST), _STEEPEST)
