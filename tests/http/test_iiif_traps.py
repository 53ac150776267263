"""Fifteen traps of IIIF, each met by the users of another server, through both adapters.

Each row names the trap and the trackers in which it stands; expectations come from the texts of
Image API 3.0 and 2.1, and from arithmetic. It is asked cold, warm, and of a new service.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tifffile
from PIL import Image

from drivers import Answer, call_asgi, call_wsgi, plain_asgi, plain_wsgi
from imgmiddleware import ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware

V2, V3 = (f"http://iiif.io/api/image/{version}/context.json" for version in (2, 3))
LD2, LD3 = (f'application/ld+json;profile="{context}"' for context in (V2, V3))
JSON = "application/json"

EDGE = "an edge tile by its width has the grid's height (OpenSeadragon 2701, iipsrv 237, 286)"
CEIL = "sizes are rounded up, so that no tile is without a width (OpenSeadragon 2321, libvips 1621)"
SIZES = "`sizes` are those of `scaleFactors` (serverless-iiif 142)"
PROXY = "the `id` is the client's URL, behind a proxy too (Cantaloupe 222, loris 436)"
ENCODED = "the `id` has the client's encoding (Cantaloupe 207, 865)"
TYPES = "each kind of JSON has its own Content-Type (iipsrv 140)"
VARY = "two versions at one URL have Vary"
UPSCALING = "larger by `^`, and never without (iipsrv 222)"
AREA = "what is told as the largest holds, and tiles are within it (serverless-iiif 98)"
OTHER = "a description is of the picture that is served (Cantaloupe 500)"
AGAIN = "a description is the same the second time (Cantaloupe 469)"
ORIENTATION = "what is turned says no more that it is to be turned (iipsrv 286)"
SHIFT = "a region shows the same at each scale (klokantech 21, serverless-iiif 138)"
TILES = "the tiles that are told are those of the TIFF (serverless-iiif 175)"
GRAY = "a gray picture has a `color`, and pictures and OPTIONS have CORS"

#: 1537 = 3 x 512 + 1; its pixels tell where they are: a step each eight columns.
RAMP = np.tile((np.arange(1537) // 8).astype(np.uint8), (1537, 1))
SPELLED = "a%20b/%C3%A9%2B%25.png"


class Trap(NamedTuple):
    name: str
    target: str
    size: tuple[int, int] | None = None  # of the picture, where there is one
    told: dict[str, Any] = {}  # members of the JSON
    has: dict[str, str] = {}  # headers of the answer
    headers: dict[str, str] = {}
    status: int = 200
    options: dict[str, Any] = {}
    mount: str = ""
    method: str = "GET"
    looks: Callable[[Image.Image], bool] = lambda picture: True


def sides(*sizes: tuple[int, int]) -> list[dict[str, int]]:
    return [{"width": width, "height": height} for width, height in sizes]


def is_ramp(left: int, by: int) -> Callable[[Image.Image], bool]:
    """Whether each column is the mean of those that it stands for."""

    def looks(picture: Image.Image) -> bool:
        row = np.asarray(picture.convert("L"), float).mean(axis=0)[2:-2]
        centre = left + (np.arange(2, len(row) + 2) + 0.5) * by
        return bool(abs(row - (centre / 8 - 0.5)).max() < 1)

    return looks


TRAPS = [
    Trap(EDGE, "ramp.png/1536,0,1,512/1,/0/default.png", (1, 512)),
    Trap(EDGE, "ramp.png/1024,1024,513,513/257,/0/default.png", (257, 257)),
    Trap(EDGE, "page.png/1024,1024,182,662/91,/0/default.png", (91, 331)),
    Trap(EDGE, "page.png/1024,1024,182,662/,331/0/default.png", (91, 331)),
    Trap(CEIL, "page.png/full/302,/0/default.png", (302, 422)),
    Trap(CEIL, "line.png/full/1,/0/default.png", (1, 5000)),
    Trap(CEIL, "line.png/full/,157/0/default.png", (1, 157)),
    Trap(CEIL, "line.png/full/!100,100/0/default.png", (1, 100)),
    Trap(CEIL, "line.png/full/!1,1/0/default.png", (1, 1)),
    Trap(CEIL, "small.png/0,0,255,257/128,129/0/default.png", (128, 129)),
    Trap(SIZES, "ramp.png/info.json", told={"sizes": sides((385, 385), (769, 769), (1537, 1537))}),
    Trap(SIZES, "small.png/info.json", told={"sizes": sides((255, 257)), "tiles": [{"width": 512, "height": 512, "scaleFactors": [1]}]}),
    Trap(SIZES, "page.png/info.json", told={"sizes": sides((302, 422), (603, 843), (1206, 1686)), "tiles": [{"width": 512, "height": 512, "scaleFactors": [1, 2, 4]}]}),
    Trap(PROXY, "cat.jpg/info.json", told={"id": "http://testserver/image/cat.jpg"}),
    Trap(PROXY, "cat.jpg/info.json", told={"id": "http://testserver/app/image/cat.jpg"}, mount="/app"),
    Trap(PROXY, "cat.jpg/info.json", told={"id": "https://a.example/image/cat.jpg"}, options={"base_url": "https://a.example"}),
    Trap(PROXY, "cat.jpg/info.json", told={"id": "http://testserver/image/cat.jpg"}, headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}),
    Trap(PROXY, "cat.jpg/info.json", told={"code": "malformed-host"}, has={"cache-control": "no-store"}, headers={"Host": "a/b"}, status=400),
    Trap(ENCODED, f"{SPELLED}/info.json", told={"id": f"http://testserver/image/{SPELLED}"}),
    Trap(ENCODED, "a%20b%2F%C3%A9+%25.png/info.json", told={"id": "http://testserver/image/a%20b%2F%C3%A9+%25.png"}),
    Trap(ENCODED, "a%20b%2fé%2b%25.png/info.json".replace("é", "%c3%a9"), told={"id": "http://testserver/image/a%20b%2f%c3%a9%2b%25.png"}),
    Trap(ENCODED, "a%20b%2F%C3%A9+%25.png", status=303, has={"location": "http://testserver/image/a%20b%2F%C3%A9+%25.png/info.json"}, headers={"Accept": JSON}),
    Trap(TYPES, "cat.jpg/info.json", has={"content-type": LD3}),
    Trap(TYPES, "cat.jpg/info.json", has={"content-type": JSON}, headers={"Accept": JSON}),
    Trap(TYPES, "cat.jpg/info.json", has={"content-type": LD3}, headers={"Accept": "application/ld+json"}),
    Trap(TYPES, "cat.jpg/info.json", has={"content-type": JSON}, options={"iiif_version": 2}),
    Trap(TYPES, "cat.jpg/info.json", has={"content-type": "application/ld+json"}, headers={"Accept": "application/ld+json"}, options={"iiif_version": 2}),
    Trap(TYPES, "cat.jpg/full/9,/0/default.webp", (9, 13), has={"content-type": "image/webp"}, headers={"Accept": "image/png"}),
    Trap(VARY, "cat.jpg/info.json", told={"@context": V3}, has={"vary": "Accept"}),
    Trap(VARY, "cat.jpg/info.json", told={"@context": V2}, has={"vary": "Accept"}, headers={"Accept": LD2}),
    Trap(VARY, "cat.jpg/info.json", told={"@context": V3}, has={"vary": "Accept"}, headers={"Accept": LD3}, options={"iiif_version": 2}),
    Trap(VARY, "2/cat.jpg/info.json", told={"@context": V2}, has={"vary": "Accept"}, headers={"Accept": LD3}, options={"iiif_prefixes": {2: "2/"}}),
    Trap(VARY, "cat.jpg/info.json", status=304, has={"vary": "Accept"}, headers={"If-None-Match": "*"}),
    Trap(UPSCALING, "small.png/full/^510,/0/default.png", (510, 514)),
    Trap(UPSCALING, "small.png/full/^!510,514/0/default.png", (510, 514)),
    Trap(UPSCALING, "small.png/full/!510,514/0/default.png", (255, 257)),
    Trap(UPSCALING, "small.png/square/max/0/default.png", (255, 255)),
    Trap(UPSCALING, "small.png/full/^pct:200/0/default.png", (510, 514)),
    Trap(UPSCALING, "small.png/full/256,/0/default.png", status=400),
    Trap(UPSCALING, "small.png/full/pct:101/0/default.png", status=400),
    Trap(UPSCALING, "small.png/full/256,257/0/default.png", status=400, options={"iiif_version": 2}),
    Trap(AREA, "page.png/info.json", told={"maxArea": 10_000, "maxWidth": 16_383, "maxHeight": 16_383, "sizes": sides((38, 53), (76, 106)), "tiles": [{"width": 64, "height": 64, "scaleFactors": [1, 2, 4, 8, 16, 32]}]}, options={"max_result_pixels": 10_000}),
    Trap(AREA, "page.png/full/max/0/default.png", (84, 118), options={"max_result_pixels": 10_000}),
    Trap(AREA, "page.png/full/100,100/0/default.png", (100, 100), options={"max_result_pixels": 10_000}),
    Trap(AREA, "page.png/full/100,101/0/default.png", status=400, options={"max_result_pixels": 10_000}),
    Trap(AREA, "page.png/0,0,64,64/64,64/0/default.png", (64, 64), options={"max_result_pixels": 10_000}),
    Trap(AREA, "page.png/full/101,/0/default.png", status=400, options={"max_result_width": 100}),
    Trap(AREA, "small.png/full/^max/0/default.png", (300, 302), options={"max_result_width": 300}),
    Trap(OTHER, "small.png/info.json", told={"width": 255, "height": 257}),
    Trap(OTHER, "small.png/full/max/0/default.png", (255, 257)),
    Trap(OTHER, "cat.jpg/info.json", told={"width": 700, "height": 1000}),
    Trap(OTHER, "cat.jpg/full/max/0/default.png", (700, 1000)),
    Trap(AGAIN, "cat.jpg/info.json", told={"@context": V3, "type": "ImageService3", "profile": "level2"}),
    Trap(AGAIN, "cat.jpg/info.json", told={"@context": V2}, options={"iiif_version": 2}),
    Trap(ORIENTATION, "cat.jpg/full/max/0/default.jpg", (700, 1000), looks=lambda picture: 0x0112 not in picture.getexif()),
    Trap(ORIENTATION, "cat.jpg/full/max/90/default.webp", (1000, 700), looks=lambda picture: 0x0112 not in picture.getexif()),
    Trap(ORIENTATION, "cat.jpg/0,600,700,400/350,/0/default.tif", (350, 200), looks=lambda picture: picture.getexif().get(0x0112, 1) == 1),
    Trap(SHIFT, "ramp.png/512,0,512,512/512,/0/default.png", (512, 512), looks=is_ramp(512, 1)),
    Trap(SHIFT, "ramp.png/512,0,512,512/256,/0/default.png", (256, 256), looks=is_ramp(512, 2)),
    Trap(SHIFT, "ramp.png/512,0,512,512/128,/0/default.png", (128, 128), looks=is_ramp(512, 4)),
    Trap(SHIFT, "ramp.png/512,0,1025,1024/257,/0/default.png", (257, 257), looks=is_ramp(512, 4)),
    Trap(TILES, "tiled.tif/info.json", told={"tiles": [{"width": 256, "height": 128, "scaleFactors": [1, 2, 4, 8]}]}),
    Trap(TILES, "tiled.tif/256,128,256,128/256,/0/default.png", (256, 128), looks=is_ramp(256, 1)),
    # Lying in the file: its tiles are turned as the picture is, and are no powers of two.
    Trap(TILES, "turned.tif/info.json", told={"width": 900, "height": 1537, "tiles": [{"width": 176, "height": 240, "scaleFactors": [1, 2, 4, 8]}]}),
    Trap(TILES, "turned.tif/176,240,176,240/176,/0/default.png", (176, 240), looks=lambda picture: is_ramp(240, 1)(picture.transpose(Image.Transpose.TRANSPOSE))),
    Trap(TILES, "turned.tif/352,960,352,480/176,/0/default.png", (176, 240), looks=lambda picture: is_ramp(960, 2)(picture.transpose(Image.Transpose.TRANSPOSE))),
    Trap(GRAY, "line.png/full/1,50/0/color.png", (1, 50)),
    Trap(GRAY, "line.png/full/1,50/0/gray.png", (1, 50)),
    Trap(GRAY, "line.png/full/1,50/0/bitonal.png", (1, 50)),
    Trap(GRAY, "cat.jpg/full/9,/0/default.jpg", (9, 13), has={"access-control-allow-origin": "*"}, headers={"Origin": "https://a.example"}),
    Trap(GRAY, "cat.jpg/info.json", has={"access-control-allow-origin": "*"}, headers={"Origin": "https://a.example"}),
    Trap(GRAY, "none.jpg/info.json", status=404, has={"access-control-allow-origin": "*"}, headers={"Origin": "https://a.example"}),
    Trap(GRAY, "cat.jpg/info.json", status=204, method="OPTIONS", has={"access-control-allow-origin": "*", "access-control-allow-methods": "GET, HEAD"}, headers={"Origin": "https://a.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "accept"}),
    Trap(GRAY, "cat.jpg/full/9,/0/default.jpg", status=204, method="OPTIONS", has={"access-control-allow-origin": "*"}, headers={"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("traps")
    (root / "a b").mkdir()
    Image.fromarray(RAMP).save(root / "ramp.png")
    Image.new("RGB", (20, 10), "teal").save(root / "a b" / "é+%.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying
    Image.effect_noise((1000, 700), 50).convert("RGB").save(root / "cat.jpg", exif=exif)
    Image.new("L", (1, 5000), 90).save(root / "line.png")
    Image.new("RGB", (255, 257), "red").save(root / "small.png")
    Image.new("RGB", (1206, 1686), "navy").save(root / "page.png")
    tifffile.imwrite(root / "tiled.tif", RAMP[:900], tile=(128, 256), photometric="minisblack")
    tifffile.imwrite(
        root / "turned.tif",
        RAMP[:900],
        tile=(176, 240),
        photometric="minisblack",
        extratags=[(0x0112, "H", 1, 6, True)],
    )
    return root


def test_each_trap_has_rows() -> None:
    assert len({trap.name for trap in TRAPS}) == 15


def through_both(service: ImageService, trap: Trap) -> Answer:
    """The answer, which must be one; both adapters are told the path as it was sent."""
    wsgi = WSGIImageMiddleware(plain_wsgi, service)
    asgi = ASGIImageMiddleware(plain_asgi, service)
    target = f"/image/{trap.target}"
    headers = {"Accept": "*/*", **trap.headers}

    def telling(environ: Any, start_response: Any) -> Any:
        return wsgi({**environ, "REQUEST_URI": trap.mount + target}, start_response)

    answer = call_wsgi(telling, target, trap.method, headers, trap.mount)
    assert answer == call_asgi(asgi, target, trap.method, headers, trap.mount)
    return answer


@pytest.mark.parametrize(
    "trap", TRAPS, ids=lambda trap: f"{trap.name.split('(')[0]}: {trap.target}"
)
def test_traps(trap: Trap, folder: Path) -> None:
    options = {"iiif": True, **trap.options}
    service = ImageService(folder, **options)
    answer = through_both(service, trap)
    assert answer == through_both(service, trap)
    assert answer == through_both(ImageService(folder, **options), trap)
    status, headers, body = answer
    assert status == trap.status, body
    fields = dict(headers)
    assert {name: fields.get(name) for name in trap.has} == trap.has
    if trap.told:
        told = json.loads(body)
        assert {name: told[name] for name in trap.told} == trap.told
    if trap.size:
        picture = Image.open(io.BytesIO(body))
        assert picture.size == trap.size
        assert trap.looks(picture)
