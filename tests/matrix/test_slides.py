"""Slides as scanners of microscopes write them: levels, a thumbnail, a label and a macro picture in pages.

The layout is Aperio's: pages in tiles of JPEG that do not say that they are levels, and between and
behind them pictures in strips. tifffile writes it, and finds the tiles; Pillow decodes them.
"""

from __future__ import annotations

import io
import itertools
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from asking import get, shown
from imgmiddleware import ImageService
from originals import Stored, probe
from pictures import photo_like, pixels_of, psnr

SIDE = 240
WIDTH, HEIGHT = 1930, 1450
PHOTO = photo_like(WIDTH, HEIGHT)
#: A fourth and a sixteenth, rounded down.
LEVELS = [PHOTO, *(cv2.resize(PHOTO, (WIDTH // by, HEIGHT // by), interpolation=cv2.INTER_AREA) for by in (4, 16))]  # fmt: skip
THUMBNAIL, LABEL, MACRO = (photo_like(*size) for size in ((965, 725), (387, 463), (640, 430)))
_SAID = (
    "Aperio Image Library v0.0.0\r\n%dx%d [0,0 %dx%d] (%dx%d) JPEG/RGB Q=80|AppMag = 20|MPP = 0.5"
)

_COMPRESSION, _PHOTOMETRIC, _JPEG, _YCBCR = 259, 262, 7, 6


def as_jpeg(pixels: Any) -> bytes:
    settings = [cv2.IMWRITE_JPEG_QUALITY, 80]
    return cv2.imencode(".jpg", pixels[..., ::-1], settings)[1].tobytes()


def tiles_of(level: Any) -> list[bytes]:
    rest = [(0, -side % SIDE) for side in level.shape[:2]]
    filled = np.pad(level, [*rest, (0, 0)], mode="edge")
    corners = itertools.product(range(0, len(filled), SIDE), range(0, filled.shape[1], SIDE))
    return [as_jpeg(filled[y : y + SIDE, x : x + SIDE]) for y, x in corners]


def written() -> bytes:
    """The base, its thumbnail, the other levels, the label and the macro picture."""
    file = io.BytesIO()
    said = _SAID % (WIDTH, HEIGHT, WIDTH, HEIGHT, SIDE, SIDE)
    shared: dict[str, Any] = {"photometric": "rgb", "metadata": None, "description": said}
    coded = {**shared, "dtype": np.uint8, "compression": "adobe_deflate"}
    with tifffile.TiffWriter(file, bigtiff=True) as writer:
        for number, level in enumerate(LEVELS):
            writer.write(iter(tiles_of(level)), shape=level.shape, tile=(SIDE, SIDE), **coded)
            if not number:
                strip = iter([as_jpeg(THUMBNAIL)])
                rows = len(THUMBNAIL)
                writer.write(strip, shape=THUMBNAIL.shape, rowsperstrip=rows, **coded)
        label = {**shared, "description": "Aperio Image Library v0.0.0\r\nlabel 387x463"}
        writer.write(LABEL, subfiletype=1, compression="adobe_deflate", **label)
        macro = {**coded, "description": "Aperio Image Library v0.0.0\r\nmacro 640x430"}
        strip = iter([as_jpeg(MACRO)])
        writer.write(strip, shape=MACRO.shape, subfiletype=9, rowsperstrip=len(MACRO), **macro)
    file.seek(0)
    with tifffile.TiffFile(file, mode="r+b") as slide:
        for page in slide.pages:
            if "label" not in page.description:
                page.tags[_COMPRESSION].overwrite(_JPEG)
                page.tags[_PHOTOMETRIC].overwrite(_YCBCR)
    return file.getvalue()


@pytest.fixture(scope="module")
def slide() -> bytes:
    return written()


def stored(slide: bytes, page: int) -> Any:
    """The pixels of a page in tiles: places by tifffile, tiles by Pillow."""
    with tifffile.TiffFile(io.BytesIO(slide)) as file:
        found = file.pages[page]
        height, width = found.shape[:2]
        across = -(-width // SIDE)
        pixels = np.zeros((-(-height // SIDE) * SIDE, across * SIDE, 3), np.uint8)
        places = zip(found.dataoffsets, found.databytecounts, strict=True)
        for number, (at, size) in enumerate(places):
            y, x = (side * SIDE for side in divmod(number, across))
            with Image.open(io.BytesIO(slide[at : at + size])) as tile:
                pixels[y : y + SIDE, x : x + SIDE] = np.asarray(tile)
        return pixels[:height, :width]


def test_levels_are_those_in_tiles(slide: bytes) -> None:
    with tifffile.TiffFile(io.BytesIO(slide)) as file:
        assert [bool(page.is_tiled) for page in file.pages] == [True, False, True, True, False, False]  # fmt: skip
    facts = probe(slide)
    assert facts.pieces
    assert facts.tile == (SIDE, SIDE)
    found = [(copy.width, copy.height, copy.reduced) for copy in facts.overviews]
    assert found == [(482, 362, 4), (120, 90, 16)]
    assert facts.frames == 6


@pytest.mark.parametrize("box", [(0, 0, 240, 240), (470, 250, 300, 200), (1700, 1400, 230, 50)])
def test_a_part_is_what_the_base_stores(slide: bytes, box: tuple[int, int, int, int]) -> None:
    left, top, width, height = box
    seen = shown(slide, f"rect={left},{top},{width},{height}&fm=png")
    expected = stored(slide, 0)[top : top + height, left : left + width]
    assert np.abs(seen.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(("page", "by"), [(2, 4), (3, 16)])
def test_a_tile_of_a_level_is_that_tile(slide: bytes, page: int, by: int) -> None:
    """And nothing else is read for it but the directories."""
    level = stored(slide, page)
    side = min(SIDE, level.shape[0] // 2 * 2 - 10)
    original = Stored(slide)
    answer = get(ImageService(original), f"rect=0,0,{side * by},{side * by}&w={side}&fm=jpg&q=80")
    assert psnr(pixels_of(answer.read()), level[:side, :side]) > 30
    assert original.total < len(slide) // 8


def test_pages_beside_the_levels_are_pages(slide: bytes) -> None:
    """The label is asked for as the fifth, the macro picture as the sixth."""
    assert np.array_equal(shown(slide, "page=5&fm=png"), LABEL)
    with Image.open(io.BytesIO(as_jpeg(MACRO))) as image:
        expected = np.asarray(image).astype(int)
    assert np.abs(shown(slide, "page=6&fm=png").astype(int) - expected).max() <= 1
