"""Tone and colours, against Pillow, or the arithmetic of their definitions."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from asking import ask, made, refused, shown
from colors import cicp, colored_png
from imgmiddleware.operations.stages import build
from imgmiddleware.operations.tone import Tone
from pictures import (
    by_opencv,
    close,
    moving,
    opened,
    photo_like,
    pixels_of,
    read_by_opencv,
    saved,
    swapped_profile,
)

PHOTO = photo_like(120, 90)
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def png(pixels: Any) -> bytes:
    return saved(pixels, "PNG")


def to_light(x: float) -> float:
    """IEC 61966-2-1."""
    return x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4


def from_light(y: float) -> float:
    return 12.92 * y if y <= 0.0031308 else 1.055 * y ** (1 / 2.4) - 0.055


def clip(x: float) -> float:
    return min(max(x, 0.0), 1.0)


CURVES = {
    "exp=50": lambda x: from_light(clip(2 * to_light(x))),
    "exp=-100": lambda x: from_light(to_light(x) / 4),
    "gam=50": math.sqrt,
    "gam=-50": lambda x: x * x,
    "bri=20": lambda x: clip(x + 0.2),
    "bri=-100": lambda x: 0.0,
    "con=50": lambda x: clip(0.5 + 1.5 * (x - 0.5)),
    "con=-100": lambda x: 0.5,
    "high=-100": lambda x: x - 2 * x**2 * (1 - x),
    "shad=50": lambda x: x + x * (1 - x) ** 2,
    "shad=1.5": lambda x: x + 0.03 * x * (1 - x) ** 2,
    "invert=1": lambda x: 1 - x,
    "bri=10&con=20&invert=true": lambda x: 1 - clip(0.5 + 1.2 * (clip(x + 0.1) - 0.5)),
}


@pytest.mark.parametrize("query", CURVES)
def test_a_curve_is_its_definition(query: str) -> None:
    """By Pillow's `point` of the same arithmetic, which a rounding may miss by a level."""
    table = [round(255 * CURVES[query](level / 255)) for level in range(256)]
    for image in (Image.fromarray(RAMP), Image.fromarray(PHOTO)):
        mine = shown(png(image), f"{query}&fm=png", image.mode)
        expected = np.asarray(image.point(table * len(image.getbands())))
        assert close(mine, expected, 1 if query in ("con=-100", "exp=-100") else 0)  # halves


@pytest.mark.parametrize("query", CURVES)
def test_a_curve_of_sixteen_bits_is_as_fine(query: str) -> None:
    deep = np.linspace(0, 65535, 600).astype(np.uint16).reshape(20, 30)
    mine = read_by_opencv(made(by_opencv(".png", deep), f"{query}&depth=16&fm=png"))
    expected = np.vectorize(CURVES[query])(deep / 65535) * 65535
    assert np.abs(mine - expected).max() <= 0.51


def test_tones_keep_their_order_and_the_ends_stay() -> None:
    """`high` and `shad` brighten and darken, and no darker tone becomes the brighter one."""
    x = np.linspace(0, 1, 1001)
    for tone in (Tone(high=-100), Tone(shad=Decimal(100)), Tone(high=-100, shad=Decimal(100))):
        y = tone.curve(x)
        assert (np.diff(y) > 0).all()
        assert (y[0], y[-1]) == (0, 1)


def test_contrast_is_pillows_blend_with_gray() -> None:
    image = Image.fromarray(PHOTO)
    gray = Image.new("RGB", image.size, (128, 128, 128))
    for con in (-60, 40, 100):
        expected = np.asarray(Image.blend(gray, image, 1 + con / 100))
        assert close(shown(png(PHOTO), f"con={con}&fm=png"), expected, 1)


