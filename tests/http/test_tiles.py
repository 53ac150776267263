"""Deep Zoom's tiles and those as of a map, through both adapters, against arithmetic by hand.

Every pixel of the picture tells its place, so that a tile between its neighbours shows by itself
whether it is right.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from drivers import both
from imgmiddleware import ImageService

#: 1300 = 2 x 512 + 276, and 700 = 512 + 188; a half is 650 x 350, a quarter 325 x 175.
SIZE = (1300, 700)


@pytest.fixture(scope="module")
def whole() -> Any:
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    return np.dstack((x // 8, y // 8, 40 + (x * 150 // SIZE[0]))).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(whole: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tiles")
    Image.fromarray(whole).save(root / "map.png")
    Image.new("RGBA", (300, 200), (9, 9, 9, 128)).save(root / "clear.png")
    Image.new("RGB", (1, 5000), "red").save(root / "line.png")
    (root / "2024" / "12" / "24").mkdir(parents=True)
    Image.new("RGB", (30, 20)).save(root / "2024" / "12" / "24" / "31.png")
    return root


@pytest.fixture(scope="module")
def service(folder: Path) -> ImageService:
    return ImageService(folder, deepzoom=True, xyz=True)


def picture(service: ImageService, target: str, mode: str = "RGB") -> Any:
    status, _, body = both(service, f"/image/{target}")
    assert status == 200, body
    return np.asarray(Image.open(io.BytesIO(body)).convert(mode)).astype(int)


def described(service: ImageService, id: str) -> dict[str, str]:
    image = ElementTree.fromstring(both(service, f"/image/{id}.dzi")[2])
    space = "{http://schemas.microsoft.com/deepzoom/2008}"
    assert image.tag == f"{space}Image"
    (size,) = image
    assert size.tag == f"{space}Size"
    return {**image.attrib, **size.attrib}


def test_the_descriptor(service: ImageService) -> None:
    told = {"TileSize": "512", "Overlap": "0", "Format": "jpg", "Width": "1300", "Height": "700"}
    assert described(service, "map.png") == told
    assert described(service, "clear.png")["Format"] == "png"


def test_a_descriptor_has_the_rules_of_http(service: ImageService) -> None:
    target = "/image/map.png.dzi"
    status, headers, _ = both(service, target)
    fields = dict(headers)
    assert (status, fields["content-type"]) == (200, "application/xml")
    assert fields["access-control-allow-origin"] == "*"
    assert "vary" not in fields
    etag = fields["etag"]
    assert both(service, target, headers={"If-None-Match": etag})[::2] == (304, b"")
    assert both(service, target, headers={"If-Match": '"other"'})[0] == 412
    assert both(service, target, method="HEAD") == (status, headers, b"")
    assert both(service, target, method="DELETE")[0] == 405
    assert both(service, target, method="OPTIONS")[0] == 204
    assert both(service, "/image/none.png.dzi")[0] == 404


@pytest.mark.parametrize(
    ("level", "size"),
    # 2048 is the power of two that holds 1300, so level 11 is the whole.
    [(11, (1300, 700)), (10, (650, 350)), (9, (325, 175)), (5, (21, 11)), (1, (2, 1)), (0, (1, 1))],
)
def test_a_level_is_put_together(
    level: int, size: tuple[int, int], service: ImageService, whole: Any
) -> None:
    rows = [
        np.hstack(
            [
                picture(service, f"map.png_files/{level}/{x}_{y}.png")
                for x in range(-(-size[0] // 512))
            ]
        )
        for y in range(-(-size[1] // 512))
    ]
    found = np.vstack(rows)
    assert found.shape == (size[1], size[0], 3)
    expected = np.asarray(Image.fromarray(whole).resize(size, Image.Resampling.BOX)).astype(int)
    assert abs(found - expected).max() <= (0 if level == 11 else 12)
    assert abs(found - expected).mean() < 1.5
    assert both(service, f"/image/map.png_files/{level}/{-(-size[0] // 512)}_0.png")[0] == 404
    assert both(service, f"/image/map.png_files/{level}/0_{-(-size[1] // 512)}.png")[0] == 404


@pytest.mark.parametrize(
    ("z", "size"), [(3, (1300, 700)), (2, (650, 350)), (1, (325, 175)), (0, (163, 88))]
)
def test_a_map_is_put_together(
    z: int, size: tuple[int, int], service: ImageService, whole: Any
) -> None:
    columns, rows = (-(-side // 256) for side in size)
    found = np.vstack(
        [
            np.hstack(
                [picture(service, f"map.png/{z}/{x}/{y}.png", "RGBA") for x in range(columns)]
            )
            for y in range(rows)
        ]
    )
    assert found.shape == (256 * rows, 256 * columns, 4)
    shown = found[: size[1], : size[0]]
    assert (shown[..., 3] == 255).all()
    expected = np.asarray(Image.fromarray(whole).resize(size, Image.Resampling.BOX)).astype(int)
    assert abs(shown[..., :3] - expected).mean() < 1.5
    found[: size[1], : size[0]] = 0
    assert not found[..., 3].any()  # beyond the edge it is clear
    assert both(service, f"/image/map.png/{z}/{columns}/0.png")[0] == 404
    assert both(service, f"/image/map.png/{z}/0/{rows}.png")[0] == 404


def test_a_format_without_alpha_is_white_beyond_the_edge(service: ImageService) -> None:
    found = picture(service, "map.png/0/0/0.jpg")
    assert found.shape == (256, 256, 3)
    assert found[100:, 170:].min() > 250


def test_a_line_has_all_its_levels(service: ImageService) -> None:
    for level, height in ((13, 512), (12, 512), (4, 10), (0, 1)):
        assert picture(service, f"line.png_files/{level}/0_0.png").shape == (height, 1, 3)
    assert picture(service, "line.png/5/0/19.png", "RGBA").shape == (256, 256, 4)


@pytest.mark.parametrize(
    "path",
    [
        *("map.png_files/12/0_0.png", "map.png_files/999999999/0_0.png"),
        *("map.png_files/11/00_0.png", "map.png_files/11/-1_0.png", "map.png_files/11/0_0.bmp"),
        *("map.png/4/0/0.png", "map.png/0/0/-1.png", "map.png/01/0/0.png", "map.png/0/0/0.jp2"),
        *("map.png/999999999/0/0.png", "map.png/0/999999999/0.png"),
        *(".dzi", "_files/0/0_0.png", "/0/0/0.png"),
    ],
)
def test_what_is_no_tile(path: str, service: ImageService) -> None:
    status, _, body = both(service, f"/image/{path}")
    assert (status, json.loads(body)["code"]) == (404, "not-found")


def test_a_tile_has_the_rules_of_http(service: ImageService) -> None:
    for target in ("/image/map.png_files/10/0_0.webp", "/image/map.png/1/0/0.webp"):
        status, headers, body = both(service, target)
        fields = dict(headers)
        assert (status, fields["content-type"]) == (200, "image/webp")
        assert fields["access-control-allow-origin"] == "*"
        assert not {"vary", "link"} & fields.keys()
        seen = {"If-None-Match": fields["etag"]}
        assert both(service, target, headers=seen)[::2] == (304, b"")
        assert both(service, target, method="HEAD") == (status, headers, b"")
        assert both(service, target, headers={"Range": "bytes=0-3"})[2] == body[:4]
        token = service.url("map.png").partition("v=")[2]
        assert "immutable" in dict(both(service, f"{target}?v={token}")[1])["cache-control"]


def test_one_tile_has_one_key_in_each_grammar(folder: Path) -> None:
    service = ImageService(folder, iiif=True, deepzoom=True, xyz=True)
    tags = {
        dict(both(service, f"/image/{target}")[1])["etag"]
        for target in (
            "map.png/0,0,1024,700/512,/0/default.png",
            "map.png_files/10/0_0.png",
            "map.png?rect=0,0,1024,700&w=512&h=350&fit=scale&fm=png",
        )
    }
    assert len(tags) == 1
    full = "map.png/512,256,256,256/max/0/default.png", "map.png/3/2/1.png"
    first, second = (dict(both(service, f"/image/{target}")[1])["etag"] for target in full)
    assert first == second


def test_an_original_that_looks_like_a_tile_is_reached_by_a_query(
    service: ImageService, folder: Path
) -> None:
    id = "2024/12/24/31.png"
    assert picture(service, f"{id}?w=15").shape == (10, 15, 3)
    assert both(service, f"/image/{id}")[0] == 404  # it is a tile of 2024
    assert both(ImageService(folder, deepzoom=True), f"/image/{id}")[0] == 200
    assert both(ImageService(folder, xyz=False), "/image/map.png/0/0/0.png")[0] == 404
    assert both(ImageService(folder), "/image/map.png.dzi")[0] == 404


@pytest.mark.parametrize("name", ["deepzoom", "xyz"])
def test_restrictions_hold_as_for_iiif(name: str, folder: Path) -> None:
    for options in ({"presets_only": True}, {"widths": [100]}):
        with pytest.raises(ValueError, match="iiif_any_size"):
            ImageService(folder, **{name: True}, **options)
        ImageService(folder, **{name: True}, iiif_any_size=True, **options)
    private = ImageService(
        folder, **{name: True}, authorize=lambda request: request.id != "map.png"
    )
    for path in ("map.png.dzi", "map.png_files/0/0_0.png", "map.png/0/0/0.png"):
        status, headers, _ = both(private, f"/image/{path}")
        asked = (name == "xyz") == path.endswith("/0.png")
        assert status == (403 if asked else 404)
        assert "access-control-allow-origin" not in dict(headers)


def test_tiles_are_within_the_limits(folder: Path) -> None:
    small = ImageService(folder, deepzoom=True, xyz=True, max_result_width=300)
    assert described(small, "map.png")["TileSize"] == "256"
    assert picture(small, "map.png_files/11/5_2.png").shape == (188, 20, 3)
    tiny = ImageService(folder, xyz=True, max_result_width=255)
    assert both(tiny, "/image/map.png/0/0/0.png")[0] == 400
