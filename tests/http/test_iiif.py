"""IIIF over HTTP, through both adapters: `info.json`, its negotiation, and the pictures that it tells of.

Expectations come from the texts of Image API 3.0 and 2.1, and from the requests of their viewers.
"""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import pytest
from PIL import Image
from starlette.requests import Request

from drivers import asgi_scope, both, call_wsgi, plain_wsgi
from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.frameworks.starlette import image_request
from imgmiddleware.wsgi import WSGIImageMiddleware
from pictures import noise

#: An original of 1000 x 700 pixels, stored lying: the tag turns it upright.
SIZE = (700, 1000)
V2, V3 = (f"http://iiif.io/api/image/{version}/context.json" for version in (2, 3))
LD = f'application/ld+json;profile="{V3}"'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("iiif")
    (root / "a b").mkdir()
    lying = Image.effect_noise((1000, 700), 50).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    lying.save(root / "cat.jpg", exif=exif)
    Image.new("RGB", (1537, 1537), "teal").save(root / "a b" / "é+%.png")
    Image.new("L", (1, 5000), 90).save(root / "line.png")
    Image.new("RGB", (255, 257), "red").save(root / "small.png")
    Image.new("RGB", (1206, 1686), "navy").save(root / "page.png")
    return root


def served(folder: Path, **options: Any) -> ImageService:
    return ImageService(folder, iiif=True, **options)


def info(
    folder: Path, target: str = "/image/cat.jpg/info.json", accept: str = "*/*", **options: Any
) -> tuple[int, dict[str, str], Any]:
    status, headers, body = both(served(folder, **options), target, headers={"Accept": accept})
    return status, dict(headers), json.loads(body)


def size_of(folder: Path, target: str, **options: Any) -> tuple[int, int]:
    # A client without Accept is led to `info.json`, from a path that is an ID.
    status, _, body = both(served(folder, **options), f"/image/{target}", headers={"Accept": "*/*"})
    assert status == 200, body
    return Image.open(io.BytesIO(body)).size


def test_what_is_told_in_version_3(folder: Path) -> None:
    status, headers, told = info(folder)
    assert (status, headers["content-type"]) == (200, LD)
    assert headers["vary"] == "Accept"
    assert headers["access-control-allow-origin"] == "*"
    assert told["@context"] == V3
    assert told["id"] == "http://testserver/image/cat.jpg"
    assert (told["type"], told["protocol"], told["profile"]) == (
        "ImageService3",
        "http://iiif.io/api/image",
        "level2",
    )
    assert (told["width"], told["height"]) == SIZE
    assert told["tiles"] == [{"width": 512, "height": 512, "scaleFactors": [1, 2]}]
    # By the halves, rounded up, as viewers ask for them.
    assert told["sizes"] == [{"width": 350, "height": 500}, {"width": 700, "height": 1000}]
    assert told["extraFeatures"] == [
        "canonicalLinkHeader",
        "mirroring",
        "profileLinkHeader",
        "rotationArbitrary",
        "sizeUpscaling",
    ]


def test_what_is_told_in_version_2(folder: Path) -> None:
    status, headers, told = info(folder, iiif_version=2)
    assert (status, headers["content-type"]) == (200, "application/json")
    assert (told["@context"], told["@id"]) == (V2, "http://testserver/image/cat.jpg")
    level, extras = told["profile"]
    assert level == "http://iiif.io/api/image/2/level2.json"
    assert "sizeAboveFull" not in extras["supports"]
    assert "type" not in told


