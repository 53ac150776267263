"""The plan: what will be done to which pixels.

It is a pure function of the header's facts, the Transform and the accepted formats, all of which
the key of a picture holds, so that nothing that happens to be true at run time can change its
bytes. Where a border is to be trimmed, whose size only pixels tell, `part` is that function of the
original's pixels.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from imgmiddleware.errors import ImageError
from imgmiddleware.imaging.halve import halvings
from imgmiddleware.imaging.orient import remaining
from imgmiddleware.operations import (
    Backdrop,
    Frame,
    Orient,
    Output,
    OwnStep,
    Page,
    PixelOperation,
    Region,
    Resize,
    Trim,
)
from imgmiddleware.operations.output import (
    ANIMATED,
    DEEP,
    WITH_ALPHA,
    WITH_GRAY,
    WITH_PROFILE,
)
from imgmiddleware.probe.facts import Facts
from imgmiddleware.transform import Transform

#: Left, top, width, height in pixels.
Box = tuple[int, int, int, int]

#: OpenCV turns a TIFF upright while it decodes, whatever flags it is given; Pillow does the same.
#: So do the decoders of HEIC and JPEG XL; pieces of a TIFF are decoded as stored.
_DECODED_UPRIGHT = frozenset({"tiff", "heic", "jxl"})

#: A decoder that scales must leave at least this many samples for each of the result, as for
#: libvips. Over five photos and seven widths half of a JPEG is then 0.7 to 17 dB nearer to the
#: ideal than libvips' result; with 1.6 to 1.9 samples it is 1 to 11 dB further from it. Other
#: eighths can be worse where they are larger (5/8, 2.9 samples: 8 dB below libvips). A quarter
#: saves 1 % of a 16 MB file's time and a fifth of a 0.5 MB one's, but is one more decode to share.
_OVERSAMPLING = 2


#: Pixels of half an original that are kept for other sizes: 16 MB of three channels.
_SHARED = 2**24 // 3

#: Pictures of the result's size that resampling, colour, operations and encoders hold at once.
_WORKING = 12
#: And more of them where inks are converted at twice its size, in several copies.
_INKED = 16


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes are (width, height). `stored`, `crop` and `size` are in the orientation as decoded;
    `canvas` is upright, what the picture stands on before `steps`; `result` is the size after them.
    """

    stored: tuple[int, int]
    frame: int  # the first that is decoded, from 0
    frames: int  # how many; more than one is an animation
    scales: bool  # the decoder can give half of the width and height for less
    strips: bool  # decoded piece by piece: only what is in `window`, halved at once
    region: Box  # of the upright original, where a border may be trimmed off
    trim: Trim
    crop: Box
    size: tuple[int, int]
    linear: bool  # resampled in linear light
    orientation: int
    alpha: bool  # of the original
    inks: bool  # its samples are CMYK
    deep: bool  # 16 bits to the end, in the original's colours
    keeps_profile: bool  # if it has one: the colours stay as they are
    canvas: tuple[int, int]
    edges: bool  # the canvas around the picture repeats its edges, instead of the background
    steps: tuple[PixelOperation, ...]
    result: tuple[int, int]
    backdrop: Backdrop
    format: str  # a key of operations.output.MEDIA_TYPES
    output: Output

    @property
    def least(self) -> tuple[int, int]:
        """The width and height at which the whole original is decoded, where a decoder can scale.

        All of it, or half: with two levels to choose from, several sizes of one picture share one.
        """
        # It would average in gamma, or blur the border's edge.
        if not self.scales or self.linear or self.trim.trim:
            return self.stored
        half = -(-self.stored[0] // 2), -(-self.stored[1] // 2)
        enough = all(
            side * crop >= _OVERSAMPLING * size * stored
            for side, size, stored, crop in zip(
                half, self.size, self.stored, self.crop[2:], strict=True
            )
        )
        return half if enough else self.stored

    def crop_of(self, decoded: tuple[int, int]) -> tuple[float, float, float, float]:
        """`crop` in samples of the whole original, decoded at this size: an n-th, rounded up.

        Of 1001 columns 501 are decoded, which show 500.5: to take all of the last one would shift
        what is beside it, and cost 6 to 14 dB.
        """
        by = round(max(self.stored) / max(decoded))
        left, top, width, height = self.crop
        return left / by, top / by, width / by, height / by

    @property
    def window(self) -> Box:
        """The part of the stored original that is needed."""
        if self.trim.trim:
            return as_stored(self.region, self.orientation, self.stored)
        return self.crop

    @property
    def sampled(self) -> tuple[int, int]:
        """What samples are resampled to; inks, to be converted, to twice the size."""
        if not self.inks:
            return self.size
        width, height = (
            min(side, 2 * wanted) for side, wanted in zip(self.crop[2:], self.size, strict=True)
        )
        return width, height

    @property
    def halvings(self) -> int:
        """How often strips are halved: as often as the resampler would, and with it equal.

        Not where it would not: light is averaged as light, colours beside alpha by their weight,
        and a border is looked for in pixels as they are.
        """
        if self.linear or self.trim.trim or self.alpha:
            return 0
        return halvings(self.crop[2:], self.sampled)

    @property
    def read_halved(self) -> int:
        """How often of these while they are read: once where that is little enough to be kept, so
        that several sizes share one reading; else memory follows the result.
        """
        half = math.prod(-(-side // 2) for side in self.window[2:])
        return min(self.halvings, 1) if half <= _SHARED else self.halvings

    @property
    def level(self) -> object:
        """What of the original is decoded, and how large: the same for what can share it."""
        return (self.window, self.read_halved) if self.strips else self.least

    @property
    def finer(self) -> tuple[object, ...]:
        """Levels that this one can be made of, exactly, without its original; the nearest first."""
        times = range(self.read_halved - 1, -1, -1) if self.strips else ()
        return tuple((self.window, fewer) for fewer in times)

    @property
    def keeps_alpha(self) -> bool:
        return self.format in WITH_ALPHA


def make_plan(
    facts: Facts,
    transform: Transform,
    accepted: Collection[str] = (),
    *,
    part: Box | None = None,
    still: bool = False,
) -> Plan:
    """The plan for an original with these facts, and a client that accepts these formats.

    `part` is what is left of the upright region when its border is trimmed off; `still` makes one
    picture of what was to be an animation. Raises `ImageError` (400) for a page that is not there.
    """
    page = transform.get(Page)
    if page.page > facts.frames:
        raise _no_such_page(page.page, facts.frames)
    output = transform.get(Output)
    animated = page.anim and facts.frames > 1 and output.fm in (None, *ANIMATED) and not still
    orientation = transform.get(Orient).orientation(facts.orientation)
    stored = facts.width, facts.height
    upright = stored[::-1] if orientation >= 5 else stored
    region = transform.get(Region).box(*upright)
    left, top, width, height = part or region
    resize = transform.get(Resize)
    frame = resize.frame(width, height)
    crop = (frame.crop[0] + left, frame.crop[1] + top, *frame.crop[2:])
    strips = facts.strip_bytes > 0 and not animated
    if facts.format in _DECODED_UPRIGHT and not strips:
        stored = facts.upright
        orientation = remaining(facts.orientation, orientation)
    steps = tuple(step for step in transform.steps if isinstance(step, PixelOperation))
    result = frame.canvas
    for step in steps:
        result = step.size(*result)
    format = output.format(facts.alpha, result[0] * result[1], accepted, animated=animated)
    deep = _is_deep(facts, output, format, steps)
    return Plan(
        stored=stored,
        frame=0 if animated else page.page - 1,
        frames=facts.frames if animated else 1,
        scales=facts.format == "jpeg",
        strips=strips,
        region=region,
        trim=transform.get(Trim),
        crop=as_stored(crop, orientation, stored),
        size=frame.size[::-1] if orientation >= 5 else frame.size,
        linear=resize.linear and facts.color != "cmyk",  # ink is no light
        orientation=orientation,
        alpha=facts.alpha,
        inks=facts.color == "cmyk",
        deep=deep,
        keeps_profile=_keeps_profile(facts, output, format, frame, steps, deep=deep),
        canvas=frame.canvas,
        edges=resize.fit == "clamp",
        steps=steps,
        result=result,
        backdrop=transform.get(Backdrop),
        format=format,
        output=output,
    )


def predicted_bytes(facts: Facts, plan: Plan, file: int = 0) -> int:
    """The most that rendering takes: an original's file, its decode, and what comes after.

    A picture is resampled from up to four times its width and height, in strips of floats, and is
    held about three times when it is encoded; inks are converted at twice its size; of an animation
    all frames are held until they are encoded.
    """
    width, height = (max(sides) for sides in zip(plan.size, plan.canvas, plan.result, strict=True))
    sample = 2 if plan.deep else 1
    working = _WORKING + (_INKED if plan.inks else 0)
    after = width * height * 4 * sample * (working + plan.frames - 1)
    return after + (_strip_bytes(facts, plan) if plan.strips else file + facts.decode_bytes)


def _strip_bytes(facts: Facts, plan: Plan) -> int:
    """What is left of the original's samples, what reading them takes, and what is made of them.

    Colours are weighed by their alpha in a copy; light is made in bands, and a mask of a border. A
    decoder's second copy of a whole picture, which `decode_bytes` holds, has room for the like.
    """
    channels = 4 if facts.alpha or facts.color == "cmyk" else 1 if facts.color == "gray" else 3
    step = 1 << plan.read_halved
    pixels = -(-plan.window[2] // step) * -(-plan.window[3] // step)
    sample = facts.depth // 8
    made = sample * plan.alpha + plan.linear + (plan.trim.trim is not None)
    return pixels * channels * (sample + made) + facts.strip_bytes


def _is_deep(facts: Facts, output: Output, format: str, steps: tuple[PixelOperation, ...]) -> bool:
    """16 bits where they are asked for and there, and nobody's own operation needs 8."""
    own = any(isinstance(step, OwnStep) for step in steps)
    return output.depth == "16" and facts.depth > 8 and format in DEEP and not own


def _keeps_profile(
    facts: Facts,
    output: Output,
    format: str,
    frame: Frame,
    steps: tuple[PixelOperation, ...],
    *,
    deep: bool,
) -> bool:
    """A profile of inks says nothing of RGB, and one of grays only of a picture that stays gray."""
    if not deep and ("icc" not in output.keep or format not in WITH_PROFILE):
        return False
    if facts.color == "gray":
        bare = not steps and frame.canvas == frame.size
        return bare and not facts.alpha and format in WITH_GRAY
    return facts.color == "rgb"


def _no_such_page(page: int, frames: int) -> ImageError:
    pages = "one page" if frames == 1 else f"{frames} pages or frames"
    return ImageError(
        "out-of-range", f"page={page}: the original has {pages}", parameter="page", limit=frames
    )


def as_stored(box: Box, orientation: int, stored: tuple[int, int]) -> Box:
    """A box of the upright picture in the coordinates of the stored one (EXIF's Orientation)."""
    left, top, width, height = box
    if orientation >= 5:  # rows of the stored picture are columns of the upright one
        left, top, width, height = top, left, height, width
    if orientation in (2, 3, 7, 8):
        left = stored[0] - left - width
    if orientation in (3, 4, 6, 7):
        top = stored[1] - top - height
    return left, top, width, height
