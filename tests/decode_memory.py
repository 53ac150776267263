"""By how many bytes a process grows over a decode, a render, a resampling: for `measuring.Forked`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.imaging.decode import decode_original
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.stages import build
from imgmiddleware.operations.surround import Backdrop
from imgmiddleware.pixels.resample import resample
from imgmiddleware.sources import BytesOriginal
from measuring import growth


def decoding(path: str) -> tuple[int, int]:
    """The growth, and the bound that its header gave."""
    original = BytesOriginal(Path(path).read_bytes())
    facts = read_facts(original, FORMATS)
    plan = make_plan(facts, build({}))
    if needs := FORMATS[facts.format].needs:
        import_module(needs)
    # What is read of the file is the caller's, and is counted by it; of bands it is never all.
    read = 0 if plan.in_bands else original.size

    def decode() -> None:
        assert decode_original(original, facts, plan).pixels.nbytes

    # Once before: code that is paged in is not what a decode takes, and differs by installation.
    decode()
    return growth(decode) - read, facts.decode_bytes


def rendering(folder: str, query: str) -> int:
    """The growth over one request for the folder's `original`."""

    def answer() -> None:
        request = ImageRequest("GET", "/image/original", query)
        assert ImageService(folder).handle(request).status == 200

    answer()  # once before, as above: after a fork the code is paged in anew
    return growth(answer)


def resampling() -> int:
    """The growth over a result with alpha, of 65 MB, laid on a colour."""

    def work(pixels: Any, size: tuple[int, int]) -> None:
        result = resample(pixels, size, alpha=True)
        Backdrop((10, 20, 30, 255)).behind(result, keep_alpha=False)

    def clear(width: int, height: int) -> Any:
        pixels = np.full((height, width, 4), 100, np.uint8)
        pixels[::7, ::5, 3] = 200
        return pixels

    work(clear(50, 40), (45, 36))
    large = clear(5000, 4000)
    return growth(lambda: work(large, (4500, 3600)))
