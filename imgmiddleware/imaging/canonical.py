"""The canonical text of a picture: everything that its bytes depend on beside its original.

Queries that ask for one picture of an original in other words have one text: a width beyond the
original and none, a ratio and its pixels, a `fit` that leaves nothing to fit. So the text is made
of the plan, in which all of this is resolved. Facts that follow from the original alone are left
out, as the key has its version.
"""

from collections.abc import Collection
from dataclasses import replace

from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.quality import is_by_eye, loses_nothing
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.resize import Resize
from imgmiddleware.operations.surround import Around
from imgmiddleware.operations.transform import Transform
from imgmiddleware.pixels.arrays import Box


def canonical(plan: Plan, transform: Transform, accepted: Collection[str]) -> str:
    """The text of the plan for this Transform and these formats.

    Where only pixels tell the geometry, the text is the query's. A query's text begins with a
    parameter's name and a plan's with a number, so that no two pictures share a text.
    """
    if not plan.output.decodes:
        return f"{plan.frame} {plan.format} {_kept(plan.output.keep)}"
    read = f" {plan.reading.text}" if plan.reading else ""
    if plan.needs_pixels:
        return f"{transform.canonical} {','.join(accepted)}{read}"
    output, format, tells = plan.output, plan.format, RESULTS[plan.format].tell is not None
    if tells:
        keep = output.keep if RESULTS[format].of_header else ()
        output = replace(output, max_bytes=None, keep=keep, colorquant=None)
    quality = _quality(plan)
    kept = output.keep and _kept(output.keep)
    shape = plan.frame, plan.frames, plan.crop, plan.size, plan.canvas, int(plan.orientation)
    colors = plan.deep, plan.keeps_profile, plan.keeps_hdr
    ways = plan.linear, plan.around.kind == "edges", *colors, plan.backdrop.bg
    steps = "&".join(text for step in plan.steps for text in step.spelled())
    noted = (" stilled" if plan.stilled else "") + (" stored" if plan.as_stored else "")
    most = plan.most_colors and output.colorquant  # else it follows from the original
    noted += _looked_for(plan.sketch, plan.region) if plan.sketch else ""
    noted += _nearing(transform.get(Resize)) if plan.sketch and plan.sketch.sought else ""
    size = f"{quality} {output.max_bytes} {_chroma(plan)} {most}"
    around = "" if plan.around in (Around(), Around("edges")) else f" {plan.around}"
    hidden = f" {plan.redaction.text}" if plan.redaction else ""
    told = f" {output.told_colors} {_prefix(output)}" if tells else ""
    told += " faces" if output.tells_faces else ""
    return f"{shape}{ways}{format} {size} {kept}{noted}{steps}{read}{hidden}{around}{told}"


def _looked_for(sketch: Plan, region: Box) -> str:
    """The subjects that a sketch of this region looks for. Tones show in the steps."""
    kept = f" keeping {sketch.sought}" if sketch.sought else ""
    return f"{kept} of {region}"


def _nearing(resize: Resize) -> str:
    """How close the faces that were found are to be shown."""
    if not resize.nears:
        return ""
    return f" near {resize.faceindex} {resize.facepad} {resize.enlarge}"


def _prefix(output: Output) -> str:
    """The prefix of CSS classes: only CSS has one."""
    return output.prefix if output.palette == "css" else ""


def _quality(plan: Plan) -> int | str | None:
    """None where nothing asks for it."""
    if loses_nothing(plan):
        return "lossless"
    if RESULTS[plan.format].scale is None:
        return None
    return "auto" if is_by_eye(plan) else plan.output.quality


def _chroma(plan: Plan) -> str | None:
    """The chroma of the result. Where bytes or looks decide it is left open: it depends on a
    quality that is not known yet.
    """
    result, output = RESULTS[plan.format], plan.output
    if output.chromasub or (output.max_bytes is None and not is_by_eye(plan)):
        return result.chroma(output.chromasub, output.quality)
    return result.write_chroma and "auto"


def _kept(names: tuple[str, ...]) -> tuple[str, ...]:
    """The metadata beside the colours: all of it, with the rights, or the rights alone."""
    return tuple(name for name in names if name not in ("icc", "hdr"))[:1]
