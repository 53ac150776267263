"""Pixels: plan, decode, resample, orient, colour, encode. OpenCV and Pillow stay in here."""

from imgmiddleware.imaging.engine import engine, made_by
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.planner import make_plan, predicted_bytes
from imgmiddleware.imaging.render import (
    Decoded,
    Rendered,
    Replan,
    decode_original,
    halved,
    render,
    render_animation,
)

__all__ = [
    "Decoded",
    "Plan",
    "Rendered",
    "Replan",
    "decode_original",
    "engine",
    "halved",
    "made_by",
    "make_plan",
    "predicted_bytes",
    "render",
    "render_animation",
]
