"""Orient: which way up the original is, where its own tag is wrong or is to be ignored."""

from dataclasses import dataclass

from imgmiddleware.forms.words import choice, open_by
from imgmiddleware.operations.transform import Operation, parameter
from imgmiddleware.pixels.orientation import Orientation

#: Turns to the right, by their degrees.
_TURNS = {
    "90": Orientation.TURNED_90,
    "180": Orientation.TURNED_180,
    "270": Orientation.TURNED_270,
}


@dataclass(frozen=True)
class Orient(Operation):
    orient: str | None = parameter(open_by("0", choice(*"12345678", *_TURNS)))

    def orientation(self, tagged: int) -> Orientation:
        """The turn of the stored pixels: the query's, else the one in the file."""
        asked = _TURNS.get(self.orient, self.orient) if self.orient else tagged
        return Orientation(int(asked))
