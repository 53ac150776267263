"""A refusal as a picture for an `<img>`, and as a document for everybody else."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from asking import serving
from drivers import both
from imgmiddleware import ImageRequest, ImageService
from pictures import quadrants, saved

#: The headers of browsers for an <img>.
CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
SAFARI = "image/webp,image/avif,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"

IMG = {"Sec-Fetch-Dest": "image", "Accept": "*/*"}


def service(**options: Any) -> ImageService:
    options = {"debug_images": True, **options}
    return serving(saved(quadrants(), "PNG"), **options)


def texts(svg: bytes) -> list[str]:
    """The lines of text, as a parser of XML finds them; there is nothing but text and rectangles."""
    tree = ElementTree.fromstring(svg)
    names = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in tree.iter()}
    assert names == {"svg", "rect", "text"}
    for element in tree.iter():
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
    return [element.text or "" for element in tree.iter() if element.tag.endswith("}text")]


def test_an_img_is_shown_the_message() -> None:
    status, headers, body = both(service(), "/image/a?w=abc", headers=IMG)
    assert status == 400
    told = dict(headers)
    assert told["content-type"] == "image/svg+xml"
    assert told["content-length"] == str(len(body))
    assert told["cache-control"] == "no-store"
    assert told["x-content-type-options"] == "nosniff"
    assert told["content-security-policy"] == "default-src 'none'; sandbox"
    problem = json.loads(both(service(), "/image/a?w=abc")[2])
    shown = texts(body)
    assert shown[:2] == ["400 Bad Request", problem["code"]]
    assert problem["detail"] in " ".join(shown)
    assert shown[-1] == "/image/a?w=abc"
    head = both(service(), "/image/a?w=abc", "HEAD", IMG)
    assert head == (status, headers, b"")


@pytest.mark.parametrize(
    ("headers", "picture"),
    [
        ({"Sec-Fetch-Dest": "image"}, True),
        ({"Accept": CHROME}, True),  # over plain HTTP there is no Sec-Fetch-Dest
        ({"Accept": SAFARI}, True),
        ({"Accept": "image/png"}, True),
        ({}, False),
        ({"Accept": "*/*"}, False),
        ({"Accept": "text/html,application/xhtml+xml,image/webp,*/*;q=0.8"}, False),
        ({"Accept": "application/json, image/png"}, False),
        ({"Accept": "image/png;q=0, */*"}, False),
        ({"Sec-Fetch-Dest": "empty", "Accept": CHROME}, False),  # a script's fetch
        ({"Sec-Fetch-Dest": "document", "Accept": CHROME}, False),
    ],
)
def test_who_is_shown_it(headers: dict[str, str], picture: bool) -> None:
    media_type = "image/svg+xml" if picture else "application/problem+json"
    told = dict(both(service(), "/image/a?w=abc", headers=headers)[1])
    assert told["content-type"] == media_type
    assert ("content-security-policy" in told) is picture
    told = dict(both(service(debug_images=False), "/image/a?w=abc", headers=headers)[1])
    assert told["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "</text></svg><svg onload=alert(1)>",
        "&lt;&xxe;",
        "]]>",
        "\"'",
        "\0\x01\x1b[31m\x7f",
        "\ufffe\uffff",
        "\u202egnp.exe",
        "日本語" * 60,
        "x" * 4000,
        "a b " * 900,
        " ",
    ],
)
def test_whatever_stands_in_the_url_is_text(hostile: str) -> None:
    request = ImageRequest("GET", f"/image/{hostile}", f"w={hostile}", {"sec-fetch-dest": "image"})
    answer = ImageService(lambda id: None, debug_images=True).handle(request)
    assert answer is not None
    shown = texts(answer.read())
    assert len(shown) < 20
    assert all(len(line) <= 60 for line in shown)
    assert not any(each in "".join(shown) for each in "\x1b\u202e")


def test_the_headers_of_each_status_stay() -> None:
    found = {
        405: ("DELETE", "", {}, "allow"),
        416: ("GET", "w=9", {"Range": "bytes=99999-"}, "content-range"),
    }
    for status, (method, query, headers, name) in found.items():
        answer = both(service(), f"/image/a?{query}", method, IMG | headers)
        assert (answer[0], name in dict(answer[1])) == (status, True)
        assert dict(answer[1])["content-type"] == "image/svg+xml"
