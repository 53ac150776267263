"""Rows that pass once: what is seen of them, and what is left in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgmiddleware.lending.lender import lent_by
from imgmiddleware.pixels import lanczos
from imgmiddleware.pixels.passing import PassingRows
from imgmiddleware.pixels.resample import resample
from lenders import Threads

ROWS = np.arange(40 * 5 * 3, dtype=np.uint16).reshape(40, 5, 3)


def blocks(sizes: Iterator[int], pixels: Any = ROWS) -> Iterator[Any]:
    """The rows, in blocks of these sizes in turn, all of which are read into the same memory."""
    buffer = np.empty_like(pixels)
    at = 0
    for size in sizes:
        block = pixels[at : at + size]
        buffer[: len(block)] = block
        yield buffer[: len(block)]
        buffer[:] = 9999
        at += size
        if at >= len(pixels):
            return


@given(
    st.lists(st.integers(1, 40), min_size=40, max_size=40),
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 12)), min_size=1, max_size=20),
)
def test_they_are_the_rows(sizes: list[int], steps: list[tuple[int, int]]) -> None:
    """Windows of any height that move down by any number of rows, which overlap or touch."""
    passing = PassingRows(blocks(iter(sizes)), 40)
    assert (passing.shape, passing.ndim, passing.dtype) == (ROWS.shape, 3, ROWS.dtype)
    top = end = 0
    for down, more in steps:
        top, end = min(top + down, end), min(40, end + more)
        assert np.array_equal(passing[top:end, 1:4], ROWS[top:end, 1:4])
        assert np.array_equal(passing[top:end, 0:5], ROWS[top:end])  # as often as one likes


def test_no_more_rows_are_held_than_are_looked_at() -> None:
    passing = PassingRows(blocks(iter([40])), 40)
    for top in range(0, 36, 3):
        seen = passing[top : top + 4, 0:5]
        assert seen.base is not None
        assert seen.base.shape == (4, 5, 3)


@pytest.mark.parametrize("size", [7, 8, 40])
def test_what_stands_behind_the_last_row_is_read(size: int) -> None:
    """A sum that does not fit is told of where the rows end, and not before."""

    def damaged() -> Iterator[Any]:
        yield from blocks(iter([size] * 40))
        raise ValueError("the sum does not fit")

    passing = PassingRows(damaged(), 40)
    assert np.array_equal(passing[0:39, 0:5], ROWS[:39])
    with pytest.raises(ValueError, match="sum"):
        passing[39:40, 0:5]


def test_a_picture_that_passes_is_resampled_to_the_same_and_by_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanczos, "_WORTH", 0)
    pixels = np.random.default_rng(5).integers(0, 2**16, (2000, 900, 3), np.uint16)
    lender = Threads(2)
    with lent_by(lender):
        helped = resample(pixels, (400, 889), alpha=False, averaged=True)
        assert lender.lent
        lender.join()
        lender.lent = 0
        rows = PassingRows(blocks(itertools.repeat(64), pixels), 2000)
        alone = resample(rows, (400, 889), alpha=False, averaged=True)
    assert lender.lent == 0
    assert np.array_equal(alone, helped)