@pytest.mark.parametrize(
    ("accept", "version", "context", "media_type"),
    [
        ("*/*", 3, V3, LD),
        ("application/json", 3, V3, "application/json"),
        ("application/ld+json", 3, V3, LD),
        (f'application/ld+json;profile="{V2}"', 3, V2, "application/ld+json"),
        (f'application/json;profile="{V2}"', 3, V2, "application/json"),
        (f'application/ld+json;profile="{V3}"', 2, V3, LD),
        ("application/ld+json", 2, V2, "application/ld+json"),
        ("*/*", 2, V2, "application/json"),
        # Of two named types the preferred one, and one that is not refused.
        (
            f'a/b;profile="{V2}";q=0.9, application/ld+json;profile="{V3}";q=0.5',
            3,
            V2,
            "application/ld+json",
        ),
        (f'a/b;profile="{V2}", application/json;profile="{V3}"', 3, V3, "application/json"),
        (f'application/ld+json;profile="{V2}";q=0, */*', 3, V3, LD),
    ],
)
def test_the_version_is_negotiated(
    folder: Path, accept: str, version: int, context: str, media_type: str
) -> None:
    _, headers, told = info(folder, accept=accept, iiif_version=version)
    assert (told["@context"], headers["content-type"]) == (context, media_type)


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", f'application/ld+json;profile="{V3}"']
)
def test_a_prefix_says_the_version_whatever_accept_says(folder: Path, accept: str) -> None:
    options = {"prefix": "/iiif/", "iiif_prefixes": {2: "2/", 3: "/3"}}
    for at, context, name in (("2/", V2, "@id"), ("3/", V3, "id")):
        target = f"/iiif/{at}a%20b/%C3%A9%2B%25.png"
        status, headers, told = info(folder, f"{target}/info.json", accept, **options)
        assert (status, told["@context"]) == (200, context)
        assert told[name] == f"http://testserver{target}"
        assert headers["vary"] == "Accept"
        assert context.replace("context", "level2") in headers["link"]
        status, answered, _ = both(served(folder, **options), target, headers={"Accept": accept})
        assert (status, dict(answered)["location"]) == (303, f"http://testserver{target}/info.json")
    none = info(folder, "/iiif/cat.jpg/info.json", "*/*", **options)[2]
    assert (none["@context"], none["id"]) == (V3, "http://testserver/iiif/cat.jpg")


def test_a_prefix_of_a_version_has_its_own_sizes_and_the_same_pictures(folder: Path) -> None:
    service = served(folder, iiif_prefixes={2: "old/", 3: "old/new/"}, iiif_version=3)
    tags = set()
    for path, status, version in (
        ("old/cat.jpg/full/full/0/default.png", 200, 2),
        ("old/cat.jpg/full/max/0/default.png", 200, 2),
        ("old/new/cat.jpg/full/full/0/default.png", 400, 3),
        ("old/new/cat.jpg/full/max/0/default.png", 200, 3),
        ("cat.jpg/full/full/0/default.png", 400, 3),
        ("cat.jpg/full/max/0/default.png", 200, 3),
    ):
        answered = both(service, f"/image/{path}")
        assert answered[0] == status
        fields = dict(answered[1])
        if status == 200:
            below = path.partition("cat.jpg")[0]
            size = "full" if version == 2 else "max"
            assert fields["link"] == (
                f'<http://iiif.io/api/image/{version}/level2.json>;rel="profile", '
                f'</image/{below}cat.jpg/full/{size}/0/default.png>;rel="canonical"'
            )
            tags.add(fields["etag"])
    assert len(tags) == 1
    for path in ("old/cat.jpg?w=9", "old/", "old/none.jpg/info.json"):
        assert both(service, f"/image/{path}", headers={"Accept": "*/*"})[0] == 404


def test_authorize_sees_the_id_behind_a_prefix_of_a_version(folder: Path) -> None:
    seen: list[Any] = []
    service = served(
        folder,
        iiif_prefixes={2: "2/"},
        authorize=lambda request: seen.append(request.id),
    )
    for end in ("", "/info.json", "/full/9,/0/default.jpg"):
        assert both(service, f"/image/2/cat.jpg{end}")[0] == 403
    assert {*seen} == {"cat.jpg"}


