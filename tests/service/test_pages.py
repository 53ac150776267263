"""Pictures of pages: every link that is written is answered, and is as wide as it says."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import both
from imgmiddleware import ImageError, ImageRequest, ImageService, Picture
from pictures import opened, quadrants, saved
from tags import Tags

KEY = "k" * 32
#: EXIF with nothing but the orientation 6.
_TURNED = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"


def links(picture: Picture) -> list[tuple[str, int]]:
    sets = [picture.srcset, *(source.srcset for source in picture.sources)]
    pairs = [one.rsplit(" ", 1) for text in sets if text for one in text.split(", ")]
    return [(url, int(width.removesuffix("w"))) for url, width in pairs]


def service_of(width: int, height: int, **options: Any) -> ImageService:
    return ImageService(lambda id: np.zeros((height, width), np.uint8), **options)


def widths(picture: Picture) -> list[int]:
    return [width for _, width in links(picture)]


sides = st.integers(10, 700)


@settings(max_examples=20, deadline=None)
@given(
    sides,
    sides,
    st.sampled_from(
        [
            {},
            {"w": 300},
            {"h": 40},
            {"w": 90, "h": 400, "fit": "crop"},
            {"ar": "3:2", "fit": "crop"},
            {"w": 500, "h": 500, "fit": "fill"},
            {"rot": 90},
            {"w": 0.5},
            {"enlarge": 1},
            {"rect": "0.1,0.1,0.5,0.5"},
            {"w": 60, "enlarge": 1},
        ]
    ),
    st.sampled_from([{}, {"keys": [KEY], "require_signature": True}, {"client_hints": ["dpr"]}]),
    st.sampled_from([(), ("png",)]),
)
def test_every_link_is_answered_and_as_wide_as_it_says(
    width: int, height: int, asked: Any, options: Any, formats: Any
) -> None:
    service = service_of(width, height, **options)
    picture = service.picture("a b&c.png", alt="", formats=formats, **asked)
    assert links(picture) or picture.width
    for url, said in [*links(picture), (picture.src, None)]:
        status, _, body = both(service, url, headers={"DPR": "2"})
        assert status == 200, body
        assert said in (None, opened(body).size[0])


def test_none_is_wider_than_the_original() -> None:
    picture = service_of(1800, 1200).picture("a", alt="A map")
    assert widths(picture) == [320, 480, 640, 800, 1024, 1280, 1600, 1800]
    assert (picture.width, picture.height) == (1800, 1200)
    assert "w=1280" in picture.src
    assert picture.sizes == "(min-width: 1800px) 1800px, 100vw"
    assert widths(service_of(1800, 1200).picture("a", alt="", enlarge=1))[-2:] == [1600, 1800]
    assert service_of(200, 100).picture("a", alt="").srcset == ""


def test_what_a_browser_hints_changes_no_link() -> None:
    service = service_of(900, 600, client_hints=["dpr", "width"])
    for asked in ({}, {"w": 90}, {"h": 60}):
        for url, width in links(service.picture("a", alt="", **asked)):
            hints = {"DPR": "2", "Sec-CH-DPR": "2", "Width": "64", "Sec-CH-Width": "64"}
            assert opened(both(service, url, headers=hints)[2]).size[0] == width


def test_a_size_is_offered_in_three_densities() -> None:
    picture = service_of(1000, 800).picture("a", alt="", w=400, h=200, fit="crop")
    assert widths(picture) == [400, 800, 1000]
    assert (picture.width, picture.height, picture.sizes) == (400, 200, "400px")
    assert "dpr" not in picture.src


def test_a_turned_original_has_its_upright_sides() -> None:
    turned = saved(
        quadrants(600, 400),
        "JPEG",
        exif=_TURNED,
    )
    picture = ImageService(lambda id: turned).picture("a", alt="")
    assert (picture.width, picture.height) == (400, 600)
    assert widths(picture) == [320, 400]


def test_what_an_original_is() -> None:
    turned = saved(quadrants(600, 400), "JPEG", exif=_TURNED)
    info = ImageService(lambda id: turned, authorize=lambda request: False).info("a")
    assert (info.width, info.height, info.orientation) == (400, 600, 6)
    assert (info.format, info.bytes, info.bits) == ("jpeg", len(turned), 8)
    assert (info.alpha, info.frames, info.animated) == (False, 1, False)
    frames = [opened(saved(quadrants(8, 8), "PNG")).rotate(turn) for turn in (0, 90, 180)]
    moves = saved_frames(frames)
    assert ImageService(lambda id: moves).info("a").animated
    for found, code in ((None, "not-found"), (b"text", "unknown-format")):
        with pytest.raises(ImageError) as raised:
            ImageService(lambda id, found=found: found).info("a")
        assert raised.value.code == code


def saved_frames(frames: list[Any]) -> bytes:
    made = BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:])
    return made.getvalue()


def test_all_is_escaped_and_read_back() -> None:
    service = service_of(900, 600)
    evil = "\"><script>alert(1)</script>&amp;'"
    picture = service.picture(
        'a"b<c>.png',
        alt=evil,
        sizes='"x',
        attributes={"class": evil},
        mount='/"<',
        formats=["webp"],
    )
    seen = Tags(str(picture)).seen
    assert [tag for tag, _ in seen] == ["picture", "source", "img"]
    image = seen[-1][1]
    assert image["alt"] == image["class"] == evil
    assert image == picture.attrs
    assert seen[1][1]["type"] == "image/webp"
    for name in ("onerror=x ", "a b", "SRC", "x>", "é"):
        with pytest.raises(ValueError, match="attributes: "):
            service.picture("a", alt="", attributes={name: ""})


@pytest.mark.parametrize("value", [None, True, b"x"])
def test_what_is_no_text_is_told_by_its_name(value: Any) -> None:
    service = service_of(900, 600)
    with pytest.raises(ValueError, match=f"attributes: 'data-x' is {value!r}, which is no text"):
        service.picture("a", alt="", attributes={"data-x": value})
    with pytest.raises(ValueError, match=f"alt is {value!r}, which is no text"):
        service.picture("a", alt=value)


def test_numbers_and_texts_that_are_translated_late_may_be_given() -> None:
    class Late:
        def __str__(self) -> str:
            return "a <b>"

    given: Any = {"tabindex": 1, "title": Late()}
    picture = service_of(900, 600).picture("a", alt=given["title"], attributes=given)
    ((_, said),) = Tags(str(picture)).seen
    assert (said["tabindex"], said["title"], said["alt"]) == ("1", "a <b>", "a <b>")
    assert said == picture.attrs


def test_alt_is_asked_for_and_what_comes_first_is_not_lazy() -> None:
    service = service_of(900, 600)
    with pytest.raises(TypeError, match="alt"):
        service.picture("a")  # type: ignore[call-arg]
    late, first = (service.picture("a", alt="", priority=p).attrs for p in (False, True))
    assert (late["loading"], late["decoding"]) == ("lazy", "async")
    assert first["fetchpriority"] == "high"
    assert "loading" not in first


def test_what_is_closed_is_not_offered() -> None:
    service = service_of(900, 600, widths=[200, 500, 2000])
    assert widths(service.picture("a", alt="")) == [200, 500, 900]
    assert widths(service.picture("a", alt="", w=200)) == []  # 400 and 600 are refused
    with pytest.raises(ImageError, match="not among"):
        service.picture("a", alt="", widths=[300])
    named = service_of(900, 600, presets={"thumb": "w=90"}, presets_only=True)
    thumb = named.picture("a", alt="", preset="thumb")
    assert re.fullmatch(r"/image/a\?preset=thumb&v=[\w-]+", thumb.src)
    assert (thumb.width, thumb.height) == (90, 60)


def test_without_an_original_it_is_a_link_alone() -> None:
    for found in (None, b"no picture"):
        picture = ImageService(lambda id, found=found: found).picture("a", alt="Gone", w=90)
        assert (picture.src.split("&")[0], picture.srcset) == ("/image/a?w=90", "")
        assert picture.width is None
    trimmed = service_of(90, 60).picture("a", alt="", trim="auto", w=50)
    assert (trimmed.srcset, trimmed.width) == ("", None)
    for wrong in ({"w": "x"}, {"formats": ["exe"]}, {"color": 1}):
        with pytest.raises(ImageError):
            ImageService(lambda id: None).picture("a", alt="", **wrong)
    for none in ([], [0], [True], [1.5]):
        with pytest.raises(ValueError, match="widths: "):
            service_of(9, 9).picture("a", alt="", widths=none)


def test_a_header_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from imgmiddleware.service.originals import originals

    read: list[int] = []
    probe = originals.read_facts
    monkeypatch.setattr(originals, "read_facts", lambda *a: read.append(1) or probe(*a))
    png = saved(quadrants(900, 600), "PNG")
    service = ImageService(lambda id: png)
    first = service.picture("a", alt="", formats=["avif", "webp"])
    assert service.picture("a", alt="", formats=["avif", "webp"]) == first
    assert service.handle(ImageRequest("GET", "/image/a", "w=90")).status == 200
    assert len(read) == 1
