"""The limits: which originals are refused before any decoder sees them, and the texts of the
refusals.

A decoder believes the header, and allocates what it claims. Each refusal names the limit and its
value, so that the operator knows which option to raise.
"""

from collections.abc import Collection
from dataclasses import replace

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.memory import reading_bytes
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.imaging.sketch import NOTHING, Findings
from imgmiddleware.imaging.stored import is_stored
from imgmiddleware.operations.mark import Mark
from imgmiddleware.operations.transform import Transform
from imgmiddleware.pixels.arrays import Box, Size
from imgmiddleware.settings import Settings

#: So many pixels of one bit count as one: drawings in CCITT's codes or deflate take 0.22 of the
#: time of as many pixels in LZW of three colours. Noise takes the same; but its bytes bound it.
_BILEVEL = 4
#: Pixels of an overlay, whatever picture it is laid over: to turn so many by 30 degrees takes two
#: seconds.
_OVERLAY = 16_000_000


def check_bytes(size: int, settings: Settings) -> None:
    """Raises 413 `source-bytes`."""
    if size > settings.max_source_bytes:
        raise _over("source-bytes", "max_source_bytes", f"{size} bytes", settings)


def check_facts(facts: Facts, size: int, settings: Settings) -> None:
    """Check an original of so many bytes that is read as a whole, whatever the request.

    Raises 413 `source-bytes`, `source-pixels` or `source-memory`.
    """
    if facts.pieces:
        return
    check_bytes(size, settings)
    if facts.width * facts.height > settings.max_source_pixels:
        claimed = f"{facts.width}x{facts.height} pixels"
        raise _over("source-pixels", "max_source_pixels", claimed, settings)
    if facts.decode_bytes > settings.max_source_memory:
        needed = f"up to {facts.decode_bytes} bytes to decode"
        raise _over("source-memory", "max_source_memory", needed, settings)


def check_overlay(size: Size, canvas: Size) -> None:
    """Check the size of an overlay for a picture of this size: most pixels of a larger one would be
    wasted.

    Raises `ImageError` (400, `result-too-large`).
    """
    most = max(_OVERLAY, 4 * canvas[0] * canvas[1])
    if size[0] * size[1] > most:
        raise ImageError(
            "result-too-large",
            f"it would be {size[0]}x{size[1]} pixels; on {canvas[0]}x{canvas[1]} it may have "
            f"{most}. Ask for a smaller one with w= or h=",
            limit=most,
        )


def check_reading(facts: Facts, plan: Plan, size: int, settings: Settings) -> None:
    """Check an original that is read by pieces: those that the plan touches.

    Raises as `check_facts` does, with a width that would be served, if there is one.
    """
    over = _reads_too_much(facts, plan, size, settings)
    if over is None:
        if plan.sketch and (over := _reads_too_much(facts, plan.sketch, size, settings)):
            code, name, what = over
            point = ", or a point" if plan.sketch.sought else ""
            raise _over(code, name, what, settings, f"Ask for a part of it with rect={point}")
        return
    code, name, what = over
    for smaller in plan.smaller(facts.overviews):
        if _reads_too_much(facts, smaller, size, settings) is None:
            width = smaller.orientation.size(*smaller.size)[0]
            raise _over(code, name, what, settings, f"Ask for w={width} or less", width=width)
    raise _over(code, name, what, settings, "Ask for a part of it with rect=")


def _reads_too_much(
    facts: Facts, plan: Plan, size: int, settings: Settings
) -> tuple[str, str, str] | None:
    """The code, the option and the amount over it; None where the plan is within the limits."""
    pieces = plan.read_pieces
    if pieces is None or plan.frames > 1:
        return None
    stored, pixels = pieces.read(plan.level.box, plan.read_size)
    stored, needed = min(stored, size), reading_bytes(facts, plan)
    counted = pixels // _BILEVEL if facts.bits == 1 else pixels
    if counted > settings.max_source_pixels:
        return "source-pixels", "max_source_pixels", f"{pixels} pixels to be read for this"
    if stored > settings.max_source_bytes:
        return "source-bytes", "max_source_bytes", f"{stored} bytes to be read for this"
    if needed > settings.max_source_memory:
        return "source-memory", "max_source_memory", f"up to {needed} bytes to decode for this"
    return None


def planned(
    facts: Facts,
    transform: Transform,
    accepted: Collection[str],
    settings: Settings,
    part: Box | None = None,
    *,
    findings: Findings = NOTHING,
) -> Plan:
    """The plan within the limits. An animation that is over them becomes a still picture.

    Raises 400 `result-too-large`, and the errors of `make_plan`.
    """
    plan = make_plan(facts, transform, accepted, part=part, findings=findings)
    if plan.frames > 1 and not _is_within(plan, facts, settings):
        plan = make_plan(facts, transform, accepted, part=part, findings=findings, still=True)
    if plan.output.decodes:
        check_result(plan, settings)
    if settings.stored_tiles and is_stored(plan) and transform.get(Mark).mark is None:
        return replace(plan, as_stored=True)
    return plan


def _is_within(plan: Plan, facts: Facts, settings: Settings) -> bool:
    """Whether all frames, as stored and as they are shown, are within the limits of animations."""
    largest = max(facts.width * facts.height, *(w * h for w, h in (plan.canvas, plan.result)))
    frames = plan.frames
    return frames <= settings.max_frames and largest * frames <= settings.max_animation_pixels


def check_result(plan: Plan, settings: Settings) -> None:
    """Raises 400 `result-too-large`: the request asked for more than this service makes."""
    width, height = (max(sides) for sides in zip(plan.canvas, plan.result, strict=True))
    for name, value in (
        ("max_result_width", width),
        ("max_result_height", height),
        ("max_result_pixels", width * height),
    ):
        limit = getattr(settings, name)
        if value > limit:
            raise ImageError(
                "result-too-large",
                f"the result would be {width}x{height} pixels; {name} is {limit}. "
                "Ask for less with w= or h=",
                limit=limit,
            )
    RESULTS[plan.format].check(width, height)


def _over(
    code: str, name: str, what: str, settings: Settings, hint: str = "", **members: object
) -> ImageError:
    limit = getattr(settings, name)
    detail = f"the original takes {what}; {name} is {limit}"
    return ImageError(code, f"{detail}. {hint}" if hint else detail, limit=limit, **members)
