"""Colour maps: the colour for each value of a gray picture, by OpenCV's names or a table."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from imgmiddleware.errors.nearest import nearest
from imgmiddleware.pixels.arrays import Pixels, red_blue_swapped

#: A caller's colour map: a name of OpenCV's, or 256 colours.
ColormapLike = str | npt.NDArray[np.uint8]

#: OpenCV's number of each, by its name in lower case.
NAMES: Mapping[str, int] = {
    name.removeprefix("COLORMAP_").lower(): getattr(cv2, name)
    for name in dir(cv2)
    if name.startswith("COLORMAP_")
}


@dataclass(frozen=True, slots=True)
class Colormap:
    """256 colours: `table` is uint8, (256, 3 or 4), blue first. `text` stands for them in a key."""

    text: str
    table: Pixels = field(compare=False)

    @classmethod
    def of(cls, given: object, order: str) -> Colormap:
        """`order` is that of a table's channels. Raises `ValueError` for any other object."""
        if isinstance(given, str):
            return _named(given)
        table = _array(given)
        if table.dtype != np.uint8 or table.shape not in ((256, 3), (256, 4)):
            raise ValueError(
                "colormap: a name, or a table of dtype uint8 and shape (256, 3 or 4); not one of "
                f"{table.dtype} and {table.shape}"
            )
        blue_first = red_blue_swapped(table[None])[0] if order == "rgb" else table.copy()
        return cls(sha256(blue_first.tobytes()).hexdigest()[:32], blue_first)

    @property
    def channels(self) -> int:
        """3, or 4 with alpha."""
        return int(self.table.shape[1])

    def colored(self, index: Pixels) -> Pixels:
        """The colours of uint8 (height, width): (height, width, 3 or 4)."""
        if self.channels == 3:
            return np.asarray(cv2.applyColorMap(index, self.table[:, None]))
        whole = self.table.view(np.uint32)[:, 0]  # a pixel at a time, not a channel
        return whole[index].view(np.uint8).reshape(*index.shape, 4)


def _array(given: object) -> npt.NDArray[Any]:
    """The array; an empty one for an object that is none, such as rows of several lengths."""
    try:
        return np.asarray(given)
    except ValueError:
        return np.zeros(0, object)


@functools.lru_cache(maxsize=len(NAMES))
def _named(name: str) -> Colormap:
    number = NAMES.get(name.lower())
    if number is None:
        near = nearest(name, NAMES)
        hint = f"did you mean {near}? " if near else ""
        raise ValueError(
            f"colormap: {name!r} is none of OpenCV's; {hint}They are {', '.join(sorted(NAMES))}"
        )
    index = np.arange(256, dtype=np.uint8)[None]
    return Colormap(name.lower(), np.asarray(cv2.applyColorMap(index, number))[0])
