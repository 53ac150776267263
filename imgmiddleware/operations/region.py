"""Region: the part of the upright original that everything else sees, in imgix's `rect`."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from imgmiddleware.errors import ImageError
from imgmiddleware.forms.numbers import rectangle
from imgmiddleware.operations.transform import Operation, parameter


@dataclass(frozen=True)
class Region(Operation):
    rect: tuple[str | int | Decimal, ...] | None = parameter(rectangle())

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, width, height in an upright original of `width` by `height` pixels.

        The part over the edge is cut off. Raises `ImageError` (400) where nothing is left.
        """
        if self.rect is None:
            return 0, 0, width, height
        x, y, w, h = self.rect
        box_width, box_height = _size(w, width), _size(h, height)
        left, top = _start(x, width, box_width), _start(y, height, box_height)
        if left >= width or top >= height:
            raise ImageError(
                "out-of-range", f"rect lies outside of {width}x{height} pixels", parameter="rect"
            )
        return left, top, min(box_width, width - left), min(box_height, height - top)


def _size(wanted: str | int | Decimal, side: int) -> int:
    if isinstance(wanted, str):
        return side
    return max(1, min(side, _pixels(wanted, side)))


def _start(wanted: str | int | Decimal, side: int, size: int) -> int:
    if not isinstance(wanted, str):
        return _pixels(wanted, side)
    if wanted in ("left", "top"):
        return 0
    return (side - size) // 2 if wanted in ("center", "middle") else side - size


def _pixels(wanted: int | Decimal, side: int) -> int:
    if isinstance(wanted, int):
        return wanted
    return int((wanted * side).to_integral_value(ROUND_HALF_UP))
