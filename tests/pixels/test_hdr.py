"""Tone mapping against the rule, followed step by step in float64 (tests/colors.py)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from colors import flat, from_srgb, nits_of_hlg, nits_of_pq, pq, to_xyz, tone_mapped
from imgmiddleware.pixels import hdr
from imgmiddleware.pixels.codepoints import CodePoints

PEAKS = (0.0, 100.0, 203.0, 210.0, 600.0, 1000.0, 4000.0, 10_000.0)


@pytest.mark.parametrize("peak", PEAKS)
@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("primaries", [1, 9, 11, 12])
def test_colours(primaries: int, transfer: int, peak: float) -> None:
    codes = np.random.default_rng(3).integers(0, 65536, (6, 5, 3)).astype(np.uint16)
    codes[0, 0], codes[0, 1] = 0, 65535
    found = hdr.tone_mapped(codes, CodePoints(primaries, transfer, peak))
    for code, seen in zip(codes.reshape(-1, 3), found.reshape(-1, 3), strict=True):
        rgb = code[::-1] / 65535
        nits = nits_of_pq(rgb) if transfer == 16 else nits_of_hlg(rgb, primaries)
        expected = tone_mapped(nits, primaries, peak or 1000)
        assert np.abs(seen[::-1] / 257 - expected).max() < 0.05


@pytest.mark.parametrize("peak", PEAKS[1:])
def test_grays_never_get_darker_and_reach_white_at_the_peak(peak: float) -> None:
    ramp = hdr.tone_mapped(np.arange(65536, dtype=np.uint16)[None], CodePoints(9, 16, peak))[0]
    assert ramp[0] == 0
    assert (np.diff(ramp.astype(int)) >= 0).all()
    top = math.ceil(pq(max(peak, 203)) * 65535)
    assert ramp[top] == 65535
    assert ramp[top - 900] < 65535 - 20


def test_the_tables_of_white() -> None:
    """A page's white of 203 cd/m² is shown as 187 in both (w is 0.5 at 1000 cd/m²)."""
    white = flat(round(pq(203) * 65535))
    assert hdr.tone_mapped(white, CodePoints(9, 16))[0, 0] / 257 == pytest.approx(187, abs=1)
    signal = flat(round(0.75 * 65535))  # BT.2408, table 1
    assert hdr.tone_mapped(signal, CodePoints(9, 18))[0, 0] / 257 == pytest.approx(187, abs=1)


def test_alpha_and_eight_bits() -> None:
    points = CodePoints(9, 16)
    eight = np.array([[[30, 120, 200, 77]]], np.uint8)
    deep = hdr.tone_mapped(eight.astype(np.uint16) * 257, points)
    assert deep[0, 0, 3] == 77 * 257
    assert np.array_equal(hdr.tone_mapped(eight, points), deep)
    assert np.array_equal(hdr.tone_mapped(eight[..., :3], points), deep[..., :3])


@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("color", [(255, 255, 255), (255, 0, 0), (20, 90, 200), (0, 0, 0)])
def test_a_colour_of_a_page_beside_it_is_that_colour(
    color: tuple[int, int, int], transfer: int
) -> None:
    """sRGB's light, white being 203 cd/m², within what 8 bits of a code can tell."""
    code = np.array(hdr.coded((*color, 255), CodePoints(9, transfer))[:3]) / 255
    nits = nits_of_pq(code) if transfer == 16 else nits_of_hlg(code, 9)
    expected = np.linalg.solve(to_xyz(9), to_xyz(1)) @ from_srgb(np.array(color) / 255) * 203
    assert nits == pytest.approx(expected, rel=0.06, abs=0.5)