def test_the_base_leads_to_the_description_but_pictures_stay(folder: Path) -> None:
    service = served(folder)
    for headers in (
        {"Accept": "application/json"},
        {"Accept": "application/ld+json, */*;q=0.1"},
        {},
    ):
        status, answered, _ = both(service, "/image/a%20b/%C3%A9%2B%25.png", headers=headers)
        assert status == 303
        assert (
            dict(answered)["location"] == "http://testserver/image/a%20b/%C3%A9%2B%25.png/info.json"
        )
    for accept in (
        *("image/webp,image/*,*/*;q=0.8", "*/*", "text/html,image/avif,*/*;q=0.8"),
        # It names JSON, but with less weight.
        *(
            "image/*,application/json;q=0.5",
            "application/json;q=0,*/*",
            "image/png,application/json",
        ),
    ):
        status, answered, _ = both(service, "/image/cat.jpg", headers={"Accept": accept})
        assert (status, "Accept" in dict(answered)["vary"]) == (200, True)


def test_a_description_has_the_rules_of_http(folder: Path) -> None:
    service = served(folder)
    status, headers, body = both(service, "/image/cat.jpg/info.json")
    etag = dict(headers)["etag"]
    assert both(service, "/image/cat.jpg/info.json", headers={"If-None-Match": etag})[0] == 304
    assert both(service, "/image/cat.jpg/info.json", headers={"If-Match": '"other"'})[0] == 412
    assert both(service, "/image/cat.jpg/info.json", method="HEAD") == (status, headers, b"")
    assert both(service, "/image/cat.jpg/info.json", method="DELETE")[0] == 405
    assert both(service, "/image/dog.jpg/info.json")[0] == 404
    assert both(served(folder), "/image/cat.jpg/info.json")[2] == body  # as after a restart
    changed = both(served(folder, iiif_rights="https://a.example/cc0"), "/image/cat.jpg/info.json")
    assert json.loads(changed[2])["rights"] == "https://a.example/cc0"
    assert dict(changed[1])["etag"] != etag


@pytest.mark.parametrize(
    ("target", "id"),
    [
        ("/image/a%20b/%C3%A9%2B%25.png/info.json", "/image/a%20b/%C3%A9%2B%25.png"),
        ("/image/a%20b%2F%C3%A9+%25.png/info.json", "/image/a%20b%2F%C3%A9+%25.png"),
    ],
)
def test_the_id_has_the_encoding_of_the_client(folder: Path, target: str, id: str) -> None:
    service = served(folder)
    app = WSGIImageMiddleware(plain_wsgi, service)

    def telling(environ: Any, start_response: Any) -> Any:
        return app({**environ, "REQUEST_URI": target + "?"}, start_response)

    assert json.loads(call_wsgi(telling, target)[2])["id"] == f"http://testserver{id}"
    # A server of WSGI that does not tell: as `service.url` would write it.
    untold = json.loads(call_wsgi(app, target)[2])["id"]
    assert untold == "http://testserver/image/a%20b/%C3%A9%2B%25.png"
    assert asgi_scope(target)["raw_path"] == target.encode()


@pytest.mark.parametrize("name", ["a b", 'a"b', "a%q", "a<b>", "é", "a|b", "a\\b"])
def test_an_id_that_is_no_url_as_it_was_sent_is_encoded(name: str) -> None:
    """Some servers take a space, a quote or a lone percent in a path, and tell it as it came."""
    service = ImageService(lambda id: noise(9, 9) if id == name else None, iiif=True)
    path = f"/image/{name}"
    request = ImageRequest("GET", path, host="a.example", raw_path=path)
    location = service.handle(request).header("Location")
    assert location == f"http://a.example/image/{quote(name)}/info.json"


def test_the_id_is_that_of_a_mount_and_of_a_proxy(folder: Path) -> None:
    service = served(folder, base_url="https://images.example/")
    told = json.loads(both(service, "/image/cat.jpg/info.json", mount="/app")[2])
    assert told["id"] == "https://images.example/app/image/cat.jpg"


