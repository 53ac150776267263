"""`palette`: the colours of drawn pictures, in imgix's shape."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from asking import ask, get, serving
from imgmiddleware import ImageService
from pictures import BLUE, GREEN, RED, YELLOW, quadrants, saved

HEX = ["#{:02x}{:02x}{:02x}".format(*color) for color in (RED, GREEN, BLUE, YELLOW)]


@pytest.fixture(scope="module")
def service() -> ImageService:
    return serving(saved(quadrants(640, 480), "PNG"))


def told(service: ImageService, query: str = "") -> Any:
    return json.loads(get(service, f"palette=json{query}").read())


def test_json_has_the_shape_of_imgix(service: ImageService) -> None:
    found = told(service, "&colors=4")
    assert list(found) == ["colors", "average_luminance", "dominant_colors"]
    assert {color["hex"] for color in found["colors"]} == {*HEX}
    for color in (*found["colors"], *found["dominant_colors"].values()):
        digits = [int(color["hex"][at : at + 2], 16) for at in (1, 3, 5)]
        shares = [color[name] for name in ("red", "green", "blue")]
        assert shares == pytest.approx([digit / 255 for digit in digits], abs=1e-6)
    light = quadrants() @ [0.2126, 0.7152, 0.0722] / 255
    assert found["average_luminance"] == pytest.approx(light.mean(), abs=0.01)
    assert found["dominant_colors"]["vibrant"]["hex"] in HEX


def test_it_has_as_many_colours_as_are_asked_for(service: ImageService) -> None:
    assert len(told(service)["colors"]) == 6  # the edges between the four are mixed
    assert told(service, "&colors=0")["colors"] == []
    assert len(told(serving(saved(quadrants(60, 40), "PNG")), "&colors=16")["colors"]) == 4


@pytest.mark.parametrize(
    ("query", "color"),
    [
        ("&rect=0,0,300,200", RED),
        ("&w=64&h=48&fit=crop&rect=right,bottom,300,200", BLUE),
        ("&rect=left,bottom,300,200&bg=ffffff", YELLOW),
        ("&rect=right,top,300,200&rot=90&w=4000", GREEN),
        ("&rect=right,top,300,200&mono=gray", (127,) * 3),  # .299 * 20 + .587 * 200 + .114 * 30
    ],
)
def test_the_rest_of_the_query_says_of_what(service: ImageService, query: str, color: Any) -> None:
    found = told(service, f"&colors=1{query}")["colors"]
    assert [one["hex"] for one in found] == ["#{:02x}{:02x}{:02x}".format(*color)]


def test_css_has_two_classes_for_each(service: ImageService) -> None:
    css = get(service, "palette=css&colors=4&prefix=my-frog_1").read().decode()
    rule = r"\.my-frog_1-(fg|bg)-([\w-]+) \{ (?:background-)?color:(#[0-9a-f]{6}) !important; \}"
    rules = [re.fullmatch(rule, line) for line in css.splitlines()]
    assert all(rules)
    found = {(r[1], r[2]): r[3] for r in rules if r}
    numbers = [found["bg", n] for n in "1234"]
    assert {*numbers} == {*HEX}
    assert (found["fg", "ex-1"], found["bg", "ex-2"]) == ("#ffffff", "#000000")
    same = told(service, "&colors=4")
    assert numbers == [color["hex"] for color in same["colors"]]
    names = {name.replace("_", "-"): c["hex"] for name, c in same["dominant_colors"].items()}
    assert {n: v for (kind, n), v in found.items() if kind == "fg" and n in names} == names
    assert ("fg", "5") not in found


def test_what_changes_no_colour_is_no_other_answer(service: ImageService) -> None:
    def key(query: str) -> str | None:
        return get(service, query).header("ETag")

    same = ["&q=9", "&fm=png", "&max_bytes=999", "&keep=exif", "&prefix=x", "&colorquant=9"]
    assert {key(f"palette=json{more}") for more in ("", "&colors=6", *same)} == {
        key("palette=json")
    }
    others = ["palette=css", "palette=css&prefix=x", "palette=json&colors=5", "palette=json&w=9"]
    assert len({key(query) for query in ("palette=json", "fm=png&w=100", *others)}) == 6


def test_a_clear_picture_has_no_colours() -> None:
    clear = np.zeros((40, 30, 4), np.uint8)
    found = json.loads(ask(clear, "palette=json").read())
    assert found == {"colors": [], "average_luminance": 0.0, "dominant_colors": {}}
    white = json.loads(ask(clear, "palette=json&bg=fff").read())
    assert [color["hex"] for color in white["colors"]] == ["#ffffff"]


def test_a_page_shows_no_palette() -> None:
    with pytest.raises(ValueError, match="is no picture"):
        serving(quadrants()).picture("a", alt="", formats=["png"], palette="json")
