"""The limits: what is refused before any decoder sees it, and what the refusal says.

A decoder believes the header, and allocates what it claims. Each refusal names the limit and its
value, so that whoever runs the service knows what to raise.
"""

from collections.abc import Collection

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.transform import Transform
from imgmiddleware.pixels.arrays import Box
from imgmiddleware.settings import Settings


def check_bytes(size: int, settings: Settings) -> None:
    """Raises 413 `source-bytes`."""
    if size > settings.max_source_bytes:
        raise _over("source-bytes", "max_source_bytes", f"{size} bytes", settings)


def check_facts(facts: Facts, settings: Settings) -> None:
    """Raises 413 `source-pixels` or `source-memory`."""
    if facts.width * facts.height > settings.max_source_pixels:
        claimed = f"{facts.width}x{facts.height} pixels"
        raise _over("source-pixels", "max_source_pixels", claimed, settings)
    if facts.decode_bytes > settings.max_source_memory:
        needed = f"up to {facts.decode_bytes} bytes to decode"
        raise _over("source-memory", "max_source_memory", needed, settings)


def planned(
    facts: Facts,
    transform: Transform,
    accepted: Collection[str],
    settings: Settings,
    part: Box | None = None,
) -> Plan:
    """The plan within the limits. An animation that is over them becomes a still picture.

    Raises 400 `result-too-large`, and what `make_plan` raises.
    """
    plan = make_plan(facts, transform, accepted, part=part)
    if plan.frames > 1 and not _is_within(plan, facts, settings):
        plan = make_plan(facts, transform, accepted, part=part, still=True)
    check_result(plan, settings)
    return plan


def _is_within(plan: Plan, facts: Facts, settings: Settings) -> bool:
    """Whether all frames, as stored and as they are to be, are within the limits of animations."""
    largest = max(facts.width * facts.height, *(w * h for w, h in (plan.canvas, plan.result)))
    frames = plan.frames
    return frames <= settings.max_frames and largest * frames <= settings.max_animation_pixels


def check_result(plan: Plan, settings: Settings) -> None:
    """Raises 400 `result-too-large`: the text asked for more than this service makes."""
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
    RESULTS[plan.format].check_sides(width, height)


def _over(code: str, name: str, what: str, settings: Settings) -> ImageError:
    limit = getattr(settings, name)
    return ImageError(code, f"the original takes {what}; {name} is {limit}", limit=limit)
