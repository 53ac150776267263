"""Pages of a TIFF, each of its own size and kind; other files have one."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import ask
from pictures import moving, opened, photo_like, pixels_of, saved, swapped_profile

PAGES = [photo_like(40, 30), photo_like(64, 20), 255 - photo_like(33, 47)]


def tiff(**options: Any) -> bytes:
    images = [Image.fromarray(page) for page in PAGES]
    images[2] = images[2].convert("L")
    return moving(images, "TIFF", **options)


@pytest.mark.parametrize("name", ["page", "frame"])
@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}, {"big_tiff": True}])
def test_each_page_is_its_own_picture(name: str, options: dict[str, Any]) -> None:
    data = tiff(**options)
    for number, page in enumerate(PAGES, 1):
        body = ask(data, f"{name}={number}&fm=png").body
        with Image.open(io.BytesIO(data)) as image:
            image.seek(number - 1)
            expected = np.asarray(image.convert("RGB"))
        assert expected.shape == page.shape
        assert np.array_equal(pixels_of(body), expected)


def test_sixteen_bit_pages_go_through_opencv() -> None:
    import cv2

    deep = [np.full((9, 7 + i, 3), 257 * (50 + 60 * i), np.uint16) for i in range(3)]
    done, data = cv2.imencodemulti(".tiff", deep)
    assert done
    for number in (1, 2, 3):
        picture = opened(ask(data.tobytes(), f"page={number}&fm=bmp").body)
        assert picture.size == (6 + number, 9)
        assert picture.getpixel((3, 3)) == (60 * number - 10,) * 3


def test_a_profile_belongs_to_its_page() -> None:
    images = [Image.new("RGB", (8, 8), (200, 10, 10)) for _ in range(2)]
    images[1].info["icc_profile"] = swapped_profile()
    data = moving(images, "TIFF")
    colors = [opened(ask(data, f"page={n}&fm=bmp").body).getpixel((4, 4)) for n in (1, 2)]
    assert colors[0] == (200, 10, 10)
    assert colors[1][1] > colors[1][0] + 100  # red became green


@pytest.mark.parametrize(
    ("data", "query", "limit"),
    [
        (tiff(), "page=4", 3),
        (saved(PAGES[0], "JPEG"), "page=2", 1),
        (saved(PAGES[0], "JPEG"), "frame=2", 1),
        (PAGES[0], "page=2", 1),
    ],
)
def test_a_page_that_is_not_there(data: Any, query: str, limit: int) -> None:
    answer = ask(data, query)
    problem = json.loads(answer.body)
    name = query.partition("=")[0]  # as it was written
    assert (answer.status, problem["code"], problem["parameter"]) == (400, "out-of-range", name)
    assert problem["limit"] == limit
    assert problem["detail"].startswith(f"{query}: the original has ")


def test_page_and_frame_are_one_parameter() -> None:
    data = tiff()
    tags = [ask(data, query).header("ETag") for query in ("page=2", "frame=2", "page=3")]
    assert tags[0] == tags[1] != tags[2]
    problem = json.loads(ask(data, "page=2&frame=2").body)
    assert (problem["code"], problem["parameter"]) == ("repeated-parameter", "frame")
    assert json.loads(ask(data, "frame=x").body)["parameter"] == "frame"


def test_a_damaged_page_leaves_the_others() -> None:
    data = tiff()
    (at,) = [i for i in range(len(data)) if data[i : i + 12] == width_tag(33)]
    broken = data[:at] + width_tag(0) + data[at + 12 :]
    assert [ask(broken, f"page={n}").status for n in (1, 2, 3)] == [200, 200, 422]


def width_tag(width: int) -> bytes:
    """ImageWidth, one LONG, as Pillow writes it."""
    return struct.pack("<HHLL", 256, 4, 1, width)
