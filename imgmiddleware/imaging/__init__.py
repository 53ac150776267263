"""Pixels: plan, decode, resample, orient, colour, encode. OpenCV and Pillow stay in here."""

from imgmiddleware.imaging.engine import engine
from imgmiddleware.imaging.plan import Plan, make_plan
from imgmiddleware.imaging.render import render

__all__ = ["Plan", "engine", "make_plan", "render"]
