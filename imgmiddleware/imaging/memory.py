"""How much memory a render takes, as far as a header and a plan tell."""

import math

from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import CONVERTED
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.parts import Part
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.pyramid import SIDE
from imgmiddleware.imaging.quality import is_by_eye
from imgmiddleware.imaging.sketch import FACES
from imgmiddleware.subjects.yunet.network import NETWORK_BYTES

#: Pictures of the result's size that resampling, colour, operations and encoders hold at once.
_WORKING = 12
#: And more where colours are counted and put in order: of noise 151 bytes a pixel, measured.
_COUNTED = 30
#: And more where a quality is sought: two files and the pixels of one are held beside the picture.
#: 15 bytes a pixel, measured.
_SOUGHT = 4
#: And more of them where inks are converted at twice its size, in several copies.
_INKED = 16
#: Bytes for telling the colours of a picture, where at most 2**14 pixels are looked at: of noise
#: 2.6 MB, measured.
_TOLD = 2**22
#: Passing rows that are held at once, for each that makes a row of the result. They are the rows of
#: 64 results and those that a filter reads around them, twice while they move to more memory.
_PASSING = 160

#: A copy with hidden parts, and its averages by twos: a fourth of it, a sixteenth and so on.
_HIDDEN = 4 / 3
#: Bytes of a pixel in masks of a border: as stored, and while they are turned upright.
_MASKED = 3

#: Bytes for values that are put in order.
_RANKED = 2**26


def predicted_bytes(facts: Facts, plan: Plan, file: int = 0) -> int:
    """The most memory that rendering takes: an original's file, its decode, and the steps after it.

    A picture is resampled from up to four times its width and height, in bands of floats. It is
    held about three times when it is encoded. Inks are converted at twice its size. Of an animation
    all frames are held until they are encoded.
    """
    after = making_bytes(plan)
    return after + (reading_bytes(facts, plan) if plan.in_bands else file + _whole(facts, plan))


def _whole(facts: Facts, plan: Plan) -> int:
    """The same for an original that is decoded at once, with the copies of all of it."""
    held = plan.overview or facts
    pixel = _channels(held) * held.depth // 8
    made = _HIDDEN * pixel * (plan.redaction is not None) + _masked(plan)
    return held.decode_bytes + math.ceil(held.width * held.height * made)


def _masked(plan: Plan) -> int:
    """Bytes of a pixel for finding a border; with alpha a copy of the alpha too."""
    return _MASKED + plan.alpha if plan.needs_pixels else 0


def _channels(facts: Facts) -> int:
    return 4 if facts.alpha or facts.color == "cmyk" else 1 if facts.color == "gray" else 3


def making_bytes(plan: Plan) -> int:
    """The same for the steps after the decode."""
    width, height = (max(sides) for sides in zip(plan.size, plan.canvas, plan.result, strict=True))
    sample = 2 if plan.deep else 1
    working = _WORKING + (_INKED if plan.inks else 0)
    working += _COUNTED if plan.most_colors else 0
    working += _SOUGHT if is_by_eye(plan) else 0
    seeking = NETWORK_BYTES if FACES in (*plan.sought, *plan.also) else 0
    telling = _TOLD if RESULTS[plan.format].tell else 0
    return width * height * 4 * sample * (working + plan.frames - 1) + seeking + telling


def cutting_bytes(plan: Plan, part: Part) -> int:
    """The same for a part cut from a whole: its samples, in tiles, together, and weighed."""
    return making_bytes(plan) + 5 * part.box_bytes


def holding_bytes(facts: Facts, plan: Plan, part: Part) -> int:
    """The same for all samples of an original that is read in bands."""
    return part.nbytes + (plan.overview or facts).band_bytes


def keeping_bytes(facts: Facts, plan: Plan, part: Part) -> int:
    """The memory for writing a pyramid beside the samples, of which some rows become tiles.

    For an original in bands it is all the memory: its samples are not held.
    """
    read = plan.overview or facts
    rows = 5 * SIDE * part.whole.samples[0] * part.pixel
    return rows + read.band_bytes if plan.in_bands else rows


def reading_bytes(facts: Facts, plan: Plan) -> int:
    """The same for an original that is read in bands, before any further step.

    It counts the samples that are left, the work of reading them, and the copies that are made of
    them. Colours are weighed by their alpha in a copy, and parts are hidden in another; light is
    made in bands. For a picture decoded as a whole, `decode_bytes` has a second copy, with room for
    the like.
    """
    facts = plan.overview or facts
    width, height = plan.level.samples
    if plan.level.passed is not None:
        height = min(height, _PASSING * -(-height // plan.sampled[1]))
    sample = facts.depth // 8
    row = 0
    if facts.pieces:
        row = facts.pieces.touched(plan.level.box)[0] * facts.pieces.row
    if plan.reading is not None:
        row += CONVERTED
        row += _RANKED if plan.reading.range and plan.reading.range.looks else 0
    copies = 1 + plan.alpha + _HIDDEN * (plan.redaction is not None)
    pixel = _channels(facts) * (sample * copies + plan.linear) + _masked(plan)
    return math.ceil(width * height * pixel) + facts.band_bytes + row
