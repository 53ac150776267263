"""Colour maps: tables as matplotlib and their authors publish them, and tables of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from imgmiddleware.pixels.colormap import NAMES, Colormap


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        # As matplotlib lists them (_cm_listed.py), times 255: the first, that of 128 and the last.
        ("viridis", {0: (68, 1, 84), 128: (33, 145, 140), 255: (253, 231, 36)}),
        ("magma", {0: (0, 0, 3), 255: (251, 252, 191)}),
        ("inferno", {0: (0, 0, 3), 255: (252, 254, 164)}),
        # Google's table (Mikhailov, 2019).
        ("turbo", {0: (48, 18, 59), 255: (122, 4, 2)}),
        # By its definition: green and blue of half turn to half the one, then red to half.
        ("autumn", {0: (255, 0, 0), 255: (255, 255, 0)}),
    ],
)
def test_entries_that_are_published(name: str, entries: dict[int, tuple[int, ...]]) -> None:
    table = Colormap.of(name, "bgr").table[:, ::-1].astype(int)
    for index, color in entries.items():
        assert np.abs(table[index] - color).max() <= 1, index


def test_all_of_opencvs_names() -> None:
    assert {"viridis", "jet", "twilight_shifted", "deepgreen"} <= set(NAMES)
    tables = [Colormap.of(name, "rgb").table for name in NAMES]
    assert {(table.shape, table.dtype.str) for table in tables} == {((256, 3), "|u1")}
    assert Colormap.of("Viridis", "bgr").text == "viridis"


def test_a_name_that_is_near_is_named() -> None:
    with pytest.raises(ValueError, match=r"did you mean viridis\? .*autumn, bone.*winter"):
        Colormap.of("virdis", "bgr")
    with pytest.raises(ValueError, match="'xyz' is none of OpenCV's; They are") as refused:
        Colormap.of("xyz", "bgr")
    assert "did you" not in str(refused.value)


@pytest.mark.parametrize("channels", [3, 4])
def test_a_table(channels: int) -> None:
    table = np.random.default_rng(1).integers(0, 256, (256, channels), np.uint8)
    index = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(Colormap.of(table, "bgr").colored(index), table.reshape(16, 16, channels))
    red_first = table[:, [2, 1, 0, 3][:channels]]
    assert np.array_equal(Colormap.of(red_first, "rgb").table, table)
    assert Colormap.of(red_first, "rgb").text == Colormap.of(table, "bgr").text
    assert Colormap.of(table ^ 1, "bgr").text != Colormap.of(table, "bgr").text


def test_a_table_is_held_as_it_was() -> None:
    table = np.zeros((256, 3), np.uint8)
    held = Colormap.of(table, "bgr")
    table += 9
    assert not held.table.any()


@pytest.mark.parametrize(
    "given",
    [
        np.zeros((255, 3), np.uint8),
        np.zeros((256, 3)),
        np.zeros(256, np.uint8),
        [1, 2],
        7,
        [[1], [2, 3]],
    ],
)
def test_what_is_no_table(given: Any) -> None:
    with pytest.raises(ValueError, match=r"colormap: .*\(256, 3 or 4\)"):
        Colormap.of(given, "bgr")
