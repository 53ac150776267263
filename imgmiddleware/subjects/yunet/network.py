"""The network, run by OpenCV, and the meaning of its answer.

OpenCV's own `FaceDetectorYN` reads the answer in the same way, which a test compares. But OpenCV
5.0 writes a warning to the application's standard error whenever a `FaceDetectorYN` is made.
"""

import functools
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels

#: The most memory that a network takes, for pictures of 640 x 640 pixels: 28 MB, measured on OpenCV
#: 4.14 and 5.0.
NETWORK_BYTES = 2**25

#: The answer is three grids, whose cells are so many pixels wide: small faces, larger ones, large.
_CELLS = (8, 16, 32)
#: The numbers of each cell: whether a face is there, twice, and where; the last is unused.
_KINDS = ("cls", "obj", "bbox", "kps")

#: How sure the network has to be. On a dozen photos it was .87 and more for faces, also from the
#: side, and .76 and less for other things (cats, clocks, stars, a motorcycle).
_SURE = 0.8
#: Two boxes are one face if they have more than this in common.
_COMMON = 0.3
#: The surest boxes that are compared: OpenCV takes time with the square of their number.
_MOST = 500


class Box(NamedTuple):
    """A face, in pixels; it may hang over the edges."""

    left: float
    top: float
    width: float
    height: float


@functools.cache
def _model() -> bytes:
    """The file, read once it is needed."""
    name = "face_detection_yunet_2023mar.onnx"
    return files("imgmiddleware.subjects.yunet").joinpath(name).read_bytes()


@functools.cache
def fingerprint() -> str:
    """The name of the network, for the key of a picture: another network finds other faces."""
    return f"yunet/{sha256(_model()).hexdigest()[:16]}"


class Network:
    """One network, for one thread. It takes 3 ms to make, and one picture as a rule."""

    def __init__(self) -> None:
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(_model(), np.uint8))

    def faces(self, pixels: Pixels) -> list[Box]:
        """The faces of an upright picture: uint8, (height, width, 3), blue first."""
        height, width = pixels.shape[:2]
        filled = cv2.copyMakeBorder(
            pixels, 0, _filled(height) - height, 0, _filled(width) - width, cv2.BORDER_CONSTANT
        )
        self._net.setInput(cv2.dnn.blobFromImage(filled))
        names = [f"{kind}_{cell}" for cell in _CELLS for kind in _KINDS]
        answer = dict(zip(names, self._net.forward(names), strict=True))
        found: list[tuple[float, Box]] = []
        for cell in _CELLS:
            likely, present, places = (
                np.asarray(answer[f"{kind}_{cell}"], np.float64).reshape(-1, size)
                for kind, size in (("cls", 1), ("obj", 1), ("bbox", 4))
            )
            sure = np.sqrt(np.clip(likely, 0, 1) * np.clip(present, 0, 1))[:, 0]
            found += _boxes(sure, places, cell, filled.shape[1] // cell)
        return _each_once(found)


def _filled(side: int) -> int:
    """The side of the picture for the network: whole cells of the last grid, two at least.

    With one cell OpenCV 4.14 reads memory that nothing has written to, and finds faces in it.
    """
    cell = _CELLS[-1]
    return max(2 * cell, side + -side % cell)


def _boxes(sure: Pixels, places: Pixels, cell: int, columns: int) -> Iterator[tuple[float, Box]]:
    """The boxes of a grid, with how sure each is.

    A place is the middle's distance from the corner of its cell, and the logarithms of the sides,
    all in cells.
    """
    for number in np.flatnonzero(sure >= _SURE).tolist():
        row, column = divmod(number, columns)
        x, y, *sides = places[number].tolist()
        width, height = (np.exp(side).item() * cell for side in sides)
        left, top = (column + x) * cell - width / 2, (row + y) * cell - height / 2
        yield sure[number].item(), Box(left, top, width, height)


def _each_once(found: list[tuple[float, Box]]) -> list[Box]:
    """The surest box of each face, the surest face first."""
    found = sorted(found, reverse=True)[:_MOST]
    scores, boxes = [score for score, _ in found], [box for _, box in found]
    kept = cv2.dnn.NMSBoxes(boxes, scores, _SURE, _COMMON) if boxes else ()
    return [boxes[number] for number in np.asarray(kept, int).ravel().tolist()]
