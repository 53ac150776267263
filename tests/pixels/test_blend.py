"""Pixels laid over others: Pillow's compositing is the reference, and W3C's formulas written out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops

from imgmiddleware.pixels.arrays import over
from imgmiddleware.pixels.blend import MODES, laid
from pictures import noise

BELOW = np.asarray(noise(60, 40, "RGBA"))
ABOVE = np.asarray(noise(25, 16, "RGBA"))[::-1]


def by_pillow(below: Any, above: Any, at: tuple[int, int], opacity: float = 1) -> Any:
    """As RGBA. The colours' order is the same to it; what is clear has none in ours."""
    mode = "RGBA" if below.shape[2:] == (4,) else "RGB"
    under = Image.fromarray(below, mode).convert("RGBA")
    sheet = Image.new("RGBA", under.size)
    over = Image.fromarray(above, "RGBA")
    over.putalpha(over.getchannel("A").point(lambda alpha: round(alpha * opacity)))
    sheet.paste(over, at)
    return np.asarray(Image.alpha_composite(under, sheet).convert(mode))


@pytest.mark.parametrize("at", [(0, 0), (7, 5), (-9, 30), (50, -3), (35, 24), (-24, -15), (59, 39)])
@pytest.mark.parametrize("channels", [3, 4])
def test_it_is_as_pillow_lays_it(at: tuple[int, int], channels: int) -> None:
    below = BELOW[..., :channels].copy()
    given = below.copy()
    shown, wanted = laid(below, ABOVE, at), by_pillow(below, ABOVE, at)
    assert shown.dtype == np.uint8
    if channels == 3:
        assert np.abs(shown.astype(int) - wanted).max() <= 1
    else:  # colours that are hardly seen are rounded to steps by Pillow
        weight = wanted[..., 3:] / 255
        assert np.abs(shown[..., 3].astype(int) - wanted[..., 3]).max() <= 1
        assert (np.abs(shown[..., :3].astype(int) - wanted[..., :3]) * weight).max() <= 1.01
    assert np.array_equal(below, given), "what was given was written to"


@pytest.mark.parametrize("opacity", [1.0, 0.4])
def test_what_may_be_clear_is_laid_as_frames_and_backgrounds_are(opacity: float) -> None:
    """To the last bit: a picture must not hang on which of them laid it."""
    dice = np.random.default_rng(3)
    below, above = (dice.integers(0, 256, (300, 400, 4), np.uint8) for _ in range(2))
    assert np.array_equal(laid(below, above, (0, 0), opacity=opacity), over(above, below, opacity))


@pytest.mark.parametrize("at", [(60, 0), (0, 40), (-25, 3), (3, -16), (9999, 9999)])
def test_what_is_outside_changes_nothing(at: tuple[int, int]) -> None:
    assert laid(BELOW, ABOVE, at) is BELOW


def test_opacity_multiplies_alpha() -> None:
    below = BELOW[..., :3].copy()
    assert np.abs(laid(below, ABOVE, (3, 4), opacity=0.4) - by_pillow(below, ABOVE, (3, 4), 0.4).astype(int)).max() <= 1  # fmt: skip
    assert np.array_equal(laid(below, ABOVE, (3, 4), opacity=0), below)


def test_gray_stays_gray_below_gray_alone() -> None:
    gray, light = BELOW[..., 0].copy(), np.full((5, 7), 200, np.uint8)
    shown = laid(gray, light, (2, 3), opacity=0.5)
    assert shown.shape == gray.shape
    assert np.abs(shown[3:8, 2:9] - (gray[3:8, 2:9] + 200.0) / 2).max() <= 1
    assert laid(gray, ABOVE, (0, 0)).shape == (40, 60, 3)
    for kind in (BELOW, BELOW[..., :3]):
        shown = laid(kind, light, (0, 0))
        assert shown.shape == kind.shape
        assert (shown[:5, :7] == ([200] * 3 + [255])[: kind.shape[2]]).all()


def test_sixteen_bits_keep_their_steps() -> None:
    below = np.arange(40 * 60 * 3, dtype=np.uint16).reshape(40, 60, 3) * 9
    shown = laid(below, ABOVE, (10, 10))
    assert shown.dtype == np.uint16
    assert np.array_equal(shown[:10], below[:10])
    part, alpha = below[10:26, 10:35].astype(float), ABOVE[..., 3:] / 255.0
    wanted = part * (1 - alpha) + ABOVE[..., :3] * 257.0 * alpha
    assert np.abs(shown[10:26, 10:35] - wanted).max() <= 0.51


@pytest.mark.parametrize("start", [(0, 0), (4, 7), (-13, -50)])
def test_a_grid_is_one_after_the_other(start: tuple[int, int]) -> None:
    below, period = BELOW[..., :3].copy(), (28, 19)
    wanted = below
    for x in range(start[0] - 4 * period[0], 60, period[0]):
        for y in range(start[1] - 4 * period[1], 40, period[1]):
            wanted = laid(wanted, ABOVE, (x, y))
    assert np.array_equal(laid(below, ABOVE, start, period=period), wanted)


