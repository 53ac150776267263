"""Pixels: plan, decode, resample, orient, colour, encode. OpenCV and Pillow stay in here."""

from imgmiddleware.imaging.decode import decode_original
from imgmiddleware.imaging.engine import engine, made_by
from imgmiddleware.imaging.held import Held, Level
from imgmiddleware.imaging.memory import predicted_bytes
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.imaging.render import Replan, render, render_animation

__all__ = [
    "Held",
    "Level",
    "Plan",
    "Replan",
    "decode_original",
    "engine",
    "made_by",
    "make_plan",
    "predicted_bytes",
    "render",
    "render_animation",
]
