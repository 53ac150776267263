"""`picture(..., placeholder=)`: the page has a small form of the picture that it stands for."""

from __future__ import annotations

import asyncio
import re
import threading
from base64 import b64decode
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import get, serving
from counting import count_decoders
from imgmiddleware import ImageService, Picture
from imgmiddleware.asgi import picture as async_picture
from pictures import BLUE, RED, close, corners, exif, opened, quadrants, saved
from tags import Tags

PHOTO = saved(quadrants(640, 480), "PNG")
STYLE = re.compile(r"background:url\(data:image/webp;base64,([\w+/=]+)\) center/cover no-repeat")


@pytest.fixture(scope="module")
def service() -> ImageService:
    return serving(PHOTO)


def tiny(picture: Picture) -> Image.Image:
    """The style as CSS shows it."""
    found = STYLE.fullmatch(picture.attrs["style"])
    assert found
    return opened(b64decode(found[1], validate=True))


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({}, (16, 12)),
        ({"w": 400}, (16, 12)),
        ({"h": 0.5}, (16, 12)),
        ({"w": 200, "h": 200, "fit": "crop"}, (16, 16)),
        ({"ar": "4:1", "fit": "crop"}, (16, 4)),
        ({"w": 100, "ar": "1:4", "fit": "crop"}, (4, 16)),
        ({"rot": 90}, (12, 16)),
        ({"w": 200, "h": 100, "fit": "crop", "rot": 270}, (8, 16)),
        ({"w": 100, "h": 100, "fit": "crop", "pad": 50, "bg": "000"}, (16, 16)),
        ({"trim": "auto", "w": 900, "pad": 90}, (16, 12)),
        ({"w": 8}, (8, 6)),
        ({"w": 400, "px": 100, "blur": 99, "sharp": 9, "mark": "logo", "mark-w": 300}, (16, 12)),
        ({"preset": "wide"}, (16, 8)),
    ],
)
def test_it_has_the_shape_of_the_picture(asked: Any, size: tuple[int, int]) -> None:
    service = serving(
        PHOTO, presets={"wide": "w=600&ar=2:1&fit=crop&dpr=2"}, overlays={"logo": PHOTO}
    )
    assert tiny(service.picture("a", alt="", placeholder="lqip", **asked)).size == size


def test_it_shows_what_the_picture_shows(service: ImageService) -> None:
    for asked in ({}, {"rot": 180}, {"flip": "h"}, {"w": 100, "h": 100, "fit": "crop"}):
        picture = service.picture("a", alt="", placeholder="lqip", **asked)
        whole = opened(get(service, picture.src.partition("?")[2]).read()).convert("RGB")
        small = tiny(picture).convert("RGB").resize(whole.size)
        assert close(np.array(corners(np.asarray(small))), np.array(corners(np.asarray(whole))), 40)


def test_what_is_coarse_stays_so(service: ImageService) -> None:
    """Squares of a fourth of the width are four on the placeholder, and a wide blur is as wide."""
    squares = tiny(service.picture("a", alt="", placeholder="lqip", w=400, px=100)).convert("L")
    across = np.abs(np.diff(np.asarray(squares, int)[2]))
    assert sorted(np.argsort(across)[-1:]) == [7]
    assert {at for at in range(15) if across[at] > 12} <= {3, 7, 11}
    soft = tiny(service.picture("a", alt="", placeholder="lqip", w=400, blur=2000)).convert("RGB")
    assert np.ptp(np.asarray(soft, int), axis=(0, 1)).max() < 150


def test_a_color_is_one_of_what_is_shown(service: ImageService) -> None:
    for rect, color in (("0,0,300,200", RED), ("right,bottom,300,200", BLUE)):
        picture = service.picture("a", alt="", placeholder="color", w=99, rect=rect)
        assert picture.attrs["style"] == "background-color:#{:02x}{:02x}{:02x}".format(*color)


@pytest.mark.parametrize("kind", ["thumbhash", "blurhash"])
def test_a_hash_is_for_a_script(service: ImageService, kind: str) -> None:
    picture = service.picture("a", alt="", placeholder=kind)
    assert picture.attrs[f"data-{kind}"] == service.placeholder("a", fm=kind, w=100, h=75)
    assert "style" not in picture.attrs


