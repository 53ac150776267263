"""The planner: from a header's facts and a Transform to the plan.

It is a pure function of these and of the accepted formats, so that no condition at run time can
change a picture's bytes. The key is made of the plan. Only pixels tell the size of a border that is
to be trimmed: there `part` is a pure function of the original's pixels. So are the `findings`,
where a crop is to keep a subject, or tones are to be spread.
"""

import math
from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction
from functools import reduce

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.grid import completed
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.sketch import (
    FACES,
    NOTHING,
    TONES,
    Findings,
    leaves_a_choice,
    sketched,
    spots_in,
    start_in,
)
from imgmiddleware.operations.enhance import Enhance
from imgmiddleware.operations.geometry import Geometry, Part, Spot
from imgmiddleware.operations.mark import Mark
from imgmiddleware.operations.orient import Orient
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.own import OwnStep
from imgmiddleware.operations.page import Page
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.redact import Redact
from imgmiddleware.operations.region import Region
from imgmiddleware.operations.resize import Resize
from imgmiddleware.operations.surround import Around, Backdrop, Fill
from imgmiddleware.operations.transform import Transform
from imgmiddleware.operations.trim import Trim
from imgmiddleware.operations.turn import turned_once
from imgmiddleware.pixels.arrays import Area, Box, Size
from imgmiddleware.pixels.orientation import Orientation
from imgmiddleware.pixels.redaction import Redaction
from imgmiddleware.pixels.tones import Tones


def make_plan(
    facts: Facts,
    transform: Transform,
    accepted: Collection[str] = (),
    *,
    part: Box | None = None,
    findings: Findings = NOTHING,
    still: bool = False,
) -> Plan:
    """The plan for an original with these facts, and a client that accepts these formats.

    `part` is the upright region without its border. `findings` are those of its sketch, if there is
    one. `still` makes one picture in the place of an animation. Raises `ImageError` (400) for a
    page that is not there.
    """
    page = transform.get(Page)
    if page.page > facts.frames:
        raise _no_such_page(page.page, facts.frames)
    output = transform.get(Output)
    moves = output.asked is None or RESULTS[output.asked].animate is not None
    animated = page.anim and facts.animated and moves and not still
    turned = transform.get(Orient).orientation(facts.orientation)
    whole = turned.size(facts.width, facts.height)
    region = transform.get(Region).box(*whole)
    left, top, width, height = part or region
    resize = transform.get(Resize)
    upright = turned.size(*facts.aspect.as_integer_ratio())
    start = start_in(findings.subject, region, part or region)
    spots = _spots(resize, findings, region, part or region) if resize.nears else ()
    geometry = resize.geometry(width, height, Fraction(*upright), start, spots)
    crop = (geometry.crop[0] + left, geometry.crop[1] + top, *geometry.crop[2:])
    trim = transform.get(Trim)
    if trim.trim is None:  # else nothing beyond the part is seen
        crop = completed(crop, geometry.size, whole)
    in_bands = facts.band_bytes > 0 and not animated
    record = FORMATS.get(facts.format)  # an array has none
    stored, orientation = (facts.width, facts.height), turned
    if record and record.upright and not in_bands:
        stored, orientation = facts.upright, facts.orientation.inverse.then(turned)
    steps = turned_once(_toned(transform, findings.tones))
    result = reduce(lambda size, step: step.size(*size), steps, geometry.canvas)
    hdr = _is_hdr(facts)
    format = output.format(facts.alpha, math.prod(result), accepted, animated=animated, hdr=hdr)
    bare = transform.get(Mark).mark is None  # overlays are in sRGB
    keeps_hdr = hdr and bare and not animated and _keeps_hdr(output, format, steps)
    deep = keeps_hdr or _is_deep(facts, output, format, steps)
    plan = Plan(
        stored=stored,
        frame=0 if animated else page.page - 1,
        frames=facts.frames if animated else 1,
        stilled=still,
        scales=bool(record and record.scales and facts.reading is None),
        in_bands=in_bands,
        pieces=facts.pieces if in_bands else None,
        redaction=_redaction(facts, transform.get(Redact), stored, in_bands=in_bands),
        region=region,
        trim=trim,
        crop=_in_floats(orientation.stored_box(crop, stored)),
        size=orientation.size(*geometry.size),
        linear=_is_linear(facts, resize, geometry),
        orientation=orientation,
        alpha=facts.alpha,
        few=facts.few,
        holed=facts.holed,
        reading=facts.reading,
        inks=facts.color == "cmyk",
        deep=deep,
        keeps_profile=bare
        and _keeps_profile(facts, output, format, geometry, steps, deep=deep, animated=animated),
        keeps_hdr=keeps_hdr,
        canvas=geometry.canvas,
        around=_around(transform, geometry),
        steps=steps,
        result=result,
        backdrop=_shown(transform.get(Backdrop), facts, geometry, steps, format),
        format=format,
        output=output,
    )
    plan = plan.of_smallest(facts.overviews)
    sought = resize.sought if output.decodes else ()
    also = _also(output, steps)
    if sought and trim.trim is None and not leaves_a_choice(geometry, (width, height)):
        sought = sought if resize.may_near(geometry) else ()
    if not sought and not also:
        return plan
    sketch = make_plan(facts, sketched(transform, plan.frame))
    return replace(plan, sketch=replace(sketch, sought=sought, also=also))


