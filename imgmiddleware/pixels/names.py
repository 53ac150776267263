"""The names of colours in CSS, by Pillow's table."""

from PIL import ImageColor

COLORS = {name: ImageColor.getrgb(name) for name in ImageColor.colormap}
"""Red, green and blue, 0 to 255, of the 148 names of CSS Color Module Level 4, section 6.1."""
