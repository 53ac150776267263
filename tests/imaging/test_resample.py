"""The resampler against a float Lanczos-3 of Pillow, and its geometry against arithmetic."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from imgmiddleware.imaging import resample as module
from imgmiddleware.imaging.resample import resample
from pictures import float_lanczos, photo_like, psnr

PHOTO = photo_like(997, 751)


@pytest.mark.parametrize(
    "size", [(301, 227), (800, 603), (500, 377), (100, 75), (99, 740), (990, 70), (3, 2)]
)
def test_as_sharp_as_lanczos(size: tuple[int, int]) -> None:
    result = resample(PHOTO, size, alpha=False)
    assert (result.shape, result.dtype) == ((size[1], size[0], 3), np.uint8)
    # AREA alone gives 36 to 40 dB here and LINEAR less than 30; two exact Lanczos differ by
    # rounding only, over 58 dB.
    assert psnr(result, float_lanczos(PHOTO, size)) > 43


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


def test_alpha_that_is_everywhere_opaque_changes_nothing() -> None:
    opaque = np.dstack((PHOTO, np.full(PHOTO.shape[:2], 255, np.uint8)))
    with_alpha = resample(opaque, (300, 200), alpha=True)
    assert np.array_equal(with_alpha[..., :3], resample(PHOTO, (300, 200), alpha=False))


LARGE = """
import sys
import numpy as np
from imgmiddleware.imaging.resample import resample
from imgmiddleware.operations.surround import Backdrop

def status(name):
    for line in open("/proc/self/status"):
        if line.startswith(name):
            return int(line.split()[1]) * 1024

def work(pixels, size):
    return Backdrop((10, 20, 30, 255)).behind(resample(pixels, size, alpha=True), keep_alpha=False)

def clear(width, height):
    pixels = np.full((height, width, 4), 100, np.uint8)
    pixels[::7, ::5, 3] = 200
    return pixels

work(clear(50, 40), (45, 36))
pixels = clear(5000, 4000)
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
assert work(pixels, (4500, 3600)).shape == (3600, 4500, 3)
print(status("VmHWM") - before)
"""


def test_memory_follows_the_pixels_and_not_their_floats() -> None:
    """An original of 80 MB with alpha; all of it in float, twice as large, would be 1.3 GB."""
    done = subprocess.run(
        [sys.executable, "-c", LARGE], capture_output=True, text=True, timeout=120, check=True
    )
    assert int(done.stdout) < 300e6


def test_a_large_picture_is_near_what_a_small_one_would_be() -> None:
    """The two ways of weighing by alpha differ by rounding only."""
    random = np.random.default_rng(3)
    pixels = np.dstack((PHOTO, random.integers(0, 256, PHOTO.shape[:2], np.uint8)))
    plain = resample(pixels, (300, 226), alpha=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MOST_FLOATS", 2_500_000)  # under this picture's, over its double's
        rounded = resample(pixels, (300, 226), alpha=True)
    # At alpha 60 half a step of the weighed colour is 255 / 60 / 2 = 2.1 steps; it is rounded twice.
    seen = plain[..., 3] > 60
    difference = np.abs(plain[seen].astype(int) - rounded[seen])
    assert 0 < difference.max() <= 5
    assert difference.mean() < 0.5


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
