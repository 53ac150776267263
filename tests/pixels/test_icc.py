"""Profiles that are written, as LittleCMS reads them; and 16 bits through profiles of others."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import ImageCms

from colors import XY, from_srgb, to_srgb
from imgmiddleware.pixels import color, icc
from imgmiddleware.pixels.codepoints import CodePoints
from imgmiddleware.pixels.shaper import Parametric, Shaper
from pictures import SRGB, gray_profile, swapped_profile

CURVES = {
    4: lambda x: x**2.2,
    5: lambda x: x**2.8,
    # H.273, equation of value 7, turned round; and of 17, whose white is 48 of 52.37.
    7: lambda x: np.where(x < 0.0912, x / 4, ((x + 0.1115) / 1.1115) ** (1 / 0.45)),
    8: lambda x: x,
    13: from_srgb,
    17: lambda x: 52.37 / 48 * x**2.6,
}
CODES = np.random.default_rng(4).integers(0, 256, (8, 8, 3)).astype(np.uint8)


@pytest.mark.parametrize("transfer", CURVES)
@pytest.mark.parametrize("primaries", XY)
def test_the_profile_of_code_points(primaries: int, transfer: int) -> None:
    """To the same colours by LittleCMS in 8 bits, by us in 16, and by hand."""
    profile = CodePoints(primaries, transfer).profile()
    read = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
    assert (read.xcolor_space, read.version, read.is_matrix_shaper) == ("RGB ", 4.3, True)
    deep = color.to_srgb(CODES.astype(np.uint16) * 257, profile, "rgb") / 257
    shallow = color.to_srgb(CODES, profile, "rgb").astype(int)
    for code, seen, coarse in zip(*(p.reshape(-1, 3) for p in (CODES, deep, shallow)), strict=True):
        expected = to_srgb(CURVES[transfer](code[::-1] / 255), primaries)[::-1]
        if (primaries, transfer) != (1, 13):  # which change nothing, and are left as they are
            assert np.abs(seen - expected).max() < 0.1
        assert np.abs(coarse - expected).max() < 1.6


def test_the_header_says_how_long_it_is() -> None:
    profile = CodePoints(12, 13).profile()
    assert struct.unpack_from(">L", profile)[0] == len(profile)
    assert profile[36:40] == b"acsp"
    assert len(profile) < 600


@pytest.mark.parametrize("kind", range(5))
def test_parametric_curves(kind: int) -> None:
    """ICC.1:2022, table 68, at points below and above where each begins."""
    g, a, b, c, d, e, f = 2.0, 0.5, 0.25, 0.125, 0.25, 0.0625, 0.03125
    numbers = {
        0: (g,),
        1: (g, a, -b),
        2: (g, a, -b, c),
        3: (g, a, b, c, d),
        4: (g, a, b, c, d, e, f),
    }
    expected = {
        0: (0.01, 0.25),  # x²
        1: (0.0, 0.0),  # (x / 2 - 1/4)² from 1/2 on
        2: (0.125, 0.125),  # and 1/8 more
        3: (0.0125, 0.25),  # x / 8, and (x / 2 + 1/4)² from 1/4 on
        4: (0.04375, 0.3125),
    }
    body = b"para\0\0\0\0" + struct.pack(">HH", kind, 0)
    body += b"".join(struct.pack(">l", round(n * 65536)) for n in numbers[kind])
    curve = icc._curve(body)
    assert curve(np.array([0.1, 0.5])) == pytest.approx(expected[kind], abs=1e-4)


def test_a_ramp_of_256_keeps_its_levels() -> None:
    """In 16 bits by a profile, then cut to 8: LittleCMS' own 8 bits leave some 180 of them."""
    ramp = np.repeat(np.linspace(0, 65535, 4096).astype(np.uint16), 3).reshape(1, -1, 3)
    profile = CodePoints(1, 4).profile()
    deep = color.to_eight_bits(color.to_srgb(ramp, profile, "rgb"))
    assert len(np.unique(deep)) == 256
    assert len(np.unique(color.to_srgb((ramp >> 8).astype(np.uint8), profile, "rgb"))) < 256