def test_an_id_that_a_route_has_checked_is_all_of_it(folder: Path) -> None:
    """Else a route that keeps `secret` from visitors would show `secret/full/max/0/default.jpg`."""
    service = served(folder)
    scope = {"type": "http", "method": "GET", "path": "/me", "query_string": b"", "headers": []}
    seen = "/image/cat.jpg/full/max/0/default.jpg"  # a moment ago, on another way
    assert service.handle(ImageRequest("GET", seen)).status == 200
    for end, status in (
        ("", 200),  # and no 303, which would lead past the route
        ("/info.json", 404),
        ("/full/max/0/default.jpg", 404),
        ("/full/nothing/0/default.jpg", 404),
    ):
        asked = image_request(Request(scope), f"cat.jpg{end}")
        assert service.handle(asked).status == status


@pytest.mark.parametrize(
    "end", ["", "/info.json", "/full/max/0/default.jpg", "/full/9/0/default.jpg"]
)
def test_nothing_is_named_by_a_path_beside_the_prefix(end: str) -> None:
    """A view may ask for any path, and a mount gets any."""
    opened: list[str] = []
    service = ImageService(opened.append, iiif=True)
    for path in (f"/pictures/a{end}", f"a{end}"):
        answer = service.handle(ImageRequest("GET", path))
        assert (answer.status, json.loads(answer.body)["code"]) == (404, "not-found")
        assert "below '/image/'" in json.loads(answer.body)["detail"]
    assert opened == []


@pytest.mark.parametrize(
    ("limits", "side"),
    [
        ({"max_result_width": 300}, 256),
        ({"max_result_height": 127}, 64),
        ({"max_result_pixels": 256 * 256 - 1}, 128),
        ({"max_result_width": 1}, 1),
    ],
)
def test_no_tile_is_told_that_is_over_a_limit(folder: Path, limits: Any, side: int) -> None:
    [tiles] = info(folder, **limits)[2]["tiles"]
    assert (tiles["width"], tiles["height"]) == (side, side)
    wide = tiles["scaleFactors"][-1] * side
    assert wide >= max(SIZE)
    target = f"cat.jpg/0,0,{side},{side}/{side},/0/default.png"
    assert size_of(folder, target, **limits) == (side, side)


