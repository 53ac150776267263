"""Orient: which way up the original is, where its own tag is wrong or is to be ignored."""

from __future__ import annotations

from dataclasses import dataclass

from imgmiddleware.forms import choice
from imgmiddleware.operations.transform import Operation, parameter

#: Turns to the right by degrees, as EXIF numbers them.
_TURNS = {"90": 6, "180": 3, "270": 8}


@dataclass(frozen=True)
class Orient(Operation):
    orient: str | None = parameter(choice(*"12345678", *_TURNS))

    def orientation(self, tagged: int) -> int:
        """EXIF's value, 1 to 8, to turn the stored pixels by: the one asked for, else `tagged`."""
        return int(_TURNS.get(self.orient, self.orient)) if self.orient else tagged
