"""Trim: borders of one colour, against boxes worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import ask
from pictures import exif, opened, photo_like, pixels_of, saved

#: 60 x 40 of noise with a border of 10 left, 20 right, 5 above, 15 below.
INNER = np.random.default_rng(1).integers(60, 190, (40, 60, 3), dtype=np.uint8)


def framed(color: tuple[int, ...], inner: Any = INNER) -> Any:
    whole = np.full((60, 90, len(color)), color, np.uint8)
    whole[5:45, 10:70] = inner
    return whole


@pytest.mark.parametrize("color", [(255, 255, 255), (0, 0, 0), (250, 10, 30)])
def test_the_border_goes_and_nothing_else(color: tuple[int, ...]) -> None:
    body = ask(saved(framed(color), "PNG"), "trim=auto&fm=png").body
    assert np.array_equal(pixels_of(body), INNER)


def test_before_the_size() -> None:
    body = ask(saved(framed((255, 255, 255)), "PNG"), "trim=auto&w=30&fm=png").body
    assert opened(body).size == (30, 20)


def test_a_color_that_is_named_is_the_only_one_to_go() -> None:
    data = saved(framed((0, 0, 250)), "PNG")
    assert opened(ask(data, "trim=0000ff&fm=png").body).size == (60, 40)  # within tolerance
    assert opened(ask(data, "trim=white&fm=png").body).size == (90, 60)


def test_what_is_clear_goes_whatever_its_hidden_color() -> None:
    whole = framed((255, 255, 255, 0), np.dstack((INNER, np.full((40, 60), 255, np.uint8))))
    whole[:3, :, :3] = np.random.default_rng(2).integers(0, 256, (3, 90, 3))
    body = ask(saved(whole, "PNG"), "trim=auto&fm=png").body
    assert np.array_equal(pixels_of(body), INNER)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_corner_is_that_of_the_upright_picture(orientation: int) -> None:
    # Only the upper left corner of what a person sees has the border's colour: two of its sides.
    stored = np.random.default_rng(3).integers(60, 190, (40, 60, 3), dtype=np.uint8)
    image = Image.fromarray(stored)
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }  # fmt: skip
    upright = np.asarray(image.transpose(turns[orientation]) if orientation > 1 else image).copy()
    upright[:7] = 255
    upright[:, :3] = 255
    back = {6: 8, 8: 6}.get(orientation, orientation)  # the turn that undoes it
    turned = Image.fromarray(upright)
    stored_image = turned.transpose(turns[back]) if back > 1 else turned
    data = saved(stored_image, "PNG", exif=exif(orientation))
    body = ask(data, "trim=auto&fm=png").body
    assert np.array_equal(pixels_of(body), upright[7:, 3:])


def test_inside_of_the_region() -> None:
    body = ask(saved(framed((255, 255, 255)), "PNG"), "rect=0,0,50,60&trim=auto&fm=png").body
    assert np.array_equal(pixels_of(body), INNER[:, :40])


def test_the_noise_of_jpeg_is_border() -> None:
    photo = photo_like(60, 40)
    data = saved(framed((255, 255, 255), photo), "JPEG", quality=80)
    width, height = opened(ask(data, "trim=auto&fm=png").body).size
    # It rings inside of its blocks, which with halved chroma are 16 x 16: from 0 to 80 and 48.
    assert 60 <= width <= 80
    assert 40 <= height <= 48


def test_nothing_but_border_stays_as_it_is() -> None:
    body = ask(saved(np.full((9, 7, 3), 200, np.uint8), "PNG"), "trim=auto&fm=png").body
    assert opened(body).size == (7, 9)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_deep_and_gray_originals(dtype: type) -> None:
    most = 65535 if dtype == np.uint16 else 1.0
    gray = np.full((20, 30), most, dtype)
    gray[4:10, 5:20] = most / 2
    assert opened(ask(gray, "trim=auto&fm=png").body).size == (15, 6)
    assert opened(ask(gray, "trim=fff&fm=png").body).size == (15, 6)
    assert opened(ask(gray, "trim=f00&fm=png").body).size == (30, 20)


def test_the_limits_hold_for_what_is_left() -> None:
    # What is left is 2 x 60: enlarged to 400 wide it would be 12,000 high.
    whole = np.full((60, 90, 3), 255, np.uint8)
    whole[:, 40:42] = np.random.default_rng(4).integers(0, 200, (60, 2, 3))
    data = saved(whole, "PNG")
    answer = ask(data, "trim=auto&w=400&enlarge=1", max_result_height=4000)
    assert (answer.status, b"result-too-large" in answer.body) == (400, True)
