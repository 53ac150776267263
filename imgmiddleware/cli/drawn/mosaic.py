"""The demo's largest original: a gigapixel picture made of small ones, drawn in a second or two.

Each small picture has the colour that the large one has there, as a dot of a print has. Many are
the same, and so are the tiles that show them: each is drawn, coded and written once.
"""

from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from imgmiddleware.cli.drawn.pyramid import TILE, Level, Tile, pyramid

Pixels = npt.NDArray[np.uint8]
Colors = npt.NDArray[np.float32]
Shades = npt.NDArray[np.float32]
#: The colour and the motif of each small picture, as one number.
Picked = npt.NDArray[np.intp]

#: Small pictures of the large one, along both sides; each is as large as a tile.
ACROSS, DOWN = 160, 104
#: Steps between the colours that small pictures may have: about two hundred are used.
_STEP = 14
_QUALITY = 78
#: Dims each small picture, so that its bright parts are not clipped.
_DIMMED = np.float32(0.84)


def mosaic(paint: Callable[[int, int], Pixels]) -> bytes:
    """A TIFF pyramid of 1.09 gigapixels. `paint(width, height)` draws the large picture, BGR."""
    rounded = (paint(ACROSS, DOWN).astype(np.int32) + _STEP // 2) // _STEP * _STEP
    colors, kinds = np.unique(rounded.astype(np.int16).reshape(-1, 3), axis=0, return_inverse=True)
    motifs = _motifs()
    y, x = np.mgrid[0:DOWN, 0:ACROSS]
    motif = (x * (x + 3) // 2 + y * (y + 1) + x * y) % len(motifs)  # no row is like the next
    picked = kinds.reshape(DOWN, ACROSS) * len(motifs) + motif
    return pyramid(_levels(picked, colors * _DIMMED, motifs))


def _levels(picked: Picked, colors: Colors, motifs: Shades) -> Iterator[Level]:
    """From the full size to the level that is one tile. Small pictures become half as wide."""
    side = TILE
    while True:
        small = np.stack(
            [cv2.resize(m, (side, side), interpolation=cv2.INTER_AREA) for m in motifs]
        )
        yield Level(ACROSS * side, DOWN * side, _tiles(picked, colors, small))
        if max(ACROSS, DOWN) * side <= TILE:
            return
        side //= 2


def _tiles(picked: Picked, colors: Colors, small: Shades) -> Iterator[Tile]:
    count = TILE // small.shape[1]
    rest = [(0, -side % count) for side in picked.shape]
    filled = np.pad(picked, rest, mode="edge")
    for row in range(0, filled.shape[0], count):
        for column in range(0, filled.shape[1], count):
            part = np.ascontiguousarray(filled[row : row + count, column : column + count])
            yield part.tobytes(), partial(_coded, part, colors, small)


def _coded(part: Picked, colors: Colors, small: Shades) -> bytes:
    """A tile as JPEG: its small pictures, each in its colour."""
    shades = small[part % len(small)].transpose(0, 2, 1, 3).reshape(TILE, TILE)
    tints = cv2.resize(colors[part // len(small)], (TILE, TILE), interpolation=cv2.INTER_NEAREST)
    tile = cv2.multiply(tints, cv2.merge([shades] * 3), dtype=cv2.CV_8U)
    return cv2.imencode(".jpg", tile, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))[1].tobytes()


def _motifs() -> Shades:
    """Rings, waves, a flower and a hill, as shades whose mean is 1."""
    y, x = (np.mgrid[0:TILE, 0:TILE].astype(np.float32) + 0.5) / TILE * 2 - 1
    far, turn = np.hypot(x, y), np.arctan2(y, x)
    shades = np.stack(
        [
            np.cos(far * 16),
            np.sin(9 * y + 2 * np.sin(4 * x)),
            np.tanh(12 * (0.55 + 0.25 * np.cos(6 * turn) - far)),
            np.tanh(12 * (y - 0.3 * np.cos(3 * x))) + 0.6 * (np.hypot(x - 0.4, y + 0.5) < 0.25),
        ]
    )
    framed = np.where(np.maximum(abs(x), abs(y)) > 0.96, -1.2, shades)
    bright = 1 + 0.2 * framed
    return np.asarray(bright / bright.mean(axis=(1, 2), keepdims=True), np.float32)