@pytest.mark.parametrize("mode", ["normal", "multiply"])
def test_a_grid_of_gray_on_gray_is_one_after_the_other(mode: str) -> None:
    """What lies between two of them is clear, and so not gray any more."""
    below, above = BELOW[..., 0].copy(), np.full((5, 7), 200, np.uint8)
    wanted = below
    for x in range(0, 60, 9):
        for y in range(0, 40, 8):
            wanted = laid(wanted, above, (x, y), opacity=0.5, mode=mode)
    shown = laid(below, above, (0, 0), opacity=0.5, mode=mode, period=(9, 8))
    assert np.array_equal(shown, np.dstack([wanted] * 3))


def test_a_grid_of_one_pixel_takes_no_loop_for_each() -> None:
    """A million of them: a loop would take a second."""
    below = np.zeros((1000, 1000, 3), np.uint8)
    dot = np.full((1, 1, 4), 255, np.uint8)
    assert laid(below, dot, (0, 0), period=(1, 1)).min() == 255
    assert laid(below, dot, (0, 0), period=(2, 2)).mean() == 255 / 4


def w3c(mode: str) -> Callable[[float, float], float]:
    """Compositing and Blending Level 1, section 9.1: B(cb, cs), written as it stands there."""

    def softlight(cb: float, cs: float) -> float:
        if cs <= 0.5:
            return cb - (1 - 2 * cs) * cb * (1 - cb)
        d = ((16 * cb - 12) * cb + 4) * cb if cb <= 0.25 else math.sqrt(cb)
        return cb + (2 * cs - 1) * (d - cb)

    def hardlight(cb: float, cs: float) -> float:
        if cs <= 0.5:
            return cb * 2 * cs
        return cb + (2 * cs - 1) - cb * (2 * cs - 1)

    def dodge(cb: float, cs: float) -> float:
        return 0.0 if cb == 0 else 1.0 if cs == 1 else min(1.0, cb / (1 - cs))

    def burn(cb: float, cs: float) -> float:
        return 1.0 if cb == 1 else 0.0 if cs == 0 else 1 - min(1.0, (1 - cb) / cs)

    return {
        "normal": lambda cb, cs: cs,
        "multiply": lambda cb, cs: cb * cs,
        "screen": lambda cb, cs: cb + cs - cb * cs,
        "overlay": lambda cb, cs: hardlight(cs, cb),
        "darken": min,
        "lighten": max,
        "dodge": dodge,
        "burn": burn,
        "hardlight": hardlight,
        "softlight": softlight,
        "difference": lambda cb, cs: abs(cb - cs),
        "exclusion": lambda cb, cs: cb + cs - 2 * cb * cs,
    }[mode]


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_is_that_of_the_specification(mode: str) -> None:
    """Section 5.8: co = as (1 - ab) cs + as ab B(cb, cs) + (1 - as) ab cb, ao = as + ab (1 - as)."""
    steps = [0, 1, 60, 127, 128, 200, 254, 255]
    for ab, below_alpha in ((1.0, 255), (0.4, 102), (0.0, 0)):
        for alpha in (0, 51, 255):
            below = np.array([[[cb, cb, cb, below_alpha] for cb in steps]] * 8, np.uint8)
            above = np.array([[[cs, cs, cs, alpha]] * 8 for cs in steps], np.uint8)
            shown = laid(below, above, (0, 0), mode=mode)
            for row, cs in enumerate(steps):
                for column, cb in enumerate(steps):
                    a, b, s = alpha / 255, cb / 255, cs / 255
                    ao = a + ab * (1 - a)
                    co = a * (1 - ab) * s + a * ab * w3c(mode)(b, s) + (1 - a) * ab * b
                    wanted = co / ao * 255 if ao else 0
                    assert abs(shown[row, column, 0] - wanted) <= 0.51, (mode, cb, cs, alpha, ab)
                    assert abs(shown[row, column, 3] - ao * 255) <= 0.51


@pytest.mark.parametrize(
    ("mode", "pillow"),
    [
        ("multiply", ImageChops.multiply), ("screen", ImageChops.screen), ("darken", ImageChops.darker),
        ("lighten", ImageChops.lighter), ("difference", ImageChops.difference),
        ("hardlight", ImageChops.hard_light), ("overlay", ImageChops.overlay),
    ],
)  # fmt: skip
def test_those_that_pillow_has_are_as_there(mode: str, pillow: Any) -> None:
    one, two = (noise(60, 40, "RGBA").convert("RGB").rotate(turn) for turn in (0, 180))
    shown = laid(np.asarray(one), np.asarray(two), (0, 0), mode=mode).astype(int)
    # Pillow halves 255 to 127, and cuts where we round.
    assert np.abs(shown - np.asarray(pillow(one, two))).max() <= 2