def _spots(resize: Resize, findings: Findings, region: Box, part: Box) -> tuple[Spot, ...]:
    return spots_in(findings.subject, region, part, resize.faceindex)


def _also(output: Output, steps: tuple[PixelOperation, ...]) -> tuple[str, ...]:
    """The kinds to look for beside those that a crop is to keep."""
    if not output.decodes:
        return ()
    tones = (TONES,) if any(isinstance(step, Enhance) for step in steps) else ()
    return (*tones, FACES) if output.tells_faces else tones


def _toned(transform: Transform, tones: Tones | None) -> tuple[PixelOperation, ...]:
    """The steps on pixels, with the tones that are spread, once they are found."""
    steps = tuple(step for step in transform.steps if isinstance(step, PixelOperation))
    if tones is None:
        return steps
    return tuple(step.by(tones) if isinstance(step, Enhance) else step for step in steps)


def _redaction(facts: Facts, asked: Redact, stored: Size, *, in_bands: bool) -> Redaction | None:
    """The parts to hide, as stored. They go by the original's own tag: `orient` turns the picture,
    but not the boxes to hide.

    A box grows to whole blocks of pixels where these were coded together, as in JPEG.
    """
    if not asked.redact:
        return None
    record = FORMATS.get(facts.format)
    upright = record is not None and record.upright and not in_bands
    turned = Orientation.UPRIGHT if upright else facts.orientation
    boxes = (turned.stored_box(box, stored) for box in asked.boxes(*turned.size(*stored)))
    redaction = Redaction(tuple(boxes), asked.redact_style)
    return redaction.in_blocks(stored, facts.block) if facts.block > 1 else redaction


def _around(transform: Transform, geometry: Geometry) -> Around:
    if geometry.canvas == geometry.size:
        return Around()
    return transform.get(Fill).around(transform.get(Resize).fit)


def _in_floats(part: Part) -> Area:
    """Whole numbers stay so, and are exact."""
    left, top, width, height = (
        side.numerator if side.denominator == 1 else float(side) for side in part
    )
    return left, top, width, height


def _is_linear(facts: Facts, resize: Resize, geometry: Geometry) -> bool:
    """Ink is no light, HDR has another curve, and a picture that keeps its size is not averaged."""
    curved = facts.color != "cmyk" and (facts.points is None or facts.points.like_srgb)
    return resize.linear and curved and geometry.size != geometry.crop[2:]


def _shown(
    backdrop: Backdrop,
    facts: Facts,
    geometry: Geometry,
    steps: tuple[PixelOperation, ...],
    format: str,
) -> Backdrop:
    """The background if it changes the picture.

    It changes nothing behind a picture that covers it, or if it is white, which it is by default.
    Frames may be clear whatever the header says.
    """
    if backdrop.bg is None:
        return backdrop
    covered = geometry.canvas == geometry.size and not steps
    opaque = not (facts.alpha or facts.animated or facts.composed)
    unasked = Backdrop()
    white = backdrop.color == unasked.color and not RESULTS[format].alpha
    return unasked if white or (covered and opaque) else backdrop


def _is_deep(facts: Facts, output: Output, format: str, steps: tuple[PixelOperation, ...]) -> bool:
    """16 bits where the query asks for them and the original has them; own operations need 8."""
    own = any(isinstance(step, OwnStep) for step in steps)
    return output.depth == "16" and facts.depth > 8 and RESULTS[format].deep and not own


def _is_hdr(facts: Facts) -> bool:
    return facts.points is not None and facts.points.hdr


def _keeps_hdr(output: Output, format: str, steps: tuple[PixelOperation, ...]) -> bool:
    """An own operation gets sRGB, and operations on the look of colours know sRGB alone."""
    record = RESULTS[format]
    kept = not {"hdr", "icc"}.isdisjoint(output.keep)
    asked = kept or (output.depth == "16" and record.deep)
    return asked and record.hdr and not any(isinstance(s, OwnStep) or s.in_srgb for s in steps)


def _keeps_profile(
    facts: Facts,
    output: Output,
    format: str,
    geometry: Geometry,
    steps: tuple[PixelOperation, ...],
    *,
    deep: bool,
    animated: bool,
) -> bool:
    """A profile of inks does not describe RGB, and a profile of grays only a picture that stays
    gray.
    """
    if any(step.in_srgb for step in steps):
        return False
    record = RESULTS[format]
    if not deep and ("icc" not in output.keep or not record.profile):
        return False
    if animated and not record.moving_profile:
        return False
    if facts.color == "gray":
        bare = not steps and geometry.canvas == geometry.size
        return bare and not facts.alpha and record.gray
    return facts.color == "rgb"


def _no_such_page(page: int, frames: int) -> ImageError:
    pages = "one page" if frames == 1 else f"{frames} pages or frames"
    return ImageError(
        "out-of-range", f"page={page}: the original has {pages}", parameter="page", limit=frames
    )