@pytest.mark.parametrize(
    "name", ["page.png", "line.png", "small.png", "a%20b/%C3%A9%2B%25.png", "cat.jpg"]
)
@pytest.mark.parametrize("version", [2, 3])
def test_every_size_and_tile_that_is_told_is_served(folder: Path, name: str, version: int) -> None:
    """As OpenSeadragon asks for tiles: both sides in version 3, the width alone in version 2.

    Where a tile is one pixel wide at several factors, its width tells none of them.
    """
    service = served(folder, iiif_version=version)
    told = json.loads(both(service, f"/image/{name}/info.json")[2])
    tile = told["tiles"][0]
    asked = {
        f"full/{size['width']},{size['height']}": (size["width"], size["height"])
        for size in told["sizes"]
    }
    for factor in tile["scaleFactors"]:
        across, down = tile["width"] * factor, tile["height"] * factor
        left = (told["width"] - 1) // across * across
        top = (told["height"] - 1) // down * down
        for x, y in {(left, top), (0, top), (left, 0)}:
            w, h = min(across, told["width"] - x), min(down, told["height"] - y)
            size = -(-w // factor), -(-h // factor)
            text = f"{size[0]}," if version == 2 and told["width"] > 1 else f"{size[0]},{size[1]}"
            asked[f"{x},{y},{w},{h}/{text}"] = size
    for path, size in asked.items():
        assert size_of(folder, f"{name}/{path}/0/default.png", iiif_version=version) == size, path


@pytest.mark.parametrize(
    "path",
    [
        "0,0,0,9/max/0/default.jpg",
        "700,0,9,9/max/0/default.jpg",
        "full/701,/0/default.jpg",
        "full/pct:101/0/default.jpg",
        "full/^16384,/0/default.jpg",
        "full/full/0/default.jpg",
        "full/max/400/default.jpg",
        "full/max/0/sepia.jpg",
        "full/max/0/default.jp2",
    ],
)
def test_what_is_400(folder: Path, path: str) -> None:
    assert both(served(folder), f"/image/cat.jpg/{path}")[0] == 400


def test_one_picture_has_one_key_in_each_grammar(folder: Path) -> None:
    service = served(folder)
    tags = {
        dict(both(service, target)[1])["etag"]
        for target in (
            "/image/cat.jpg/full/max/0/default.png",
            "/image/cat.jpg/full/700,1000/0/color.png",
            "/image/cat.jpg/0,0,700,1000/pct:100/360/default.png",
            "/image/cat.jpg?fm=png",
        )
    }
    assert len(tags) == 1


def test_the_canonical_link_has_one_spelling(folder: Path) -> None:
    service = served(folder)
    for path, canonical in (
        ("0,0,700,1000/pct:50/!90.0/color.jpg", "full/350,500/!90/default.jpg"),
        ("pct:0,0,50,50/max/0/gray.png", "0,0,350,500/max/0/gray.png"),
        ("full/^1400,/0/default.jpg", "full/^1400,2000/0/default.jpg"),
    ):
        _, headers, _ = both(service, f"/image/cat.jpg/{path}")
        assert dict(headers)["link"] == (
            '<http://iiif.io/api/image/3/level2.json>;rel="profile", '
            f'</image/cat.jpg/{canonical}>;rel="canonical"'
        )


def test_the_canonical_link_of_version_2_has_its_sizes(folder: Path) -> None:
    """2.1, section 4.7: full, or the width alone, or both sides where the shape is another."""
    service = served(folder, iiif_version=2)
    for path, canonical in (
        ("cat.jpg/full/max/0/default.jpg", "cat.jpg/full/full/0/default.jpg"),
        ("cat.jpg/full/350,500/!90.0/color.jpg", "cat.jpg/full/350,/!90/default.jpg"),
        ("cat.jpg/full/!99,99/0/default.jpg", "cat.jpg/full/69,/0/default.jpg"),
        ("cat.jpg/full/350,499/0/default.jpg", "cat.jpg/full/350,499/0/default.jpg"),
        # A width of one pixel is the whole line's, at the first factor.
        ("line.png/full/1,157/0/default.png", "line.png/full/1,157/0/default.png"),
        # A tile at the edge has the grid's size by its width, as trap 1 has it.
        (
            "page.png/1024,1024,182,662/91,331/0/default.png",
            "page.png/1024,1024,182,662/91,/0/default.png",
        ),
        ("cat.jpg/full/^1400,/0/default.jpg", "cat.jpg/full/^1400,2000/0/default.jpg"),
    ):
        status, headers, body = both(service, f"/image/{path}")
        assert status == 200, path
        said = _canonical(headers)
        assert said == f"/image/{canonical}"
        assert both(service, said)[::2] == (200, body)  # and it is the same picture


@pytest.mark.parametrize("mount", ["", "/app", "/other app"])
def test_the_canonical_link_leads_to_the_picture(folder: Path, mount: str) -> None:
    """From each spelling of the path, whatever was asked for a moment ago: the same URL."""
    service = served(folder)
    canonical = f"{quote(mount)}/image/a%20b/%C3%A9%2B%25.png/full/9,9/0/default.png"
    for spelling in (
        "a%20b/%C3%A9%2B%25.png/full/9,9/0/default.png",
        "a%20b%2F%C3%A9+%25.png/full/9,9/0/color.png",
        "a%20b%2F%C3%A9+%25.png%2Ffull%2F9,9%2F0%2Fdefault.png",
        "a%20b/%C3%A9+%25.png/full/9,/0%2fdefault.png",
    ):
        for at in ("/elsewhere", mount):
            _, headers, _ = both(service, f"/image/{spelling}", mount=at)
        sent = urljoin(f"http://testserver{mount}/image/{spelling}", _canonical(headers))
        assert sent == f"http://testserver{canonical}"


def _canonical(headers: list[tuple[str, str]]) -> str:
    found = re.search('<([^<>]*)>;rel="canonical"', dict(headers)["link"])
    assert found is not None
    return found[1]


def test_an_original_that_looks_like_segments_is_reached_by_a_query(tmp_path: Path) -> None:
    inside = tmp_path / "full" / "max" / "0"
    inside.mkdir(parents=True)
    Image.new("RGB", (30, 20)).save(inside / "default.jpg")
    (tmp_path / "x").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "x" / "full", "PNG")
    assert size_of(tmp_path, "full/max/0/default.jpg?w=15") == (15, 10)
    assert size_of(tmp_path, "full/max/0/default.jpg") == (30, 20)  # nothing is before them


