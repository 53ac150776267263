"""Forms of shapes: the radii of corners, and a line of a width and a colour."""

from imgmiddleware.forms.color import color
from imgmiddleware.forms.form import Form, malformed
from imgmiddleware.forms.numbers import whole
from imgmiddleware.pixels.arrays import Color

Line = tuple[int, Color]
"""The width in pixels, and the colour."""

_WIDEST, _ROUNDEST = 100, 8192


def radii() -> Form[tuple[int, int, int, int]]:
    """The radii of four corners, clockwise from the upper left one; one number is for all."""
    words = f"whole pixels from 0 to {_ROUNDEST}, or four, clockwise from top left"
    one = whole(0, _ROUNDEST)

    def parse(name: str, text: str) -> tuple[int, int, int, int]:
        given = [one.parse(name, part) for part in text.split(",", 4)]
        if len(given) not in (1, 4):
            raise malformed(name, text, words)
        first, second, third, fourth = given * 4 if len(given) == 1 else given
        return first, second, third, fourth

    def write(value: tuple[int, int, int, int]) -> str:
        return str(value[0]) if len({*value}) == 1 else ",".join(map(str, value))

    return Form(parse, write, words, endless=True)


def line() -> Form[Line]:
    """A width and a colour, with a comma between."""
    words = f"a width from 1 to {_WIDEST} and a color, with a comma between"
    width, tone = whole(1, _WIDEST), color()

    def parse(name: str, text: str) -> Line:
        wide, comma, colored = text.partition(",")
        if not comma:
            raise malformed(name, text, words)
        return width.parse(name, wide), tone.parse(name, colored)

    def write(value: Line) -> str:
        return f"{value[0]},{tone.write(value[1])}"

    return Form(parse, write, words, endless=True)
