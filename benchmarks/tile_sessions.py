"""Sessions of zoom viewers on flat JPEGs, which are decoded only as a whole.

Twenty viewers at once, each on an original of its own: it is opened, zoomed into three times and
moved twice, 46 tiles in all. The processor time is held against pyvips, one thread, which opens the
file, shrinks it on load as its own thumbnails do, cuts the tile out and writes it. And the tiles
that a viewer shows first are held against one plain render. There is no HTTP in between, and no
result in memory.

`python -m benchmarks.tile_sessions [SESSIONS]` makes the originals and the cache in a temporary
folder: 37 MB once, and 450 MB for each session.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyvips

from benchmarks.photos import photo
from benchmarks.results import report
from imgmiddleware import ImageRequest, ImageService

TILE = 512
#: Connections of a browser to one host.
AT_ONCE = 6
#: How often the photo of 18 megapixels stands across and down: 107 megapixels.
REPEATED = 2, 3
QUALITY = 75

#: Column and row of a tile, and by how much the sides are divided.
Tile = tuple[int, int, int]


def session() -> list[list[Tile]]:
    """What is asked for at once, one after another: a window of 3 x 2 tiles on all of it, at an
    eighth; then of 4 x 2, as it begins within a tile, at a fourth, a half and the full size, and to
    the right of that and below.
    """
    opened = [(column, row, 8) for row in range(2) for column in range(3)]
    zoomed = [_window(2**n, 2**n, 8 // 2**n) for n in (1, 2, 3)]
    return [opened, *zoomed, _window(12, 8, 1), _window(12, 10, 1)]


def _window(left: int, top: int, by: int) -> list[Tile]:
    return [(left + column, top + row, by) for row in range(2) for column in range(4)]


def _box(tile: Tile, size: tuple[int, int]) -> tuple[int, int, int, int]:
    column, row, by = tile
    left, top = column * TILE * by, row * TILE * by
    return left, top, min(TILE * by, size[0] - left), min(TILE * by, size[1] - top)


def write_original(folder: Path) -> tuple[Path, tuple[int, int]]:
    """The file, and its width and height."""
    pixels = np.tile(photo(5640, 3172)[1], (*REPEATED[::-1], 1))
    path = folder / "0.jpg"
    assert cv2.imwrite(str(path), pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return path, (pixels.shape[1], pixels.shape[0])


def service(folder: Path, cache: Path, sessions: int) -> ImageService:
    """With limits raised for 107 megapixels, and room for a pyramid of each."""
    return ImageService(
        folder,
        cache_dir=cache,
        cache_bytes=0,
        cache_dir_bytes=(sessions + 1) * 2**30,
        max_source_pixels=2 * 10**8,
        max_wait=600,
        recheck=60,
    )


def ask(images: ImageService, name: str, query: str) -> None:
    answer = images.handle(ImageRequest("GET", f"/image/{name}", query))
    assert answer is not None
    assert answer.status == 200, answer
    answer.close()


def tile_query(tile: Tile, size: tuple[int, int]) -> str:
    left, top, width, height = _box(tile, size)
    by = tile[2]
    return f"rect={left},{top},{width},{height}&w={-(-width // by)}&fm=jpg&q={QUALITY}"


def visit(images: ImageService, name: str, size: tuple[int, int]) -> None:
    """One session."""
    with ThreadPoolExecutor(AT_ONCE) as connections:
        for step in session():
            list(connections.map(lambda tile: ask(images, name, tile_query(tile, size)), step))


def by_vips(path: Path, tile: Tile, size: tuple[int, int], access: str) -> bytes:
    pyvips.cache_set_max(0)  # it would find the decoded picture again
    shrink = max(1, tile[2] // 2)
    image = pyvips.Image.new_from_file(str(path), shrink=shrink, access=access)
    box = [side // shrink for side in _box(tile, size)]
    box[2], box[3] = min(box[2], image.width - box[0]), min(box[3], image.height - box[1])
    part = image.crop(*box)
    part = part if tile[2] == shrink else part.resize(shrink / tile[2])
    found: bytes = part.jpegsave_buffer(Q=QUALITY)
    return found


def processor_time(call: Callable[[], Any]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def of_sessions(path: Path, size: tuple[int, int], cache: Path, sessions: int) -> Iterator[str]:
    """Processor time against pyvips', and the most memory."""
    for number in range(1, sessions):
        os.link(path, path.with_name(f"{number}.jpg"))
    images = service(path.parent, cache, sessions)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def all_at_once() -> None:
        with ThreadPoolExecutor(sessions) as viewers:
            list(viewers.map(lambda n: visit(images, f"{n}.jpg", size), range(sessions)))

    ours = processor_time(all_at_once) / sessions
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    yield f"{sessions} sessions at once: {ours:.2f} s of processor time each"
    yield f"memory grew by {grown:.0f} MB of {images.settings.max_memory / 2**20:.0f} MB"
    yield f"{images.holding()['pyramids']}"
    for access in ("sequential", "random"):
        cut = partial(by_vips, path, size=size, access=access)
        theirs = processor_time(lambda cut=cut: [*map(cut, chain.from_iterable(session()))])
        yield f"{ours / theirs:.3f} of pyvips' {theirs:.2f} s, which decodes for each, {access}"


def of_first_screen(path: Path, size: tuple[int, int], folder: Path) -> Iterator[str]:
    """Time and processor time against a plain render, the least of five each."""
    plain, screen = [], []
    for turn in range(5):
        for found, call in (
            (plain, lambda images: ask(images, "0.jpg", f"w=800&fm=jpg&q={QUALITY}")),
            (screen, lambda images: first_screen(images, size)),
        ):
            images = service(path.parent, folder / f"{turn}-{len(screen)}-{len(plain)}", 2)
            start = time.perf_counter()
            spent = processor_time(lambda call=call, images=images: call(images))
            found.append((time.perf_counter() - start, spent))
    for which, name in enumerate(("time", "processor time")):
        one, tiles = min(p[which] for p in plain), min(s[which] for s in screen)
        yield f"first screen: {tiles:.3f} s of {name}, {tiles / one:.2f} of w=800's {one:.3f} s"


def first_screen(images: ImageService, size: tuple[int, int]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as connections:
        step = session()[0]
        list(connections.map(lambda tile: ask(images, "0.jpg", tile_query(tile, size)), step))


def main() -> None:
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        originals = Path(folder) / "originals"
        originals.mkdir()
        path, size = write_original(originals)
        lines = [*of_first_screen(path, size, Path(folder))]
        lines += of_sessions(path, size, Path(folder) / "cache", sessions)
    report("Sessions of zoom viewers", "\n".join(f"- {line}" for line in lines))


if __name__ == "__main__":
    main()
