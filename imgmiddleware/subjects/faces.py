"""Faces: where they are, as YuNet finds them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.subjects.subject import shrunk
from imgmiddleware.subjects.yunet.network import Box, Network

#: The longer sides of the pictures in which faces are looked for. In the first picture the network
#: finds faces from a fortieth of its side to a half. Where it finds none, it finds a face that
#: fills the second picture. The first alone takes 37 ms of a processor, the second 10.
_SIDES = (640, 320)

#: Faces that are remembered of a picture, the largest first.
_MOST = 64

#: Left, top, right and lower edge, in fractions of the picture's sides.
Face = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces of a picture, the largest first."""

    faces: tuple[Face, ...]

    @classmethod
    def find(cls, pixels: Pixels) -> Faces:
        """The faces of an upright picture: uint8, gray or BGR."""
        colors = pixels
        if pixels.ndim == 2:
            colors = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))
        network, found = Network(), list[Face]()
        for side in _SIDES:
            small = shrunk(colors, side)
            height, width = small.shape[:2]
            found = [face for box in network.faces(small) if (face := _face(box, width, height))]
            if found or max(colors.shape[:2]) <= min(_SIDES):
                break
        return cls(tuple(sorted(found, key=_area, reverse=True)[:_MOST]))

    @property
    def found(self) -> bool:
        return bool(self.faces)

    @property
    def nbytes(self) -> int:
        return 200 * (1 + len(self.faces))  # the memory of four numbers in a tuple

    def start(self, axis: int, share: float, first: float = 0, last: float = 1) -> float:
        """Places the part about the middle of all faces; about that of the largest, where all have
        no room.
        """
        spans = [(face[axis], face[axis + 2]) for face in self.faces]
        begin, end = min(span[0] for span in spans), max(span[1] for span in spans)
        if end - begin > share:
            begin, end = spans[0]
        return min(max(first, (begin + end - share) / 2), max(first, last - share))


def _face(box: Box, width: int, height: int) -> Face | None:
    """The visible part of a face, in whole pixels of the picture in which it was found: so a last
    digit of the network's arithmetic moves no crop. None where no part is visible.
    """
    left, top, across, down = map(round, box)
    x, right = (min(max(at / width, 0.0), 1.0) for at in (left, left + across))
    y, bottom = (min(max(at / height, 0.0), 1.0) for at in (top, top + down))
    return (x, y, right, bottom) if right > x and bottom > y else None


def _area(face: Face) -> float:
    return (face[2] - face[0]) * (face[3] - face[1])
