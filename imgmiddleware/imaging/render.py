"""Render: the held samples of an original, through one plan, to the bytes of a result.

The stages and their order are `operations.Stage`; the parts of each are files in `pixels/` and
`operations/`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol

from imgmiddleware.formats.compose import seen_frames
from imgmiddleware.formats.containers.exif import Exif
from imgmiddleware.formats.encode import encode, encode_animation, encode_within
from imgmiddleware.formats.encode_by_eye import encode_by_eye, quality_of_frames
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.decode import held_with, is_of_values
from imgmiddleware.imaging.held import Held
from imgmiddleware.imaging.overlay import Overlay
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.quality import is_by_eye
from imgmiddleware.imaging.sketch import NOTHING, Findings
from imgmiddleware.messages import Result
from imgmiddleware.operations.stages import Stage
from imgmiddleware.operations.surround import Ground
from imgmiddleware.operations.trim import content
from imgmiddleware.pixels.arrays import Area, Box, Pixels, has_alpha
from imgmiddleware.pixels.color import describes, to_eight_bits, to_sixteen_bits, to_srgb
from imgmiddleware.pixels.hdr import coded, tone_mapped
from imgmiddleware.pixels.palette import clear_or_not
from imgmiddleware.pixels.quantize import quantized, quantized_alike
from imgmiddleware.pixels.resample import resample, resample_around
from imgmiddleware.sources.original import Original, read_all

#: The note about one picture in the place of an animation that is over a limit.
STILLED = "not-animated"

#: Lays an overlay over a finished picture.
Lay = Callable[[Pixels], Pixels]


class Replan(Protocol):
    """The plan of a picture once its pixels have told more of it."""

    def __call__(self, part: Box | None = None, *, findings: Findings = NOTHING) -> Plan:
        """`part` is the region without its border, and `findings` are those of its sketch."""


def render(held: Held, plan: Plan, replan: Replan, overlay: Overlay | None = None) -> Result:
    """The result, with its overlay.

    Raises the errors of `replan`, and `ImageError` where the result cannot be small enough.
    """
    held = _hidden(held, plan)
    plan = _replanned(held, plan, replan)
    body = _encoded(held.averaged_by(2**plan.halvings), plan, _laying(overlay, plan))
    notes = (*held.notes, STILLED) if plan.stilled else held.notes
    return Result(body, RESULTS[plan.format].media_type, notes)


def render_animation(
    original: Original, facts: Facts, plan: Plan, replan: Replan, overlay: Overlay | None = None
) -> Result:
    """All frames, trimmed where the first has a border. Raises as the others do."""
    data = read_all(original)
    shown = seen_frames(data, facts)
    frames: list[tuple[Pixels, float]] = []
    first: Held | None = None
    lay: Lay | None = None
    for pixels, duration in shown.frames:
        if first is None:
            first = _hidden(held_with(data, facts, pixels, plan.level), plan)
            plan = _replanned(first, plan, replan)
            lay = _laying(overlay, plan)
        finished = _finished(_hidden(replace(first, pixels=pixels), plan), plan, lay)
        frames.append((_few(finished, plan), duration))
    assert first is not None  # or there was no animation to be planned
    metadata = _metadata(first, plan)
    body = _moving(frames, plan, shown.plays, metadata)
    return Result(body, RESULTS[plan.format].media_type, first.notes)


def sketched(held: Held, plan: Plan) -> Pixels:
    """The picture of a sketch: uint8, gray, BGR or BGRA."""
    return _finished(_hidden(held, plan).averaged_by(2**plan.halvings), plan)


def _hidden(held: Held, plan: Plan) -> Held:
    """The same with its parts hidden, and without the notes about the values there."""
    if plan.redaction is None:
        return held
    left, top = held.level.box[:2]
    pixels = plan.redaction.applied(held.pixels, (left, top), inks=held.color == "cmyk")
    notes = tuple(note for note in held.notes if not is_of_values(note))
    return replace(held, pixels=pixels, notes=notes)


def _replanned(held: Held, plan: Plan, replan: Replan) -> Plan:
    part = _trimmed(held, plan) if plan.needs_pixels else None
    return replan(part) if part else plan


def _encoded(held: Held, plan: Plan, lay: Lay | None) -> bytes:
    pixels = _few(_finished(held, plan, lay), plan)
    metadata, output = _metadata(held, plan), plan.output
    if tell := RESULTS[plan.format].tell:
        return tell(pixels, output.told_colors, output.prefix)
    return _file(pixels, plan, metadata)


def _file(pixels: Pixels, plan: Plan, metadata: Metadata) -> bytes:
    output, format, quality = plan.output, plan.format, plan.output.quality
    chroma, quickly, lossless = output.chromasub, plan.is_piece, output.lossless
    if is_by_eye(plan):
        quality, file = encode_by_eye(pixels, format, metadata, chroma=chroma, quickly=quickly)
        if output.max_bytes is None or len(file) <= output.max_bytes:
            return file
    if output.max_bytes is not None:
        most = output.max_bytes
        return encode_within(
            pixels, format, quality, most, metadata, chroma=chroma, lossless=lossless
        )
    return encode(
        pixels, format, quality, metadata, chroma=chroma, quickly=quickly, lossless=lossless
    )


def _moving(
    frames: list[tuple[Pixels, float]], plan: Plan, plays: int, metadata: Metadata
) -> bytes:
    output, format = plan.output, plan.format
    quality = quality_of_frames(frames, format) if is_by_eye(plan) else output.quality
    return encode_animation(frames, format, quality, plays, metadata, lossless=output.lossless)


def _few(pixels: Pixels, plan: Plan) -> Pixels:
    """The pixels in fewer colours, where the query asks for that, or where the original has few and
    it looks the same.
    """
    if plan.most_colors is None:
        return pixels
    if RESULTS[plan.format].all_clear:
        pixels = clear_or_not(pixels)
    if plan.output.colorquant:
        return quantized(pixels, plan.most_colors)
    return quantized_alike(pixels, plan.most_colors)


def _metadata(held: Held, plan: Plan) -> Metadata:
    keep = plan.output.keep
    kept = held.exif if "exif" in keep else Exif()
    if "copyright" in keep and not kept:
        kept = held.exif.rights()
    if not _stay(held, plan):
        return Metadata(None, kept)
    return Metadata(held.profile, kept, held.points)


def _stay(held: Held, plan: Plan) -> bool:
    """Whether the colours stay as they are, and their profile goes along."""
    if held.hdr:
        return plan.keeps_hdr
    return plan.keeps_profile and bool(held.profile) and describes(held.profile or b"", held.color)


def _laying(overlay: Overlay | None, plan: Plan) -> Lay | None:
    """The function that lays the overlay over pictures of this plan."""
    if overlay is None:
        return None
    of = overlay.plan(plan.result)
    return partial(overlay.over, above=_finished(overlay.held.averaged_by(2**of.halvings), of))


def _finished(held: Held, plan: Plan, lay: Lay | None = None) -> Pixels:
    """The picture that is encoded: through all stages, in their order."""
    pixels = held.pixels
    for stage, done in _STAGES:
        if done is not None:
            pixels = done(pixels, held, plan)
        for step in plan.steps:
            if stage.kind is not None and isinstance(step, stage.kind):
                pixels = step.apply(pixels, _ground(held, plan).fill)
    return pixels if lay is None else lay(pixels)


def _resized(pixels: Pixels, held: Held, plan: Plan) -> Pixels:
    """The region that is wanted, in the size that is wanted, and upright.

    To turn the small picture, which is exact, takes less than to turn the stored one.
    """
    area: Area | None
    pixels, area = (held.cropped if plan.needs_pixels else held.around)(plan.crop)
    averaged = held.level.averaged
    if held.color == "cmyk":
        # The colour of a mean of inks is not the mean of their colours. But to convert all of a
        # photo costs as much as everything else together.
        inks, area = resample_around(pixels, plan.sampled, plan.size, area=area, averaged=averaged)
        pixels, averaged = to_srgb(inks, held.profile, held.color), False
    alpha, linear = has_alpha(pixels), plan.linear
    pixels = resample(pixels, plan.size, alpha=alpha, linear=linear, area=area, averaged=averaged)
    return plan.orientation.apply(pixels)


def _colored(pixels: Pixels, held: Held, plan: Plan) -> Pixels:
    """The pixels in the depth of the result, and in sRGB unless the profile goes along; inks are so
    already.

    A profile costs 650 ms on 18 megapixels and 8 ms on the result.
    """
    at_depth = to_sixteen_bits if plan.deep else to_eight_bits
    if held.color == "cmyk" or _stay(held, plan):
        return at_depth(pixels)
    if held.hdr:
        return at_depth(tone_mapped(pixels, held.hdr))
    return at_depth(to_srgb(pixels, held.profile, held.color))


def _framed(pixels: Pixels, held: Held, plan: Plan) -> Pixels:
    """The picture in the middle of the canvas, with its surroundings."""
    if pixels.shape[1::-1] == plan.canvas:
        return pixels
    return plan.around.laid(pixels, plan.canvas, _ground(held, plan).fill)


def _backed(pixels: Pixels, held: Held, plan: Plan) -> Pixels:
    return _ground(held, plan).behind(pixels, keep_alpha=RESULTS[plan.format].alpha)


def _ground(held: Held, plan: Plan) -> Ground:
    """The colour behind and around the picture; of one that stays HDR, in its own code points."""
    ground = plan.backdrop.ground
    if held.hdr and plan.keeps_hdr:
        return replace(ground, color=coded(ground.color, held.hdr))
    return ground


#: The functions for the stages that are no steps of their own. Page and orientation, region and
#: trim are in the plan's boxes. The last picture is encoded in the format.
_DONE: Mapping[Stage, Callable[[Pixels, Held, Plan], Pixels]] = {
    Stage.RESIZE: _resized,
    Stage.COLOR: _colored,
    Stage.FRAME: _framed,
    Stage.BACKDROP: _backed,
}
_STAGES = tuple((stage, _DONE.get(stage)) for stage in Stage)


def _trimmed(held: Held, plan: Plan) -> Box | None:
    """The upright region without its border; None where all of it is border."""
    box = plan.orientation.stored_box(plan.region, plan.stored)
    pixels = held.cropped(box)[0]
    if held.color == "cmyk":
        pixels = to_srgb(pixels, None, held.color)
    x, y, _, _ = plan.orientation.stored_box((0, 0, 1, 1), box[2:])
    found = content(plan.orientation.apply(plan.trim.is_border(pixels, pixels[y, x])))
    if found is None:
        return None
    return plan.region[0] + found[0], plan.region[1] + found[1], *found[2:]