#: Filter Effects Module, level 1: the tables of `saturate`, `hue-rotate` and `sepia`, by rows.
def matrices(query: str) -> tuple[float, ...]:
    name, _, value = query.partition("=")
    if name == "sat":
        s = 1 + int(value) / 100
        return (
            0.213 + 0.787 * s, 0.715 - 0.715 * s, 0.072 - 0.072 * s,
            0.213 - 0.213 * s, 0.715 + 0.285 * s, 0.072 - 0.072 * s,
            0.213 - 0.213 * s, 0.715 - 0.715 * s, 0.072 + 0.928 * s,
        )  # fmt: skip
    if name == "hue":
        c, s = (f(math.radians(float(value))) for f in (math.cos, math.sin))
        return (
            0.213 + c * 0.787 - s * 0.213, 0.715 - c * 0.715 - s * 0.715, 0.072 - c * 0.072 + s * 0.928,
            0.213 - c * 0.213 + s * 0.143, 0.715 + c * 0.285 + s * 0.140, 0.072 - c * 0.072 - s * 0.283,
            0.213 - c * 0.213 - s * 0.787, 0.715 - c * 0.715 + s * 0.715, 0.072 + c * 0.928 + s * 0.072,
        )  # fmt: skip
    rest = 1 - int(value) / 100
    return (
        0.393 + 0.607 * rest, 0.769 - 0.769 * rest, 0.189 - 0.189 * rest,
        0.349 - 0.349 * rest, 0.686 + 0.314 * rest, 0.168 - 0.168 * rest,
        0.272 - 0.272 * rest, 0.534 - 0.534 * rest, 0.131 + 0.869 * rest,
    )  # fmt: skip


@pytest.mark.parametrize(
    "query",
    ["sat=-100", "sat=-40", "sat=100", "hue=90", "hue=200", "hue=-30.5", "sepia=30", "sepia=100"],
)
def test_colours_are_those_of_css(query: str) -> None:
    """Pillow multiplies by the matrices of the specification."""
    m = matrices(query)
    rows = (*m[:3], 0, *m[3:6], 0, *m[6:], 0)
    expected = np.asarray(Image.fromarray(PHOTO).convert("RGB", rows))
    assert close(shown(png(PHOTO), f"{query}&fm=png"), expected, 1)


def test_several_are_one_matrix_in_their_order() -> None:
    sat, hue, sepia = (np.reshape(matrices(q), (3, 3)) for q in ("sat=-30", "hue=40", "sepia=50"))
    m = sepia @ hue @ sat
    rows = tuple(np.hstack((m, np.zeros((3, 1)))).ravel())
    expected = np.asarray(Image.fromarray(PHOTO).convert("RGB", rows))
    assert close(shown(png(PHOTO), "sepia=50&hue=40&sat=-30&fm=png"), expected, 1)


def test_vibrance_is_for_what_is_dull() -> None:
    """By hand: gray is 0.2126 r + 0.7152 g + 0.0722 b, and what it is stretched by 1 + v (1 - spread)."""
    colors = [(120, 100, 110), (200, 40, 40), (255, 0, 0), (90, 90, 90)]
    for vib in (100, -100, 35):
        mine = shown(png(np.array([colors], np.uint8)), f"vib={vib}&fm=png")[0]
        for (r, g, b), found in zip(colors, mine, strict=True):
            gray = 0.2126 * r + 0.7152 * g + 0.0722 * b
            by = 1 + vib / 100 * (1 - (max(r, g, b) - min(r, g, b)) / 255)
            expected = [min(max(gray + (c - gray) * by, 0), 255) for c in (r, g, b)]
            assert close(found, expected, 1), vib


def test_duotone_is_pillows_colorize() -> None:
    image = Image.fromarray(PHOTO)
    full = ImageOps.colorize(image.convert("L"), "#000080", "#fa8072")
    mine = shown(png(PHOTO), "duotone=000080,fa8072&fm=png")
    assert close(mine, np.asarray(full), 2)
    half = np.asarray(Image.blend(image, full, 0.4))
    assert close(shown(png(PHOTO), "duotone=000080,salmon&duotone-alpha=40&fm=png"), half, 2)
    assert close(shown(png(PHOTO), "duotone=000,fff&duotone-alpha=0&fm=png"), PHOTO, 0)


def test_monochrome_is_the_shades_of_a_colour() -> None:
    image = Image.fromarray(PHOTO)
    shades = ImageOps.colorize(image.convert("L"), "black", "#44aa88")
    assert close(shown(png(PHOTO), "monochrome=4a8&fm=png"), np.asarray(shades), 2)
    part = np.asarray(Image.blend(image, shades, 0x80 / 255))
    assert close(shown(png(PHOTO), "monochrome=8044aa88&fm=png"), part, 2)


def test_grays_stay_gray_where_nothing_gives_them_colour() -> None:
    gray = png(RAMP)
    for query in ("vib=50", "sat=100", "hue=90", "exp=20"):
        assert opened(made(gray, f"{query}&fm=jpg")).mode == "L"
    assert np.array_equal(shown(gray, "sat=100&hue=30&vib=9&fm=png", "L"), RAMP)
    m = matrices("sepia=100")
    sepia = np.asarray(
        Image.fromarray(RAMP).convert("RGB").convert("RGB", (*m[:3], 0, *m[3:6], 0, *m[6:], 0))
    )
    assert close(shown(gray, "sepia=100&fm=png"), sepia, 1)
    red = shown(gray, "monochrome=f00&fm=png")
    assert np.array_equal(red[..., 0], RAMP)
    assert not red[..., 1:].any()