def test_restrictions_hold_for_every_grammar(folder: Path) -> None:
    for options in ({"presets_only": True}, {"widths": [100]}, {"widths": [100], "heights": [100]}):
        with pytest.raises(ValueError, match="iiif_any_size"):
            served(folder, **options)
        assert size_of(folder, "cat.jpg/full/70,/0/default.png", iiif_any_size=True, **options) == (
            70,
            100,
        )
    # The default for a URL without a query is no part of this grammar.
    assert size_of(folder, "cat.jpg/full/max/0/default.png", default="w=100") == SIZE


def test_authorize_is_asked_for_a_description_too(folder: Path) -> None:
    service = served(folder, authorize=lambda request: request.id == "small.png")
    assert both(service, "/image/cat.jpg/info.json")[0] == 403
    status, headers, _ = both(service, "/image/small.png/info.json")
    assert (status, dict(headers)["cache-control"]) == (200, "private, max-age=300")
    assert "access-control-allow-origin" not in dict(headers)


def test_without_the_option_it_is_an_id(folder: Path) -> None:
    service = ImageService(folder)
    assert both(service, "/image/cat.jpg/info.json")[0] == 404
    assert both(service, "/image/cat.jpg/full/max/0/default.jpg")[0] == 404


def test_a_version_makes_a_tile_immutable(folder: Path) -> None:
    service = served(folder)
    token = service.url("cat.jpg").partition("v=")[2]
    _, headers, _ = both(service, f"/image/cat.jpg/full/70,/0/default.jpg?v={token}")
    assert "immutable" in dict(headers)["cache-control"]


def test_bitonal_and_gray(folder: Path) -> None:
    service = served(folder)
    body = both(service, "/image/cat.jpg/full/max/0/bitonal.png")[2]
    assert sorted(color for _, color in Image.open(io.BytesIO(body)).convert("L").getcolors()) == [
        0,
        255,
    ]
    body = both(service, "/image/page.png/full/5,/0/gray.png")[2]
    # Navy is (0, 0, 128), of which luma takes 0.114.
    assert Image.open(io.BytesIO(body)).getcolors() == [(5 * 7, 15)]


#: The API's own words where Pillow and HTTP have others (Image API 3.0, section 4.5).
_PILLOW = {"jpg": "JPEG", "tif": "TIFF"}


