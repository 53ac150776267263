"""Pixels: plan, decode, resample, orient, colour, encode. OpenCV and Pillow stay in here."""

from imgmiddleware.imaging.engine import engine
from imgmiddleware.imaging.plan import Plan, make_plan
from imgmiddleware.imaging.render import Rendered, Replan, render

__all__ = ["Plan", "Rendered", "Replan", "engine", "make_plan", "render"]
