"""The requests of viewers, by their own arithmetic: each is a 200 of exactly its size.

Each function below follows one viewer's sources, from facts of its `info.json` alone. The sizes are
chosen for their edges: 3073 is a pixel more than six tiles of 512, 2411 and 3372 are odd at a half or
at a quarter, 1 x 5000 has levels that are narrower than a pixel, 255 x 257 is all in one tile.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from math import ceil, log2
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drivers import both
from imgmiddleware import ArrayOriginal, ImageRequest, ImageService

SIZES = [(3073, 3073), (2411, 3372), (1, 5000), (255, 257)]

#: A path behind the ID, and the size of its picture.
Asked = tuple[str, tuple[int, int]]


@pytest.fixture(scope="module")
def service() -> ImageService:
    def find(id: str) -> ArrayOriginal:
        width, height = map(int, id.split("x"))
        return ArrayOriginal(np.zeros((height, width), np.uint8), version="1")

    return ImageService(find, iiif=True, iiif_prefixes={2: "2/", 3: "3/"}, recheck=60)


def tiles_of(info: Any) -> Iterator[tuple[int, tuple[int, int], tuple[int, int, int, int]]]:
    """Each tile on the grid: its scale factor, the size it has, and its part of the picture."""
    width, height, (tile,) = info["width"], info["height"], info["tiles"]
    for by in tile["scaleFactors"]:
        for y in range(0, height, tile["height"] * by):
            for x in range(0, width, tile["width"] * by):
                w = min(tile["width"] * by, width - x)
                h = min(tile["height"] * by, height - y)
                yield by, (ceil(w / by), ceil(h / by)), (x, y, w, h)


def openseadragon(info: Any, version: int, *, both_sides: bool) -> Iterator[Asked]:
    """IIIFTileSource: 4.1 and 5.0 ask for a width alone in version 2, 6.1 for both sides."""
    width, height, (tile,) = info["width"], info["height"], info["tiles"]
    for by, (w, h), box in tiles_of(info):
        level = ceil(width / by), ceil(height / by)
        alone = level[0] < tile["width"] and level[1] < tile["height"]
        region = "full" if alone or box == (0, 0, width, height) else ",".join(map(str, box))
        if version == 2 and w == width:
            yield f"{region}/full/0/default.jpg", box[2:]
            continue
        if version == 3 and (w, h) == (width, height):
            text = "max"
        elif version == 3 or (both_sides and not alone):
            text = f"{w},{h}"
        else:
            text = f"{w},"
        yield f"{region}/{text}/0/default.jpg", (w, h)


def openseadragon_5(info: Any, version: int) -> Iterator[Asked]:
    return openseadragon(info, version, both_sides=False)


def openseadragon_6(info: Any, version: int) -> Iterator[Asked]:
    return openseadragon(info, version, both_sides=True)


def leaflet_iiif(info: Any, version: int) -> Iterator[Asked]:
    """Leaflet-IIIF 3: by powers of two of its own, whatever factors are told; never `full`."""
    width, height, side = info["width"], info["height"], info["tiles"][0]["width"]
    zooms = max(ceil(log2(width / side)), ceil(log2(height / side)), 0)
    for by in (2**zoom for zoom in range(zooms + 1)):
        for y in range(ceil(ceil(height / by) / side)):
            for x in range(ceil(ceil(width / by) / side)):
                left, top = x * side * by, y * side * by
                w, h = min(side * by, width - left), min(side * by, height - top)
                text = f"{ceil(w / by)}," + (str(ceil(h / by)) if version == 3 else "")
                yield f"{left},{top},{w},{h}/{text}/0/default.jpg", (ceil(w / by), ceil(h / by))


def openlayers(info: Any, version: int) -> Iterator[Asked]:
    """OpenLayers 10, ol/source/IIIF: `full` where a tile is all of the picture."""
    for _, (w, h), box in tiles_of(info):
        whole = box == (0, 0, info["width"], info["height"])
        region = "full" if whole else ",".join(map(str, box))
        text = f"{w},{h}" if version == 3 else f"{w},"
        yield f"{region}/{text}/0/default.jpg", (w, h)


def mirador(info: Any, version: int) -> Iterator[Asked]:
    """ThumbnailFactory: the entry of `sizes` that is nearest to an area, else within a frame."""
    width, height = info["width"], info["height"]
    for area in (120 * 120, 160 * 140, 400 * 400):
        sizes = [(size["width"], size["height"]) for size in info["sizes"]]
        for w, h in (min(sizes, key=lambda size: abs(size[0] * size[1] - area)), sizes[-1]):
            yield f"full/{w},{h}/0/default.jpg", (w, h)
    by = min(120 / width, 120 / height)
    within = max(1, round(width * by)), max(1, round(height * by))
    yield "full/!120,120/0/default.jpg", within
    yield "full/,120/0/default.jpg", (max(1, round(120 * width / height)), 120)
    if width >= 120:
        yield "full/120,/0/default.jpg", (120, round(120 * height / width))


def universal_viewer(info: Any, version: int) -> Iterator[Asked]:
    """Thumbnails, bookmarks and downloads: a width, and all of it."""
    width, height = info["width"], info["height"]
    for w in (90, 200, 1000):
        if w <= width:
            yield f"full/{w},/0/default.jpg", (w, round(w * height / width))
    yield f"full/{'max' if version == 3 else 'full'}/0/default.jpg", (width, height)


VIEWERS = [openseadragon_5, openseadragon_6, leaflet_iiif, openlayers, mirador, universal_viewer]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("viewer", VIEWERS, ids=lambda viewer: viewer.__name__)
def test_all_that_a_viewer_asks_for_is_there(
    viewer: Callable[[Any, int], Iterator[Asked]],
    version: int,
    size: tuple[int, int],
    service: ImageService,
) -> None:
    id = f"/image/{version}/{size[0]}x{size[1]}"
    info = json.loads(both(service, f"{id}/info.json", headers={"Accept": "*/*"})[2])
    asked = dict(viewer(info, version))
    assert asked
    for path, expected in asked.items():
        answer = service.handle(ImageRequest("GET", f"{id}/{path}"))
        assert answer.status == 200, (path, answer.body)
        made = Image.open(io.BytesIO(answer.read())).size
        if size[0] == 1 and path.split("/")[1] == "1,":
            assert made in _of_any_factor(info, path), path
        else:
            assert made == expected, path
    last = next(reversed(asked))
    assert both(service, f"{id}/{last}")[0] == 200


def _of_any_factor(info: Any, path: str) -> set[tuple[int, int]]:
    """The sizes of a part of a picture one pixel wide: a width of 1 tells no factor.

    Each whose tile it is at that factor, and of the whole each there is, are right.
    """
    region, whole = path.split("/", maxsplit=1)[0], f"0,0,1,{info['height']}"
    if region in ("full", whole):
        return {(1, ceil(info["height"] / by)) for by in info["tiles"][0]["scaleFactors"]}
    return {found for _, found, box in tiles_of(info) if region == ",".join(map(str, box))}


def test_the_lists_are_those_of_their_arithmetic(service: ImageService) -> None:
    """By hand: 3073 is 7 tiles across, 4 at a half, 2 at a quarter (769), and 1 at an eighth.

    The last pixel is a tile at the whole and at a half: 3072 is a multiple of 512 and of 1024.
    """
    info = json.loads(both(service, "/image/3/3073x3073/info.json")[2])
    for viewer in (openseadragon_5, openseadragon_6, leaflet_iiif, openlayers):
        asked = dict(viewer(info, 3))
        assert len(asked) == 49 + 16 + 4 + 1 - 1
        assert asked["3072,3072,1,1/1,1/0/default.jpg"] == (1, 1)
        assert asked["2048,2048,1025,1025/257,257/0/default.jpg"] == (257, 257)
    assert dict(openseadragon_5(info, 2))["2048,2048,1025,1025/257,/0/default.jpg"] == (257, 257)
    assert dict(openlayers(info, 2))["full/385,/0/default.jpg"] == (385, 385)
    assert dict(leaflet_iiif(info, 2))["0,0,3073,3073/385,/0/default.jpg"] == (385, 385)
    assert dict(mirador(info, 3))["full/385,385/0/default.jpg"] == (385, 385)
