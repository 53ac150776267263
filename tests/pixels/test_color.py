"""Colour against LittleCMS through Pillow's own door, and arithmetic done by hand."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ImageCms

from asking import ask
from imgmiddleware.pixels.color import to_eight_bits, to_srgb
from pictures import SRGB, gray_profile, swapped_profile


def test_a_profile_is_honoured() -> None:
    pixels = np.full((2, 2, 3), (10, 20, 250), np.uint8)  # BGR: red
    result = to_srgb(pixels, swapped_profile(), "rgb")
    assert result[0, 0].tolist() == pytest.approx([10, 250, 20], abs=2)
    with_alpha = np.dstack((pixels, np.full((2, 2), 77, np.uint8)))
    assert to_srgb(with_alpha, swapped_profile(), "rgb")[0, 0].tolist() == [*result[0, 0], 77]


def test_srgb_itself_changes_nothing() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (30, 30, 3), np.uint8)
    assert np.array_equal(to_srgb(pixels, SRGB, "rgb"), pixels)


@pytest.mark.parametrize("profile", [None, b"", b"garbage", SRGB[:200], b"\0" * 500])
def test_a_broken_profile_is_ignored(profile: bytes | None) -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert np.array_equal(to_srgb(pixels, profile, "rgb"), pixels)


def test_a_profile_for_another_kind_of_picture_is_ignored() -> None:
    gray = np.arange(4, dtype=np.uint8).reshape(2, 2)
    assert np.array_equal(to_srgb(gray, SRGB, "gray"), gray)


def test_a_gray_profile_is_honoured() -> None:
    linear = np.full((2, 2), 55, np.uint8)
    # Linear light 55/255 = 0.2157; sRGB's curve gives 1.055 * 0.2157 ** (1 / 2.4) - 0.055 = 0.5019.
    result = to_srgb(linear, gray_profile(1.0), "gray")
    assert result.shape == (2, 2)
    assert result[0, 0] == pytest.approx(0.5019 * 255, abs=1.5)


def test_cmyk_without_a_profile() -> None:
    inks = np.array([[(0, 0, 0, 0), (255, 0, 0, 0), (0, 0, 255, 0), (0, 0, 0, 255)]], np.uint8)
    # White, cyan, yellow, black, as BGR.
    assert to_srgb(inks, None, "cmyk")[0].tolist() == [
        [255, 255, 255], [255, 255, 0], [0, 255, 255], [0, 0, 0],
    ]  # fmt: skip


def test_cmyk_with_a_profile_that_is_none_for_cmyk() -> None:
    inks = np.zeros((1, 1, 4), np.uint8)
    assert to_srgb(inks, SRGB, "cmyk").tolist() == [[[255, 255, 255]]]


def test_depth_is_scaled_with_rounding() -> None:
    # 255 / 65535 = 1 / 257: half a step is 128.5.
    deep = np.array([[0, 128, 129, 257, 65535, 65407, 65406]], np.uint16)
    assert to_eight_bits(deep).tolist() == [[0, 0, 1, 1, 255, 255, 254]]
    floats = np.array([[0.0, 0.5, 1.0, -3, 9, np.nan, 0.0019]], np.float32)
    assert to_eight_bits(floats).tolist() == [[0, 128, 255, 0, 255, 0, 0]]
    same = np.zeros((1, 1), np.uint8)
    assert to_eight_bits(same) is same


def test_the_helper_profiles_are_what_littlecms_takes() -> None:
    for data, space in ((swapped_profile(), "RGB "), (gray_profile(1.0), "GRAY")):
        assert ImageCms.ImageCmsProfile(io.BytesIO(data)).profile.xcolor_space == space


def test_what_is_set_aside_is_said() -> None:
    from pictures import quadrants, saved

    def notes(data: bytes) -> str | None:
        answer = ask(data, "w=8")
        assert answer.status == 200
        return answer.header("Image-Notes")

    photo = quadrants()
    assert notes(saved(photo, "PNG")) is None
    assert notes(saved(photo, "PNG", icc_profile=SRGB)) is None
    assert notes(saved(photo, "PNG", icc_profile=swapped_profile())) is None
    assert notes(saved(photo, "PNG", icc_profile=b"garbage")) == "profile-ignored"
    assert notes(saved(photo, "JPEG", icc_profile=SRGB[:200])) == "profile-ignored"
    assert (
        notes(saved(photo[..., 0], "PNG", icc_profile=SRGB)) is None
    )  # one of RGB is for gray too
    assert notes(saved(photo, "PNG", icc_profile=gray_profile(2.2))) == "profile-ignored"
