"""Resize: how large the result is, and which part of the original it shows.

The parameters' names and meanings are those of imgix's public Rendering API, with one difference:
nothing is enlarged beyond its original unless `enlarge=1` asks for it. The table in docs/query.md
has the result of each `fit`; a test checks it against this file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import takewhile

from imgmiddleware.forms.numbers import Length, decimal, length, ratio, whole
from imgmiddleware.forms.words import flag, one_of, open_by, place
from imgmiddleware.operations.geometry import (
    Geometry,
    Part,
    Spot,
    Start,
    nearer,
    nearest,
    placed,
    plain,
)
from imgmiddleware.operations.transform import Operation, parameter
from imgmiddleware.pixels.arrays import Size
from imgmiddleware.subjects.kinds import KINDS

_FITS = ("clip", "max", "min", "crop", "facearea", "scale", "fill", "fillmax", "clamp")

#: The names of CSS for them, and of other services.
_OTHERS = {
    "contain": "clip",
    "inside": "clip",
    "cover": "crop",
    "stretch": "scale",
}

#: The fits whose result has the shape of the box; the others keep the original's.
_SHAPED = frozenset(_FITS) - {"clip", "max"}
_AROUND = frozenset({"fill", "fillmax", "clamp"})
#: The fits that cut the shape of the box out of the original, and those that enlarge that part.
_CUTTING = frozenset({"crop", "min", "facearea"})
_ENLARGING = _CUTTING - {"min"}

#: The words of `crop` for the first and the last of each axis.
_SIDES = (("left", "right"), ("top", "bottom"))

#: The most faces that are remembered of a picture.
_FACES = 64

#: The most that a program may ask for. A service that restricts widths has them in device pixels,
#: and may list wider ones than any text says.
_WIDEST = 1_000_000


@dataclass(frozen=True)
class Resize(Operation):
    w: Length | None = parameter(open_by("auto", length(8192, _WIDEST)))
    h: Length | None = parameter(open_by("auto", length(8192, _WIDEST)))
    fit: str = parameter(one_of(_FITS, _OTHERS), "clip")
    crop: tuple[str, ...] = parameter(place(*KINDS, "focalpoint"), ())
    fp_x: Decimal = parameter(decimal("0", "1"), Decimal("0.5"), name="fp-x")
    fp_y: Decimal = parameter(decimal("0", "1"), Decimal("0.5"), name="fp-y")
    fp_z: Decimal = parameter(decimal("1", "10"), Decimal(1), name="fp-z")
    faceindex: int | None = parameter(whole(1, _FACES))
    facepad: Decimal = parameter(decimal("0.1", "100"), Decimal(1))
    ar: tuple[Decimal, Decimal] | None = parameter(ratio())
    dpr: Decimal = parameter(decimal("0.1", "5"), Decimal(1))
    enlarge: bool = parameter(flag(), False)
    par: bool = parameter(flag(), False)
    linear: bool = parameter(flag(), False)

    @property
    def sought(self) -> tuple[str, ...]:
        """The subjects to look for in the pixels; the first that is found is kept."""
        if self.fit not in _CUTTING:
            return ()
        named = tuple(takewhile(KINDS.__contains__, self.crop))
        return tuple(dict.fromkeys(("faces", *named))) if self.nears else named

    @property
    def nears(self) -> bool:
        """Whether faces are shown as close as can be, and not only kept."""
        return self.fit == "facearea"

    def may_near(self, geometry: Geometry) -> bool:
        """Whether the result may show a closer part of the original than this geometry does."""
        if not (self.nears and self._boxed):
            return False
        sides = zip(geometry.crop[2:], geometry.size, strict=True)
        return self.enlarge or any(kept > shown for kept, shown in sides)

    @property
    def _boxed(self) -> bool:
        return (self.w, self.h, self.ar) != (None, None, None)

    def geometry(
        self,
        width: int,
        height: int,
        aspect: Fraction = Fraction(1),
        start: Start | None = None,
        spots: Sequence[Spot] = (),
    ) -> Geometry:
        """The geometry for an upright original of `width` by `height` pixels.

        `par` gives the pixels the shape that the original says: `aspect` is the width of one
        divided by its height. The side along which they are longer then counts as having more
        pixels. `start` tells where a subject is, if one was found. The first of `spots` that has
        room is shown as close as possible.
        """
        if not self.par or aspect == 1:
            return self._nearer((width, height), self._geometry(width, height, start), spots)
        seen = (
            (_rounded(width * aspect), height) if aspect > 1 else (width, _rounded(height / aspect))
        )
        found = self._nearer(seen, self._geometry(*seen, start), spots)
        left, top, across, down = found.crop
        x, part_w = (plain(Fraction(side * width, seen[0])) for side in (left, across))
        y, part_h = (plain(Fraction(side * height, seen[1])) for side in (top, down))
        return Geometry((x, y, part_w, part_h), found.size, found.canvas)

    def _geometry(self, width: int, height: int, start: Start | None) -> Geometry:
        whole = (0, 0, width, height)
        w, h = self._box(width, height)
        if w is None or h is None:
            # One side alone sets the scale, and every fit keeps the shape.
            if self._zoom > 1:
                return self._zoomed(width, height, w, h)
            size = self._scaled(width, height, _ratio(w, width) or _ratio(h, height) or Fraction(1))
            return Geometry(whole, size, size)
        if self.fit == "scale":
            size = (w, h) if self.enlarge else (min(w, width), min(h, height))
            return Geometry(whole, size, size)
        if self.fit in _CUTTING:
            return self._covering(width, height, (w, h), start)
        size = self._scaled(width, height, min(Fraction(w, width), Fraction(h, height)))
        return Geometry(whole, size, (w, h) if self.fit in _AROUND else size)

    def _box(self, width: int, height: int) -> tuple[int | None, int | None]:
        """The box of `w`, `h`, `dpr` and `ar`, in pixels; None for a side that is left open."""
        w, h = self._pixels(self.w, width), self._pixels(self.h, height)
        if self.ar is None or self.fit not in _SHAPED or (w is not None and h is not None):
            return w, h
        shape = Fraction(self.ar[0]) / Fraction(self.ar[1])
        if h is not None:
            return _rounded(h * shape), h
        if w is None:
            # No size at all: the largest box of this shape inside of the original, or around it.
            inside = shape * height <= width
            if inside == (self.fit not in _AROUND):
                return _rounded(height * shape), height
            w = width
        return w, _rounded(w / shape)

    def _pixels(self, wanted: Length | None, side: int) -> int | None:
        if wanted is None:
            return None
        exact = wanted * self.dpr * (side if isinstance(wanted, Decimal) else 1)
        return max(1, int(exact.to_integral_value(ROUND_HALF_UP)))

    def _scaled(self, width: int, height: int, scale: Fraction) -> tuple[int, int]:
        """The original's size times `scale`; never enlarged unless asked, and never by `max`."""
        if scale > 1 and (not self.enlarge or self.fit == "max"):
            scale = Fraction(1)
        return _times(width, scale), _times(height, scale)

    def _covering(
        self, width: int, height: int, box: tuple[int, int], start: Start | None
    ) -> Geometry:
        """The part has that shape to the fraction of a pixel: whole pixels of a small original
        would be up to a tenth off.
        """
        scale = max(Fraction(box[0], width), Fraction(box[1], height)) * self._zoom
        crop_w, crop_h = (max(Fraction(1), side / scale) for side in box)
        if scale > 1 and not (self.enlarge and self.fit in _ENLARGING):
            box = min(width, _rounded(crop_w)), min(height, _rounded(crop_h))
            crop_w, crop_h = Fraction(box[0]), Fraction(box[1])
        return Geometry(self._part((width, height), (crop_w, crop_h), start), box, box)

    def _nearer(self, whole: Size, shown: Geometry, spots: Sequence[Spot]) -> Geometry:
        if not spots or not self._boxed:
            return shown
        return nearer(shown, whole, spots, Fraction(self.facepad), enlarge=self.enlarge)

    @property
    def _zoom(self) -> Fraction:
        """How many times the shown part's side fits into the side without the zoom."""
        zooms = self.crop[:1] == ("focalpoint",) and self.fit in ("crop", "min")
        return Fraction(self.fp_z) if zooms else Fraction(1)

    def _zoomed(self, width: int, height: int, w: int | None, h: int | None) -> Geometry:
        """A part in the shape of the original, where one side or none says how large it is."""
        crop_w, crop_h = (max(Fraction(1), side / self._zoom) for side in (width, height))
        scale = w / crop_w if w is not None else h / crop_h if h is not None else Fraction(1)
        if scale >= 1 and not (self.enlarge and self.fit == "crop"):
            crop_w, crop_h = Fraction(_rounded(crop_w)), Fraction(_rounded(crop_h))
            scale = Fraction(1)
        size = _rounded(crop_w * scale), _rounded(crop_h * scale)
        return Geometry(self._part((width, height), (crop_w, crop_h)), size, size)

    def _part(
        self, whole: tuple[int, int], kept: tuple[Fraction, Fraction], start: Start | None = None
    ) -> Part:
        """Where a part of this size stands in the whole."""
        left, top = (self._begin(axis, whole[axis], kept[axis], start) for axis in (0, 1))
        return left, top, plain(kept[0]), plain(kept[1])

    def _begin(self, axis: int, side: int, kept: Fraction, start: Start | None) -> int | Fraction:
        spare = side - kept
        if start is not None and spare >= 1:
            return nearest(Fraction(start(axis, float(kept / side))) * side, spare)
        if "focalpoint" in self.crop:
            point = Fraction((self.fp_x, self.fp_y)[axis])
            return nearest(point * side - kept / 2, spare)
        first, last = _SIDES[axis]
        return placed(spare, first in self.crop, last in self.crop)


def _ratio(wanted: int | None, side: int) -> Fraction | None:
    return None if wanted is None else Fraction(wanted, side)


def _times(side: int, scale: Fraction) -> int:
    """`_rounded(side * scale)` in whole numbers, as most requests are for this."""
    return max(1, (2 * side * scale.numerator + scale.denominator) // (2 * scale.denominator))


def _rounded(exact: Fraction) -> int:
    """The nearest whole number of pixels, halves up, at least one."""
    return max(1, int(exact + Fraction(1, 2)))
