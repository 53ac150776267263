"""The memory of looking for a subject; measuring.py runs it in a process of its own."""

from __future__ import annotations

from imgmiddleware.imaging.memory import making_bytes
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.stages import build
from imgmiddleware.subjects.kinds import KINDS
from measuring import growth
from originals import probe
from pictures import photo_like, saved


def taken(kind: str) -> tuple[int, int]:
    """The bytes that it takes in a sketch of the most pixels, and the predicted bytes."""
    pixels = photo_like(640, 640)
    plan = make_plan(probe(saved(pixels, "PNG")), build({"ar": "3:1", "fit": "crop", "crop": kind}))
    assert plan.sketch
    assert plan.sketch.result == (640, 640)
    # The library's own code is read from its file when it first runs, in pieces of any size.
    KINDS[kind](pixels[:128, :128])
    return growth(lambda: KINDS[kind](pixels)), making_bytes(plan.sketch)