EVERY = (
    "exp=30&gam=9&bri=5&con=30&high=-20&shad=20&invert=1", "vib=40", "sat=30&hue=20&sepia=30",
    "duotone=008,fc0&duotone-alpha=70", "monochrome=80ff0000",
)  # fmt: skip


@pytest.mark.parametrize("query", EVERY)
def test_alpha_stays_and_colours_are_those_without_it(query: str) -> None:
    alpha = np.linspace(0, 255, 120).astype(np.uint8)[None].repeat(90, 0)
    mine = shown(png(np.dstack((PHOTO, alpha))), f"{query}&fm=png", "RGBA")
    assert np.array_equal(mine[..., 3], alpha)
    opaque = shown(png(PHOTO), f"{query}&fm=png")
    seen = alpha > 0
    assert close(mine[..., :3][seen], opaque[seen], 0)


@pytest.mark.parametrize("query", EVERY)
def test_sixteen_bits_look_as_eight(query: str) -> None:
    for pixels in (PHOTO, np.dstack((PHOTO, PHOTO[..., :1]))):
        deep = by_opencv(".png", pixels.astype(np.uint16) * 257)
        mine = read_by_opencv(made(deep, f"{query}&depth=16&fm=png"))
        eight = shown(png(pixels), f"{query}&fm=png", "RGBA" if pixels.shape[2] == 4 else "RGB")
        order = [2, 1, 0, 3][: pixels.shape[2]]
        assert close(mine[..., order] / 257, eight, 2)


def test_every_frame_of_an_animation_is_toned() -> None:
    frames = [Image.new("RGB", (20, 16), color) for color in ("red", "blue", "lime")]
    file = opened(made(moving(frames, "GIF", duration=50), "anim=1&invert=1&fm=gif"))
    for number, color in enumerate([(0, 255, 255), (255, 255, 0), (255, 0, 255)]):
        file.seek(number)
        assert close(np.asarray(file.convert("RGB"))[5, 5], color, 2)


def test_colours_are_toned_in_srgb() -> None:
    """Whatever is kept: a profile, or the range of HDR, of which these curves know nothing."""
    data = saved(PHOTO, "PNG", icc_profile=swapped_profile())
    assert "icc_profile" in opened(made(data, "fm=png&keep=icc")).info
    assert "icc_profile" not in opened(made(data, "fm=png&keep=icc&sat=20")).info
    hdr = colored_png(PHOTO.astype(np.uint16) * 257, cicp(9, 16))
    assert b"cICP" in made(hdr, "fm=png&keep=hdr")
    assert b"cICP" not in made(hdr, "fm=png&keep=hdr&exp=20")


def test_what_stands_around_the_picture_is_not_toned() -> None:
    mine = shown(png(PHOTO), "w=90&h=90&fit=fill&bg=fff&bri=-50&fm=png")
    assert (mine[0] == 255).all()
    assert mine[45].mean() < PHOTO.mean()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("bri=101", "out-of-range"), ("bri=-101", "out-of-range"), ("bri=--1", "malformed-parameter"),
        ("high=1", "out-of-range"), ("shad=-1", "malformed-parameter"), ("sepia=-1", "malformed-parameter"),
        ("con=1.5", "malformed-parameter"), ("duotone=fff", "malformed-parameter"),
        ("duotone=fff,000,111", "malformed-parameter"), ("duotone=80ffffff,000", "malformed-parameter"),
        ("duotone=x,fff", "malformed-parameter"), ("monochrome=true", "malformed-parameter"),
        ("invert=2", "malformed-parameter"), ("hue=9999", "out-of-range"),
    ],
)  # fmt: skip
def test_what_is_out_of_range_is_refused(query: str, code: str) -> None:
    assert refused(png(RAMP), query) == (400, code)


def test_what_changes_nothing_is_left_out() -> None:
    assert build({"bri": "-0", "con": "0", "hue": "360", "invert": "false"}).canonical == ""
    assert ask(png(RAMP), "bri=0&hue=720").header("ETag") == ask(png(RAMP)).header("ETag")


def test_a_number_too_large_is_the_largest_where_that_is_asked_for() -> None:
    lenient = made(png(PHOTO), "bri=-300&fm=png&high=20", unknown="ignore")
    assert not pixels_of(lenient).any()