@pytest.mark.parametrize("version", [2, 3])
def test_each_format_and_quality_that_is_told_is_served(folder: Path, version: int) -> None:
    rights = "https://creativecommons.org/publicdomain/zero/1.0/"
    options: dict[str, Any] = {"iiif_version": version, "iiif_rights": rights}
    told = info(folder, **options)[2]
    if version == 2:
        formats, qualities = (told["profile"][1][name] for name in ("formats", "qualities"))
        assert told["license"] == [rights]
    else:
        # Level 2 has these of itself (compliance document, sections 3.4 and 3.5).
        formats = ["jpg", "png", *told["extraFormats"]]
        qualities = ["default", *told["extraQualities"]]
        assert told["preferredFormats"] == ["webp", "jpg"]
        assert told["rights"] == rights
    assert sorted(formats) == ["avif", "gif", "jpg", "png", "tif", "webp"]
    assert sorted(qualities) == ["bitonal", "color", "default", "gray"]
    service = served(folder, **options)
    for quality in qualities:
        for format in formats:
            _, _, body = both(service, f"/image/cat.jpg/full/35,/0/{quality}.{format}")
            picture = Image.open(io.BytesIO(body))
            assert picture.format == _PILLOW.get(format, format.upper())
            assert picture.size == (35, 50)


def test_each_feature_that_is_told_is_there(folder: Path) -> None:
    """In 2.1 all that is told beyond level 2, in the terms of its own table."""
    service = served(folder, iiif_version=2)
    _, extras = json.loads(both(service, "/image/cat.jpg/info.json")[2])["profile"]
    asked = {
        "canonicalLinkHeader": ("full/70,/0", (70, 100)),
        "mirroring": ("full/70,/!0", (70, 100)),
        "profileLinkHeader": ("full/70,/0", (70, 100)),
        "rotationArbitrary": ("full/70,/45", (121, 121)),  # (70 + 100) / sqrt(2)
        "regionSquare": ("square/70,/0", (70, 70)),
        "sizeByConfinedWh": ("full/!70,70/0", (49, 70)),
        "sizeByDistortedWh": ("full/70,71/0", (70, 71)),
    }
    assert {*extras["supports"]} == {*asked}
    for path, size in asked.values():
        status, headers, body = both(service, f"/image/cat.jpg/{path}/default.png")
        assert status == 200
        link = dict(headers)["link"]
        assert 'rel="canonical"' in link
        assert '<http://iiif.io/api/image/2/level2.json>;rel="profile"' in link
        picture = Image.open(io.BytesIO(body))
        assert max(abs(a - b) for a, b in zip(picture.size, size, strict=True)) <= 1, path


@pytest.mark.parametrize(
    "host", ["", 'a"b', "a b", "a/b", "user@a", "a,b", "a\r\nX: y", "é", "a" * 300, "[::1", "a:b"]
)
@pytest.mark.parametrize("target", ["cat.jpg/info.json", "cat.jpg"])
def test_a_host_that_is_none_is_told_to_nobody(folder: Path, target: str, host: str) -> None:
    request = ImageRequest("GET", f"/image/{target}", host=host)
    answer = served(folder).handle(request)
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "malformed-host")
    answer = served(folder, base_url="https://images.example").handle(request)
    assert answer.status in (200, 303)


@pytest.mark.parametrize("host", ["images.example", "my_app:8000", "10.0.0.1:80", "[::1]:8000"])
def test_a_host_is_told_as_it_came(folder: Path, host: str) -> None:
    answer = served(folder).handle(ImageRequest("GET", "/image/cat.jpg", host=host))
    assert answer.header("Location") == f"http://{host}/image/cat.jpg/info.json"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("x/info.json", 404),  # no ID of this type
        ("x/full/max/0/default.png", 404),
        ("1/full/max/0/default.png", 422),  # found out while it is decoded
        ("1/full/9,/0/default.png", 422),
    ],
)
def test_a_viewer_is_shown_no_fallback(target: str, status: int) -> None:
    fallback = io.BytesIO()
    Image.new("RGB", (9, 9)).save(fallback, "PNG")
    original = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(original, "PNG")
    damaged = bytearray(original.getvalue())
    damaged[2000] ^= 0xFF
    service = ImageService(lambda id: damaged, iiif=True, id_type=int, fallback=fallback.getvalue())
    answer = both(service, f"/image/{target}", headers={"Accept": "*/*"})
    assert answer[0] == status
    assert dict(answer[1])["content-type"] == "application/problem+json"
