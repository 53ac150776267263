"""Overlay: an original that is laid over the finished picture of another one.

It has a plan of its own. That makes it like every picture: upright, in sRGB of 8 bits, in the size
that is wanted.
"""

from dataclasses import dataclass

from imgmiddleware.formats.facts import Facts
from imgmiddleware.imaging.canonical import canonical
from imgmiddleware.imaging.held import Held
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.mark import Mark
from imgmiddleware.pixels.arrays import Pixels, Size
from imgmiddleware.pixels.blend import laid


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay that is decoded, and how it is laid over pictures."""

    held: Held
    facts: Facts
    mark: Mark

    def plan(self, canvas: Size) -> Plan:
        """The plan of the overlay for a picture of this size."""
        return make_plan(self.facts, self.mark.transform(canvas))

    def over(self, pixels: Pixels, above: Pixels) -> Pixels:
        """The picture with `above`, which was made of it by that plan, laid over it."""
        canvas, size = pixels.shape[1::-1], above.shape[1::-1]
        return laid(
            pixels,
            above,
            self.mark.place(size, canvas),
            opacity=self.mark.mark_alpha / 100,
            mode=self.mark.mark_blend,
            period=self.mark.period(size),
        )


def canonical_overlay(plan: Plan, mark: Mark, canvas: Size) -> str:
    """The text of an overlay of this plan on a picture of this size. The picture's bytes depend on
    it, beside the two originals and the picture's own text.
    """
    size = plan.result
    made = canonical(plan, mark.transform(canvas), ())
    how = mark.mark_alpha, mark.mark_blend
    return f" over {mark.place(size, canvas)} {mark.period(size)} {how} {made}"
