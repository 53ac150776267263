"""Layout: which axes of an array are rows, columns and channels, as its shape alone tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgmiddleware.pixels.arrays import Pixels

#: Gray; gray and alpha; three colours; three colours and alpha.
_CHANNELS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Layout:
    """The sides of an array in pixels, how many channels it has, and whether they come first.

    The last axis has the channels if it is 1 to 4 long, else the first one has. An array such as
    (3, 200, 4) could be read both ways. It seldom has few columns, and as seldom few rows; OpenCV,
    Pillow and matplotlib all have the channels last.
    """

    height: int
    width: int
    channels: int = 1
    first: bool = False

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> Layout:
        """Raises `ValueError` for a shape that is no picture's."""
        if min(shape, default=0) > 0:
            if len(shape) == 2:
                return cls(*shape)
            if len(shape) == 3 and shape[2] in _CHANNELS:
                return cls(*shape)
            if len(shape) == 3 and shape[0] in _CHANNELS:
                return cls(*shape[1:], shape[0], first=True)
        raise ValueError(
            "an array's shape is (height, width), (height, width, 1 to 4) or (1 to 4, height, "
            f"width), each at least 1; not {shape}"
        )

    @property
    def alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return self.channels in (2, 4)

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.width * self.height

    def channels_last(self, array: Pixels) -> Pixels:
        """A view of the array, of the shape (height, width, channels)."""
        upright = np.moveaxis(array, 0, -1) if self.first else array
        return upright.reshape(self.height, self.width, self.channels)
