"""Orientation: EXIF's eight, one after the other, undone, and boxes in the stored picture."""

from __future__ import annotations

import numpy as np
import pytest

from imgmiddleware.pixels.orientation import Orientation

#: All different, and not square: each orientation of it is another array.
CORNERS = np.arange(6, dtype=np.uint8).reshape(2, 3)


@pytest.mark.parametrize("first", Orientation)
@pytest.mark.parametrize("second", Orientation)
def test_one_after_the_other_is_one(first: Orientation, second: Orientation) -> None:
    turned = second.apply(first.apply(CORNERS))
    assert np.array_equal(first.then(second).apply(CORNERS), turned)


@pytest.mark.parametrize("orientation", Orientation)
def test_the_inverse_undoes_it(orientation: Orientation) -> None:
    assert np.array_equal(orientation.inverse.apply(orientation.apply(CORNERS)), CORNERS)


@pytest.mark.parametrize("orientation", Orientation)
def test_sides_are_swapped_where_it_says_so(orientation: Orientation) -> None:
    height, width = orientation.apply(CORNERS).shape
    assert orientation.size(3, 2) == (width, height)
    assert orientation.swaps_sides == (height == 3)


@pytest.mark.parametrize("orientation", Orientation)
def test_a_box_shows_the_same_pixels_stored_and_upright(orientation: Orientation) -> None:
    stored = np.arange(7 * 5, dtype=np.uint8).reshape(5, 7)
    upright = orientation.apply(stored)
    left, top, width, height = 1, 2, 3, 2
    box = orientation.stored_box((left, top, width, height), (7, 5))
    x, y, columns, rows = box
    cut = orientation.apply(stored[y : y + rows, x : x + columns])
    assert cut.tolist() == upright[top : top + height, left : left + width].tolist()


def test_orientations_are_exifs() -> None:
    # The letter F as in the figures of the EXIF specification, here three pixels: 1 2 over 3.
    stored = np.array([[1, 2], [3, 0]], np.uint8)
    expected = {
        1: [[1, 2], [3, 0]],
        2: [[2, 1], [0, 3]],
        3: [[0, 3], [2, 1]],
        4: [[3, 0], [1, 2]],
        5: [[1, 3], [2, 0]],
        6: [[3, 1], [0, 2]],
        7: [[0, 2], [3, 1]],
        8: [[2, 0], [1, 3]],
    }
    for number, pixels in expected.items():
        assert Orientation(number).apply(stored).tolist() == pixels
