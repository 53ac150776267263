"""Which axes of an array are rows, columns and channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from imgmiddleware.pixels.layout import Layout


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((5, 7), Layout(5, 7)),
        ((5, 7, 1), Layout(5, 7, 1)),
        ((5, 7, 2), Layout(5, 7, 2)),
        ((5, 7, 4), Layout(5, 7, 4)),
        ((3, 5, 7), Layout(5, 7, 3, first=True)),
        ((1, 5, 7), Layout(5, 7, 1, first=True)),
        ((3, 5, 4), Layout(3, 5, 4)),  # both could be meant
        ((5, 1), Layout(5, 1)),
    ],
)
def test_shapes(shape: tuple[int, ...], layout: Layout) -> None:
    assert Layout.of(shape) == layout


@pytest.mark.parametrize(
    "shape", [(), (5,), (0, 5), (5, 0, 3), (0, 5, 7), (5, 5, 5), (5, 7, 9), (1, 5, 7, 3)]
)
def test_what_is_no_pictures_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="an array's shape"):
        Layout.of(shape)


def test_channels_that_come_first_are_put_last() -> None:
    array: Any = np.arange(3 * 5 * 7).reshape(3, 5, 7)
    last = Layout.of(array.shape).channels_last(array)
    assert last.shape == (5, 7, 3)
    assert last[4, 6].tolist() == [34, 69, 104]
    assert np.shares_memory(last, array)