@pytest.mark.parametrize(
    "numbers", [(-3.0,), (30_000.0,), (2.0, 0.0, 0.0), (0.5, -1.0, -0.5, -1.0)]
)
def test_curves_of_any_numbers_are_samples(numbers: tuple[float, ...]) -> None:
    """They may be black or white; they raise nothing, and warn of nothing."""
    kind = {1: 0, 3: 1, 4: 2}[len(numbers)]
    curve = Parametric.of_kind(kind, numbers)
    shaper = Shaper.of([curve] * 3, np.full((3, 3), 30_000.0))
    assert all(np.isfinite(table).all() for table in shaper.tables)
    assert shaper.to_srgb(CODES.astype(np.uint16) * 257).shape == CODES.shape


def test_sampled_curves() -> None:
    """A table of 1024 entries of sRGB's curve is that curve, nearly."""
    points = np.rint(from_srgb(np.linspace(0, 1, 1024)) * 65535).astype(">u2")
    curve = icc._curve(b"curv\0\0\0\0" + struct.pack(">L", 1024) + points.tobytes())
    x = np.linspace(0, 1, 77)
    assert curve(x) == pytest.approx(from_srgb(x), abs=2e-5)


def test_by_a_grid_where_there_are_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """As exact as LittleCMS' 8 bits, and between them."""
    profile = CodePoints(12, 13).profile()
    codes = CODES.astype(np.uint16) * 257
    exact = color.to_srgb(codes, profile, "rgb") / 257
    monkeypatch.setattr("imgmiddleware.pixels.conversion.read_shaper", lambda profile: None)
    other = profile[:24] + b"\x07\xea" + profile[26:]  # of another year: nothing of it is known
    alpha = np.dstack((codes, codes[..., 0]))
    found = color.to_srgb(alpha, other, "rgb")
    assert np.abs(found[..., :3] / 257 - exact).max() < 2
    assert np.array_equal(found[..., 3], codes[..., 0])


def test_profiles_that_are_read_and_such_that_are_not() -> None:
    assert icc.read_shaper(SRGB)
    assert icc.read_shaper(swapped_profile())
    assert icc.read_shaper(gray_profile(2.2))
    for broken in (b"", b"garbage", SRGB[:200], bytes(500), SRGB.replace(b"rTRC", b"xxxx")):
        assert icc.read_shaper(broken) is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_profile_of_rgb_on_gray(dtype: Any) -> None:
    """Linear light, as the browser applies it: 120 of 255 is 183."""
    most = np.iinfo(dtype).max
    gray = np.full((2, 2), 120 * (most // 255), dtype)
    found = color.to_srgb(gray, CodePoints(9, 8).profile(), "gray")
    assert found.shape == (2, 2)
    assert found[0, 0] / (most // 255) == pytest.approx(to_srgb([120 / 255] * 3)[0], abs=1)
    assert color.is_usable(SRGB, "gray")
    clear = np.dstack([gray] * 3 + [gray // 2])
    with_alpha = color.to_srgb(clear, CodePoints(9, 8).profile(), "gray")
    assert with_alpha[0, 0].tolist() == [*[found[0, 0]] * 3, gray[0, 0] // 2]


def _with_colorants(*columns: tuple[float, float, float]) -> bytes:
    data = bytearray(CodePoints(1, 4).profile())
    for number, column in enumerate(columns):
        at = 128 + 4 + 12 * (3 + number)
        offset = int.from_bytes(data[at + 4 : at + 8], "big")
        data[offset + 8 : offset + 20] = struct.pack(">3l", *(round(v * 65536) for v in column))
    return bytes(data)


def test_a_profile_that_shows_white_as_a_colour_is_noise() -> None:
    assert color.is_usable(_with_colorants(), "rgb")
    assert not color.is_usable(_with_colorants((0.1, 0.05, 0.0)), "rgb")
    assert not color.is_usable(_with_colorants((0, 0, 0), (0, 0, 0), (0, 0, 0)), "rgb")
