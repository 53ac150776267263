"""Links that others' libraries build are pictures of the right size, signed and not.

imgix's own libraries sign by themselves. A page that uses the others signs the links that they have
built: by imgix's rule, which is MD5 of the secret, the path and the query, or by the key of the
service.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest
from PIL import Image

import drivers
import parts
from imgmiddleware import ImageService
from imgmiddleware.grammar.signature import of_link
from pictures import saved

imgix = parts.module("imgix")

#: `npm install --prefix` puts them into the environment that runs the tests.
NPM = Path(sys.prefix)
PACKAGES = ("@imgix/js-core", "unpic", "@nuxt/image", "next", "react", "react-dom")
ORIGIN, PATH, ID = "https://images.example", "/image/cats/tom.jpg", "cats/tom.jpg"
SIZE = (1600, 1200)
TOKEN, KEY = "a secret of imgix's", b"k" * 32


class Link(NamedTuple):
    by: str
    url: str
    w: int
    h: int | None = None
    dpr: int = 1

    @property
    def target(self) -> str:
        return self.url.removeprefix(ORIGIN)

    @property
    def size(self) -> tuple[int, int]:
        """All boxes that are asked for lie within the original; of a width the shape is kept."""
        width = min(self.w * self.dpr, SIZE[0])
        if self.h is not None:
            return width, self.h * self.dpr
        return width, max(1, (2 * width * SIZE[1] + SIZE[0]) // (2 * SIZE[0]))


def built(token: str) -> list[Link]:
    """By all of them; those that can sign do, where there is a token."""
    for name in PACKAGES:
        if not (NPM / "node_modules" / name).is_dir():
            parts.missing(f"npm's {name}", f"npm install --prefix {sys.prefix} {name}")
    script = Path(__file__).parent / "build.mjs"
    done = subprocess.run(
        [parts.program("node"), script, NPM, ORIGIN, PATH, token],
        check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return [*(Link(**one) for one in json.loads(done.stdout)), *by_imgix_python(token)]


def by_imgix_python(token: str) -> Iterator[Link]:
    builder = imgix.UrlBuilder("images.example", sign_key=token or None)
    for width in (50, 320, 1025, 1600):
        for more in ({}, {"auto": "format,compress"}, {"fm": "jpeg"}, {"dpr": 1, "q": 50}):
            yield Link("imgix", builder.create_url(PATH, {"w": width, **more}), width)
    for width, height in ((300, 200), (64, 64), (640, 853)):
        for fit in ("crop", "min", "scale", "fill", "fillmax", "clamp"):
            asked = {"w": width, "h": height, "fit": fit}
            yield Link("imgix", builder.create_url(PATH, asked), width, height)
    for url, said in candidates(builder.create_srcset(PATH, stop=SIZE[0])):
        yield Link("imgix", url, int(said.removesuffix("w")))
    for url, said in candidates(builder.create_srcset(PATH, {"w": 300, "h": 200, "fit": "crop"})):
        yield Link("imgix", url, 300, 200, int(said.removesuffix("x")))


def candidates(srcset: str) -> Iterator[list[str]]:
    return (candidate.split() for candidate in srcset.split(",\n"))


def as_it_is(link: Link) -> str:
    return link.target


def by_imgixs_rule(link: Link) -> str:
    if link.by in ("js-core", "imgix"):  # it is signed already
        assert "s=" in link.target
        return link.target
    digest = hashlib.md5((TOKEN + link.target).encode()).hexdigest()
    return f"{link.target}&s={digest}"


def by_our_key(link: Link) -> str:
    pairs = parse_qsl(link.target.partition("?")[2], keep_blank_values=True)
    return f"{link.target}&s={of_link(KEY, '', ID, pairs)}"


ALONE: dict[str, Any] = {"require_signature": True}


@pytest.mark.parametrize(
    ("token", "sign", "options"),
    [
        ("", as_it_is, {}),
        (TOKEN, by_imgixs_rule, {"imgix_token": TOKEN, **ALONE}),
        ("", by_our_key, {"keys": [KEY], **ALONE}),
    ],
    ids=["unsigned", "by imgix's rule", "by our key"],
)
def test_each_link_is_a_picture_of_its_size(
    token: str, sign: Callable[[Link], str], options: dict[str, Any]
) -> None:
    data = saved(Image.radial_gradient("L").resize(SIZE), "JPEG")
    service = ImageService(lambda id: data if id == ID else None, **options)
    links = built(token)
    assert len({link.url for link in links}) >= 200
    wrong = []
    for link in links:
        status, _, body = drivers.both(service, sign(link))
        size = Image.open(io.BytesIO(body)).size if status == 200 else body
        if size != link.size:
            wrong.append((link.by, link.target, size, link.size))
        if options:
            assert drivers.both(service, sign(link).replace("?", "?blur=9&", 1))[0] == 403
    assert not wrong
