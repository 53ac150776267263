"""Mark: a second picture is laid over the finished one, as a watermark is.

The names and defaults are those of imgix's public Rendering API. The second picture, the overlay,
is an original of its own. A Transform, like any other, says how large it becomes.
"""

from dataclasses import dataclass
from decimal import Decimal

from imgmiddleware.forms.numbers import Length, angle, length, whole
from imgmiddleware.forms.words import alignment, one_of, text
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.resize import Resize
from imgmiddleware.operations.surround import Backdrop
from imgmiddleware.operations.transform import Operation, Transform, parameter
from imgmiddleware.operations.turn import Rotate
from imgmiddleware.pixels.arrays import Size
from imgmiddleware.pixels.blend import MODES

_FITS = ("clip", "crop", "fill", "max", "scale")
_OTHER_FITS = {"contain": "clip", "cover": "crop", "stretch": "scale"}
#: The default place of an overlay, alone or in a grid.
_UNSAID = {None: ("bottom", "right"), "grid": ("top", "left")}
_CLEAR = (255, 255, 255, 0)

#: The longest side, in pixels, as of `w`; and as far as an overlay may be moved.
_MOST = 8192


@dataclass(frozen=True)
class Mark(Operation):
    """`mark` is the name of an overlay, or / with the ID of an original."""

    mark: str | None = parameter(text("a name of the service's overlays, or / with an ID"))
    mark_w: Length | None = parameter(length(_MOST), name="mark-w")
    mark_h: Length | None = parameter(length(_MOST), name="mark-h")
    mark_scale: int | None = parameter(whole(1, 100), name="mark-scale")
    mark_fit: str = parameter(one_of(_FITS, _OTHER_FITS), "clip", name="mark-fit")
    mark_align: tuple[str, str] | None = parameter(alignment(), name="mark-align")
    mark_x: int | None = parameter(whole(-_MOST, _MOST), name="mark-x")
    mark_y: int | None = parameter(whole(-_MOST, _MOST), name="mark-y")
    mark_pad: int = parameter(whole(0, 1000), 5, name="mark-pad")
    mark_alpha: int = parameter(whole(0, 100), 100, name="mark-alpha")
    mark_rot: Decimal = parameter(angle(), Decimal(0), name="mark-rot")
    mark_tile: str | None = parameter(one_of(("grid",)), name="mark-tile")
    mark_blend: str = parameter(one_of(MODES), "normal", name="mark-blend")

    def transform(self, canvas: Size) -> Transform:
        """The Transform of the overlay, for a picture of this size."""
        turned = Rotate(self.mark_rot)
        filled = self.mark_fit == "fill" or self.mark_rot
        ground = Backdrop(_CLEAR if filled else None)
        return Transform((self._resize(canvas), turned, ground, Output("png")))

    def _resize(self, canvas: Size) -> Resize:
        w, h = self.mark_w, self.mark_h
        if w is None and h is None and self.mark_scale is not None:
            w, h = (max(1, round(side * self.mark_scale / 100)) for side in canvas)
        return Resize(w, h, self.mark_fit, enlarge=True)

    def place(self, size: Size, canvas: Size) -> tuple[int, int]:
        """Left and top of an overlay of this size in a picture of that; of the first of a grid."""
        row, column = self.mark_align or _UNSAID[self.mark_tile]
        left, top = self.mark_x, self.mark_y
        if left is None:
            left = _start(column, size[0], canvas[0], self.mark_pad)
        if top is None:
            top = _start(row, size[1], canvas[1], self.mark_pad)
        return left, top

    def period(self, size: Size) -> Size | None:
        """The distance of the overlays of a grid from one another; None where there is only one."""
        if self.mark_tile is None:
            return None
        return size[0] + self.mark_pad, size[1] + self.mark_pad


def _start(word: str, side: int, room: int, pad: int) -> int:
    if word in ("top", "left"):
        return pad
    return room - side - pad if word in ("bottom", "right") else (room - side) // 2
