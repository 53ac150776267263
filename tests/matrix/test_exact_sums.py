"""The two passes of Lanczos-3 against the same sums in whole numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from imgmiddleware.pixels.bank import bank
from imgmiddleware.pixels.lanczos import lanczos


def dense(samples: int, results: int) -> Any:
    """The blocks of a bank as one matrix (results, samples)."""
    made = bank(samples, results, 0, samples)
    matrix = np.zeros((len(made.starts) * made.block, samples))
    for block, start in enumerate(made.starts):
        matrix[block * made.block : (block + 1) * made.block, start : start + made.reach] = (
            made.weights[block]
        )
    return matrix[:results]


def filtered(pixels: Any, size: tuple[int, int], most: int) -> Any:
    result = np.empty((size[1], size[0], pixels.shape[2]))

    def take(rows: slice) -> Any:
        return lambda columns, samples: np.copyto(samples, pixels[rows, columns])

    def store(top: int, floats: Any) -> None:
        result[top : top + floats.shape[2]] = floats.transpose(2, 0, 1)

    lanczos(pixels.shape, (0, 0, *pixels.shape[1::-1]), size, most, take=take, store=store)
    return result


PI = np.longdouble("3.14159265358979323846264338327950288")


def formula(samples: int, results: int) -> Any:
    """(results, samples): sinc(x) sinc(x/3) about (i + 1/2) / n of the side; of a result they sum to 1."""
    factor = np.longdouble(samples) / results
    centers = (np.arange(results)[:, None] + np.longdouble(0.5)) * factor
    x = (np.arange(samples) + np.longdouble(0.5) - centers) / max(1, factor)
    turns = np.where(x == 0, np.longdouble(1), PI * x)
    taps = np.where(x == 0, 1, 3 * np.sin(turns) * np.sin(turns / 3) / turns**2)
    taps = np.where(abs(x) < 3, taps, 0)
    return taps / taps.sum(axis=1, keepdims=True)


def in_whole_numbers(weights: Any, most: float, exact: int) -> tuple[Any, int, Any]:
    """The weights in parts of 2 ** bits, the bits, and the most that a sum of samples can be.

    As fine as whole numbers of `exact` bits hold all sums of, to 24 bits. Rounded are the running
    sums, so that those of a result are 2 ** bits again.
    """
    results, samples = weights.shape
    taps = min(samples, math.floor(6 * max(1, samples / results)) + 1)
    gain = abs(weights).sum(axis=1).max()
    bits = min(24, math.floor(np.log2((2.0**exact / most - taps) / gain)))
    sums = np.rint(np.cumsum(weights, axis=1) * 2**bits).astype(np.int64)
    return np.diff(sums, axis=1, prepend=0), bits, most * (gain + taps * 2.0**-bits)


@pytest.mark.parametrize("size", [(77, 95), (300, 200), (640, 481), (900, 500), (1, 700), (700, 1)])
@pytest.mark.parametrize("most", [255, 65535, 2**24])
def test_sums_are_exact(size: tuple[int, int], most: int) -> None:
    """Extremes, where partial sums are largest: a float that rounded one would differ.

    Integers all the way, from the formula on. Between the passes 3 or 4 bits of a fraction are kept,
    and of float32 and float64 24 and 53 bits are whole numbers.
    """
    random = np.random.default_rng(1)
    pixels = random.integers(0, 2, (480, 640, 2)) * most
    exact, fraction = (24, 3) if most == 255 else (53, 4)
    rows, bits, between_most = in_whole_numbers(formula(480, size[1]), most, exact)
    columns, more, _ = in_whole_numbers(
        formula(640, size[0]), between_most * 2**fraction + 1, exact
    )
    assert bits >= 14
    assert more >= 11
    assert set(rows.sum(axis=1)) == {2**bits}
    between = np.moveaxis(rows @ np.moveaxis(pixels, 2, 0), 0, 2)
    # Halves go to the even neighbour.
    between = np.rint(between * 2.0 ** (fraction - bits)).astype(np.int64)
    expected = np.moveaxis(np.moveaxis(between, 2, 0) @ columns.T, 0, 2)
    assert np.abs(expected).max() < 2**exact
    assert np.array_equal(filtered(pixels, size, most), expected * 2.0 ** -(more + fraction))


@pytest.mark.parametrize(
    ("samples", "results"),
    [(1880, 626), (2820, 800), (2000, 800), (1001, 997), (640, 481), (300, 900), (997, 301), (64, 63), (17, 16), (400, 7)],
)  # fmt: skip
def test_every_result_has_all_of_its_samples(samples: int, results: int) -> None:
    """By the formula, without blocks; whatever blocks share a call of `np.matmul`."""
    factor = samples / results
    center = (np.arange(results)[:, None] + 0.5) * factor
    x = (np.arange(samples) + 0.5 - center) / max(1, factor)
    weights = np.sinc(x) * np.sinc(x / 3) * (abs(x) < 3)
    weights /= weights.sum(axis=1)[:, None]
    assert np.allclose(dense(samples, results), weights, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("samples", "results", "most"), [(5640, 1880, 5), (2000, 800, 5), (2820, 800, 60), (1301, 1000, 30), (300, 900, 40)])  # fmt: skip
def test_many_blocks_are_one_run(samples: int, results: int, most: int) -> None:
    made = bank(samples, results, 0, samples)
    runs = [*made.runs(0, len(made.starts))]
    assert len(runs) <= most
    found = [
        (block, start + (block - run.start) * step)
        for run, start, step in runs
        for block in range(run.start, run.stop)
    ]
    assert found == [*enumerate(made.starts)]
    assert [*made.runs(2, 3)] == [(slice(2, 3), made.starts[2], 0)]


def test_weights_beyond_the_edge_are_shared() -> None:
    """Of one sample every result is that sample; of two the first is mostly the first."""
    assert dense(1, 9).ravel() == pytest.approx([1] * 9)
    pair = dense(2, 2)
    assert pair == pytest.approx(np.eye(2), abs=1e-12)
    for samples, results in [(5, 3), (3, 5), (100, 7), (7, 100), (65500, 1), (9, 8)]:
        matrix = dense(samples, results)
        assert matrix.sum(axis=1) == pytest.approx([1] * results)
        assert matrix == pytest.approx(matrix[::-1, ::-1])  # left and right are alike


def test_very_many_samples_become_one() -> None:
    """More weights than float32 has room for."""
    pixels = np.full((1, 70000, 1), 255)
    pixels[:, ::2] = 0
    assert filtered(pixels, (1, 1), 255)[0, 0, 0] == pytest.approx(127.5, abs=0.01)
