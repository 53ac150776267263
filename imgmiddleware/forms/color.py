"""The form of a colour."""

from __future__ import annotations

import re

from imgmiddleware.errors.nearest import nearest
from imgmiddleware.forms.form import Form, malformed
from imgmiddleware.pixels.arrays import Color
from imgmiddleware.pixels.names import COLORS

_HEX = re.compile(r"[0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8}", re.ASCII)

#: The names of colours, each with its digits.
_NAMED = {name: bytes(rgb).hex() for name, rgb in COLORS.items()} | {"transparent": "0000"}


def color() -> Form[Color]:
    """A colour, as (red, green, blue, alpha): a CSS name, or hexadecimal digits, alpha first.

    The digits may have a `#` in front, as in CSS.
    """
    words = "3, 4, 6 or 8 hexadecimal digits (rgb, argb, rrggbb, aarrggbb) or a CSS name"

    def parse(name: str, text: str) -> Color:
        digits = _NAMED.get(text.lower(), text.removeprefix("#"))
        if not _HEX.fullmatch(digits):
            raise malformed(name, text, words, nearest(text, _NAMED))
        if len(digits) < 6:
            digits = "".join(2 * digit for digit in digits)
        alpha, red, green, blue = bytes.fromhex(digits.rjust(8, "f"))
        return red, green, blue, alpha

    def write(value: Color) -> str:
        red, green, blue, alpha = value
        return (f"{alpha:02x}" if alpha < 255 else "") + f"{red:02x}{green:02x}{blue:02x}"

    return Form(parse, write, words, endless=True)


def pair() -> Form[tuple[Color, Color]]:
    """Two opaque colours, with a comma between."""
    words = "two colors with a comma between, each 3 or 6 hexadecimal digits or a CSS name"
    one = color()

    def parse(name: str, text: str) -> tuple[Color, Color]:
        colors = tuple(one.parse(name, part) for part in text.split(",", 2))
        if len(colors) != 2 or any(alpha < 255 for *_, alpha in colors):
            raise malformed(name, text, words)
        return colors

    def write(value: tuple[Color, Color]) -> str:
        return ",".join(map(one.write, value))

    return Form(parse, write, words, endless=True)