def test_all_of_it_is_read_back_and_a_style_of_the_page_has_the_last_word(
    service: ImageService,
) -> None:
    evil = {"style": 'color:"red"', "data-thumbhash": '"><script>'}
    for kind in ("lqip", "color", "thumbhash", "blurhash"):
        picture = service.picture("a", alt="", placeholder=kind, attributes=evil, formats=["png"])
        assert [(tag, attrs) for tag, attrs in Tags(str(picture)).seen if tag == "img"] == [
            ("img", picture.attrs)
        ]
        assert picture.attrs["style"].endswith('color:"red"')
        assert picture.attrs["data-thumbhash"] == '"><script>'
    upper = service.picture("a", alt="", placeholder="color", attributes={"STYLE": "top:0"})
    assert [name for name in upper.attrs if name.lower() == "style"] == ["style"]
    assert upper.attrs["style"].startswith("background-color:#")
    assert upper.attrs["style"].endswith(";top:0")


def test_a_cache_has_it_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    service = serving(PHOTO)
    first = service.picture("a", alt="", placeholder="lqip")
    calls = count_decoders(monkeypatch)
    assert service.picture("a", alt="", placeholder="lqip") == first
    assert not any(calls.values())


def test_where_there_is_none_the_page_stands() -> None:
    half = PHOTO[: len(PHOTO) // 2]
    for original in (None, b"no picture", half):
        picture = serving(original).picture("a", alt="Cat", placeholder="lqip")
        assert "style" not in picture.attrs
        assert picture.alt == "Cat"
    with pytest.raises(ValueError, match="placeholder: 'blur' is none of "):
        serving(PHOTO).picture("a", alt="", placeholder="blur")


def test_what_would_be_seen_through_the_picture_is_not_there() -> None:
    clear = serving(np.full((40, 60, 4), 128, np.uint8))
    for kind in ("lqip", "color", "thumbhash"):
        assert clear.picture("a", alt="", placeholder=kind).attributes == {}
        assert clear.picture("a", alt="", placeholder=kind, bg="fff").attributes != {}
        assert clear.picture("a", alt="", placeholder=kind, bg="80ffffff").attributes == {}


@pytest.mark.parametrize(
    "asked",
    [
        {"mask": "ellipse"},
        {"mask": "corners", "corner_radius": 9},
        {"border": "2,f00", "border_radius": 9},
        {"bg": "80ff0000", "pad": 9},
        {"w": 40, "h": 40, "fit": "fill", "fill_color": "0fff"},
    ],
)
def test_nor_what_would_be_seen_around_a_shape(asked: dict[str, Any]) -> None:
    """An opaque photo is clear where it is cut off, unless a background is behind it."""
    photo = serving(PHOTO)
    assert photo.picture("a", alt="", placeholder="color", **asked).attributes == {}
    if "bg" not in asked and "fill_color" not in asked:
        covered = photo.picture("a", alt="", placeholder="color", **asked, bg="fff")
        assert covered.attributes != {}


def test_a_page_may_ask_what_links_may_not() -> None:
    for options in (
        {"presets_only": True},
        {"widths": (320,)},
        {"authorize": lambda request: False},
    ):
        service = serving(PHOTO, **options)
        assert tiny(service.picture("a", alt="", placeholder="lqip")).size == (16, 12)


def test_a_turned_original_is_upright() -> None:
    file = saved(quadrants(640, 480), "JPEG", exif=exif(6))
    assert tiny(serving(file).picture("a", alt="", placeholder="lqip")).size == (12, 16)


def test_the_event_loop_goes_on_meanwhile() -> None:
    ticked = threading.Event()

    def slow(id: str) -> Any:
        assert ticked.wait(10), "the loop stood still"
        return PHOTO

    async def page() -> Picture:
        async def tick() -> None:
            await asyncio.sleep(0.01)
            ticked.set()

        service = ImageService(slow)
        made, _ = await asyncio.gather(
            async_picture(service, "a", alt="", placeholder="lqip"), tick()
        )
        return made

    assert tiny(asyncio.run(page())).size == (16, 12)
