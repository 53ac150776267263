"""Originals too large for the web, for bench_tiles: a photo of 18 MP repeated, by libvips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from benchmarks.likeness import reference
from benchmarks.photos import photo

WIDTH, HEIGHT = 5640, 3172
TILE = 256

_PYRAMID: dict[str, Any] = {
    "tile": True, "tile_width": TILE, "tile_height": TILE, "pyramid": True, "bigtiff": True,
}  # fmt: skip

#: How often the photo is repeated across and down, the suffix, and how libvips writes it.
KINDS: dict[str, tuple[int, int, str, dict[str, Any]]] = {
    "pyramid, jpeg": (5, 8, ".tif", {**_PYRAMID, "compression": "jpeg", "Q": 75}),
    "pyramid, deflate": (5, 8, ".tif", {**_PYRAMID, "compression": "deflate", "level": 1}),
    "flat, jpeg": (2, 3, ".jpg", {"Q": 90}),
    "flat, png": (2, 3, ".png", {"compression": 1}),
}


def write_small(kind: str, folder: Path) -> Path:
    """Of the same kind, so small that reading it tells nothing of the others."""
    _, _, suffix, settings = KINDS[kind]
    path = folder / f"small-{kind.replace(', ', '-')}{suffix}"
    pyvips.Image.black(1024, 1024, bands=3).write_to_file(str(path), **settings)
    return path


class Repeated:
    """The photo repeated so often: its size in pixels, its file, and the ideal of a tile of it."""

    def __init__(self, kind: str, folder: Path) -> None:
        across, down, suffix, settings = KINDS[kind]
        self.name, pixels = photo(WIDTH, HEIGHT)
        one = pyvips.Image.new_from_array(np.ascontiguousarray(pixels[..., ::-1]))
        self._image = one.copy(interpretation="srgb").replicate(across, down)
        self.size = self._image.width, self._image.height
        self.path = folder / f"{kind.replace(', ', '-')}{suffix}"
        if not self.path.exists():
            self._image.write_to_file(str(self.path), **settings)

    def ideal(self, left: int, top: int, by: int) -> Any:
        """Float Lanczos-3 of a tile whose sides are divided by this; it reads around the tile."""
        side, around = TILE * by, 8 * by
        x, y = max(0, left - around), max(0, top - around)
        right, bottom = (
            min(start + side + around, whole)
            for start, whole in zip((left, top), self.size, strict=True)
        )
        pixels = self._image.crop(x, y, right - x, bottom - y).numpy()[..., ::-1]
        small = reference(pixels, ((right - x) // by, (bottom - y) // by))
        return small[(top - y) // by :, (left - x) // by :][:TILE, :TILE]
