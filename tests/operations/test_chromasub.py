"""`chromasub`: how many pixels of a JPEG share one sample of colour."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from asking import ask, made, refused, shown
from pictures import gray_profile, opened, photo_like, psnr, saved

#: Columns of red and blue.
STRIPES = np.zeros((64, 64, 3), np.uint8)
STRIPES[:, ::2, 0] = STRIPES[:, 1::2, 2] = 255
PNG = saved(STRIPES, "PNG")
#: What Pillow calls them.
NAMES = {0: "444", 1: "422", 2: "420"}


def sampling(query: str, original: bytes = PNG) -> str:
    return NAMES[JpegImagePlugin.get_sampling(opened(made(original, query)))]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("fm=jpg", "420"),
        ("fm=jpg&q=89", "420"),
        ("fm=jpg&q=90", "444"),
        ("fm=jpg&q=100", "444"),
        *((f"fm=jpg&q={q}&chromasub={name}", name) for name in NAMES.values() for q in (50, 95)),
        ("fm=jpg&q=100&max_bytes=100000", "444"),
        ("fm=jpg&q=100&max_bytes=900", "420"),
    ],
)
def test_what_is_asked_for_is_written(query: str, expected: str) -> None:
    assert sampling(query) == expected


def test_colours_of_thin_lines() -> None:
    coarse, fine = (shown(PNG, f"fm=jpg&chromasub={name}") for name in ("420", "444"))
    assert psnr(coarse, STRIPES) < 10
    assert psnr(fine, STRIPES) > 30


def test_gray_has_no_colours() -> None:
    gray = saved(Image.fromarray(photo_like(40, 30)), "PNG", "L", icc_profile=gray_profile(2.2))
    answers = [ask(gray, f"fm=jpg&mono=gray{more}") for more in ("", "&chromasub=444")]
    assert [answer.status for answer in answers] == [200, 200]
    assert opened(made(gray, "fm=jpg&keep=icc&chromasub=444")).mode == "L"


def test_one_picture_has_one_key() -> None:
    def etag(query: str) -> str | None:
        return ask(PNG, query).header("ETag")

    assert etag("fm=jpg") == etag("fm=jpg&chromasub=420")
    assert etag("fm=jpg&q=95") == etag("fm=jpg&q=95&chromasub=444")
    assert etag("fm=jpg") != etag("fm=jpg&chromasub=444")
    for format in ("png", "webp"):  # which have no choice
        assert etag(f"fm={format}") == etag(f"fm={format}&chromasub=444")
    assert etag("fm=jpg&max_bytes=9000") != etag("fm=jpg&max_bytes=9000&chromasub=420")


def test_what_it_may_be() -> None:
    assert refused(PNG, "fm=jpg&chromasub=411") == (400, "malformed-parameter")
