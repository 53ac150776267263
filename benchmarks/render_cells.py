"""What bench_render measures, and of what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from benchmarks.likeness import reference
from benchmarks.photos import SIZES, photo, write_original
from benchmarks.timing import Timing


@dataclass(frozen=True)
class Cell:
    """What is to be made of what: `size` in megapixels, `width` in pixels."""

    original: str
    size: str
    width: int
    format: str


@dataclass(frozen=True)
class Measured:
    """What one renderer took for a cell. `memory` is the peak above idle, in bytes, or None."""

    cell: Cell
    by: str
    wall: Timing
    cpu: Timing
    memory: int | None
    bytes: int
    psnr: float
    ssim: float


class Originals:
    """The files, and the ideal results of them; each is made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: dict[tuple[str, str], Path] = {}
        self._ideal: tuple[object, Any] = None, None

    def path(self, kind: str, size: str) -> Path:
        if (kind, size) not in self._paths:
            pixels = photo(*SIZES[size])[1]
            self._paths[kind, size] = write_original(self._folder, kind, pixels)
        return self._paths[kind, size]

    def tiny(self, kind: str) -> Path:
        """One with which a renderer loads what it needs."""
        return write_original(self._folder, kind, photo(64, 36)[1])

    def ideal(self, path: Path, size: tuple[int, int]) -> Any:
        """Of the last pair only: cells that share one follow each other."""
        if self._ideal[0] != (path, size):
            self._ideal = (path, size), reference(cv2.imread(str(path)), size)
        return self._ideal[1]
