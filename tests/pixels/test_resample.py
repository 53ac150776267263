"""The resampler against Lanczos-3 in floats, and its geometry against arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from imgmiddleware.pixels.halve import halve
from imgmiddleware.pixels.resample import resample
from measuring import Forked, needs_proc
from pictures import float_lanczos, photo_like, psnr

PHOTO = photo_like(997, 751)


def weights(samples: int, results: int) -> Any:
    """(results, samples): Lanczos-3 by its definition, centred on (i + 1/2) / n of the side."""
    factor = samples / results
    centers = (np.arange(results)[:, None] + 0.5) * factor
    x = (np.arange(samples) + 0.5 - centers) / max(factor, 1)
    taps = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
    return taps / taps.sum(axis=1, keepdims=True)


def directly(pixels: Any, size: tuple[int, int]) -> Any:
    """The whole sum for every sample, in float64, not rounded or clipped."""
    height, width = pixels.shape[:2]
    planes = np.moveaxis(pixels.reshape(height, width, -1).astype(float), 2, 0)
    filtered = weights(height, size[1]) @ planes @ weights(width, size[0]).T
    return np.moveaxis(filtered, 0, 2).reshape(*size[::-1], *pixels.shape[2:])


@pytest.mark.parametrize(
    "size", [(301, 227), (800, 603), (500, 377), (990, 270), (996, 750), (1500, 1130), (997, 2000)]
)
def test_it_is_lanczos(size: tuple[int, int]) -> None:
    result = resample(PHOTO, size, alpha=False)
    assert (result.shape, result.dtype) == ((size[1], size[0], 3), np.uint8)
    # An error of rounding alone, evenly between -1/2 and 1/2, is 10 log(255^2 * 12) = 58.9 dB.
    assert psnr(result, np.clip(directly(PHOTO, size), 0, 255)) > 58.8
    assert psnr(result, float_lanczos(PHOTO, size)) > 58.8


@pytest.mark.parametrize("size", [(100, 75), (111, 80), (249, 187)])
def test_halved_first_it_is_still_as_sharp(size: tuple[int, int]) -> None:
    even = photo_like(1000, 752)
    result = resample(even, size, alpha=False)
    # AREA alone gives 36 to 40 dB here and LINEAR less than 30.
    assert 49 < psnr(result, float_lanczos(even, size)) < 58.5


@settings(max_examples=120, deadline=None)
@given(some.data())
def test_any_size_and_kind(data: Any) -> None:
    side = some.integers(1, 40)
    height, width, tall, wide = (data.draw(side) for _ in range(4))
    wide, tall = max(wide, -(-width // 3)), max(tall, -(-height // 3))  # so that nothing is halved
    channels = data.draw(some.sampled_from([(), (1,), (2,), (3,), (4,)]))
    kind = data.draw(some.sampled_from([np.uint8, np.uint16, np.float32]))
    random = np.random.default_rng(data.draw(some.integers(0, 9)))
    most = 1 if kind == np.float32 else np.iinfo(kind).max
    pixels = (random.random((height, width, *channels)) * (most + 0.999)).astype(kind)
    result = resample(pixels, (wide, tall), alpha=False)
    expected = directly(pixels, (wide, tall))
    assert (result.shape, result.dtype) == (expected.shape, kind)
    if kind == np.float32:
        assert np.abs(result - expected).max() < 1e-6
    else:  # in noise of full range, weights of 11 bits and what is rounded in between are a quarter
        expected = np.clip(expected, 0, most)
        assert np.abs(result - expected).max() < 0.75


@pytest.mark.parametrize("scale", [1.7, 3.1, 8.0, 0.4])
@pytest.mark.parametrize("linear", [False, True])
def test_tiles_have_no_seam(scale: float, linear: bool) -> None:
    """Boxes side by side give what the whole gives, cut; they begin anywhere, halved or not."""
    pixels = np.ascontiguousarray(PHOTO[:700, :700])  # more than all of them show
    edge = int(640 / scale) // 2
    side = edge * scale
    whole = resample(
        pixels, (2 * edge, 2 * edge), alpha=False, linear=linear, area=(0, 0, 2 * side, 2 * side)
    )
    for x, y in np.ndindex(2, 2):
        tile = resample(
            pixels, (edge, edge), alpha=False, linear=linear, area=(x * side, y * side, side, side)
        )
        expected = whole[y * edge : (y + 1) * edge, x * edge : (x + 1) * edge]
        difference = np.abs(tile.astype(int) - expected)
        assert difference.max() <= 1  # weights are finer or coarser where the edge is not read
        assert difference.mean() < 0.02


def test_pixels_that_were_halved_before() -> None:
    """3 x 3 pixels halved are 2 x 2, which show 1.5 of their own: the last ones are half as wide."""
    pixels = photo_like(1001, 751)
    small = halve(halve(pixels))
    box = (0, 0, 1001 / 4, 751 / 4)
    result = resample(small, (120, 90), alpha=False, area=box, averaged=True)
    assert np.array_equal(result, resample(pixels, (120, 90), alpha=False))
    assert psnr(result, float_lanczos(pixels, (120, 90))) > 49


def test_very_long_pictures_are_averaged_first() -> None:
    """Of 16 million samples in a row; all weights of Lanczos-3 would be 2 GB."""
    row = np.zeros((1, 16_000_001), np.uint8)
    row[:, 4_000_000:12_000_000] = 200
    assert resample(row, (8, 1), alpha=False)[0].tolist() == pytest.approx(
        directly(row[:, ::10000], (8, 1))[0].clip(0, 255), abs=1
    )
    both = np.dstack((row, row, row, row))
    both[..., 3] = row // 2 + 50
    seen = resample(both, (8, 1), alpha=True)[0]
    assert seen[2:6].tolist() == pytest.approx(np.array([[200, 200, 200, 150]] * 4), abs=25)
    assert seen[[0, 7], :3].max() <= 3


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("size", [(33, 21), (60, 47), (20, 15), (119, 95)])
def test_an_impulse_lands_where_it_was(dtype: Any, size: tuple[int, int]) -> None:
    """The centre of mass is kept: nothing is shifted by a part of a pixel."""
    pixels = np.zeros((61, 80), dtype)
    pixels[28:31, 43:47] = 1 if dtype == np.float32 else np.iinfo(dtype).max
    result = resample(pixels, size, alpha=False).astype(float)
    y, x = (np.indices(result.shape) + 0.5) / np.array(result.shape)[:, None, None]
    middle = (result * x).sum() / result.sum(), (result * y).sum() / result.sum()
    # Clipping takes the negative lobes, which lie unevenly around it.
    assert middle == pytest.approx((45 / 80, 29.5 / 61), abs=0.15 / min(size))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(60, 80), (60, 80, 3), (60, 80, 4)])
@pytest.mark.parametrize("size", [(40, 30), (33, 47), (160, 120), (40, 120), (80, 60), (79, 59)])
def test_a_flat_picture_stays_flat(dtype: Any, shape: Any, size: tuple[int, int]) -> None:
    value = {np.uint8: 200, np.uint16: 51234, np.float32: 0.7}[dtype]
    result = resample(np.full(shape, value, dtype), size, alpha=False)
    assert (result.shape[:2], result.dtype) == ((size[1], size[0]), dtype)
    assert np.allclose(result, value, rtol=1e-5)


@pytest.mark.parametrize("sides", [(1000, 250), (1000, 333), (999, 500), (1000, 700), (96, 95)])
def test_nothing_is_shifted(sides: tuple[int, int]) -> None:
    """Sample i of n lies at (i + 1/2) / n of the side: a ramp of uint16 measures it finely."""
    large, small = sides
    ramp = np.rint((np.arange(large) + 0.5) / large * 60000).astype(np.uint16)
    across = resample(np.tile(ramp, (40, 1)), (small, 40), alpha=False)[20].astype(float)
    down = resample(np.tile(ramp[:, None], (1, 40)), (40, small), alpha=False)[:, 20].astype(float)
    expected = (np.arange(small) + 0.5) / small * 60000
    inner = slice(6, small - 6)  # the edge's replication bends the ends of a ramp
    step = 60000 / small
    for line in (across, down):
        assert np.abs(line - expected)[inner].max() < 0.03 * step


def test_colour_under_alpha_zero_never_shows() -> None:
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., :3] = (0, 255, 0)  # green, hidden
    pixels[:, 31:] = (0, 0, 255, 255)  # red, seen; the border falls between result pixels
    result = resample(pixels, (20, 20), alpha=True)
    seen = result[result[..., 3] > 0]
    assert seen[:, 1].max() == 0
    assert seen[:, 2].min() >= 250
    assert (result[:, 0, 3].max(), result[:, 19, 3].min()) == (0, 255)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize(("size", "off"), [((44, 31), 0.002), ((90, 70), 0.002), ((30, 22), 0.1)])
def test_colour_is_weighed_by_alpha(kind: Any, size: tuple[int, int], off: float) -> None:
    """Fields of every alpha; the smallest result is halved first, which shows beside their edges."""
    whole = kind != np.float32
    most = np.iinfo(kind).max if whole else 1
    fields = np.random.default_rng(4).random((3, 4, 4)).repeat(30, axis=0).repeat(32, axis=1)
    pixels = np.rint(fields * most).astype(kind) if whole else fields.astype(kind)
    result = resample(pixels, size, alpha=True)
    wide = pixels.astype(float)
    alpha = directly(wide[..., 3:], size)
    seen = alpha[..., 0] > most / 20
    colors = directly(wide[..., :3] * wide[..., 3:], size)[seen] / alpha[seen]
    expected = np.concatenate((colors, alpha[seen]), axis=1)
    expected = np.clip(expected, 0, most) if whole else expected
    assert np.abs(result[seen] - expected).max() < most * off  # a halo is half of `most`


def test_no_number_does_not_spread() -> None:
    pixels = np.full((90, 90), 0.5, np.float32)
    pixels[45, 45] = np.nan
    result = resample(pixels, (60, 60), alpha=False)
    assert np.isfinite(result).all()
    assert (np.abs(result - 0.5) < 1e-6).mean() > 0.97


def test_alpha_that_is_everywhere_opaque_changes_nothing() -> None:
    opaque = np.dstack((PHOTO, np.full(PHOTO.shape[:2], 255, np.uint8)))
    with_alpha = resample(opaque, (300, 200), alpha=True)
    assert np.array_equal(with_alpha[..., :3], resample(PHOTO, (300, 200), alpha=False))


@needs_proc
def test_memory_follows_the_pixels_and_not_their_floats(forked: Forked) -> None:
    """An original of 80 MB with alpha; all of it in float, twice as large, would be 1.3 GB."""
    assert forked("decode_memory", "resampling") < 300e6


def test_sixteen_bits_are_not_cut_to_eight() -> None:
    deep = PHOTO.astype(np.uint16) * 257
    result = resample(deep, (300, 200), alpha=False)
    expected = float_lanczos(deep, (300, 200))
    assert np.abs(result - expected).mean() < 257  # less than one 8-bit step
    assert len(np.unique(result % 257)) > 100


def test_enlarging_follows_the_edges_it_finds() -> None:
    pixels = np.repeat(np.array([[0, 255]], np.uint8), 2, axis=0)
    result = resample(pixels, (200, 200), alpha=False)
    assert (result[:, 0].max(), result[:, -1].min()) == (0, 255)
    assert abs(int(result[100, 99]) + int(result[100, 100]) - 255) <= 2


@pytest.mark.parametrize("side", [1000, 1001, 1002, 1003, 1005, 1007])
def test_a_frame_has_the_same_strength_at_all_edges(side: int) -> None:
    """Of two pixels, black on white and made smaller by ten. Where sides are odd the last average is
    of fewer pixels: as a whole sample it made the right and lower edge darker by 22 levels.
    """
    frame = np.full((side, side), 255, np.uint8)
    frame[:2] = frame[-2:] = frame[:, :2] = frame[:, -2:] = 0
    small = resample(frame, (100, 100), alpha=False).astype(int)
    ideal = float_lanczos(frame, (100, 100))
    for edge, exact in zip(edges(small), edges(ideal), strict=True):
        assert abs(edge - exact) <= 12  # of averages by twos, on the left as on the right
    assert max(edges(small)) - min(edges(small)) <= 7


def edges(pixels: Any) -> list[float]:
    """Left, top, right, bottom, in their middle."""
    return [float(pixels[place]) for place in ((50, 0), (0, 50), (50, -1), (-1, 50))]
