"""Swatches of pictures that were drawn in known colours, and the names of colours by hand."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from PIL import Image

from imgmiddleware.pixels.swatches import Swatch, luminance, named, swatches
from pictures import BLUE, GREEN, RED, YELLOW, quadrants


def bgr(picture: np.ndarray) -> np.ndarray:
    return picture[..., ::-1].copy()


def hexes(found: list[Swatch]) -> list[str]:
    return [swatch.hex for swatch in found]


def test_flat_areas_have_their_own_colours_whatever_their_edges_are() -> None:
    small = np.asarray(Image.fromarray(quadrants(999, 601)).resize((97, 61)))
    assert len(np.unique(small.reshape(-1, 3), axis=0)) > 20  # edges, mixed by Pillow
    found = swatches(bgr(small), 4)
    assert {(s.red, s.green, s.blue) for s in found} == {RED, GREEN, BLUE, YELLOW}


def test_the_most_frequent_is_the_first() -> None:
    flat = np.zeros((10, 10), np.uint8)
    flat[:3] = 255
    flat[3, :2] = 128
    assert [(s.hex, s.count) for s in swatches(flat, 6)] == [
        ("#000000", 68),
        ("#ffffff", 30),
        ("#808080", 2),
    ]
    assert hexes(swatches(flat, 1)) == ["#000000"]
    assert swatches(flat, 0) == []


def test_what_is_clear_has_no_colour() -> None:
    half = np.zeros((4, 4, 4), np.uint8)
    half[:2] = 10, 20, 30, 255
    half[2:] = 255, 255, 255, 127
    assert hexes(swatches(half, 6)) == ["#1e140a"]
    half[..., 3] = 0
    assert (swatches(half, 6), named(half), luminance(half)) == ([], {}, 0)


def test_a_large_picture_is_looked_at_here_and_there() -> None:
    large = bgr(quadrants(1600, 1200))
    found = swatches(large, 16)
    assert sum(s.count for s in found) <= 2**14
    assert {(s.red, s.green, s.blue) for s in found} == {RED, GREEN, BLUE, YELLOW}


def test_luminance_is_a_mean_of_light() -> None:
    two = np.zeros((2, 2, 3), np.uint8)
    two[0] = 0, 255, 0
    assert luminance(two) == pytest.approx(0.7152 / 2)
    assert luminance(np.full((3, 3), 255, np.uint8)) == pytest.approx(1)


#: A colour as RGB, and the name that its saturation and lightness in HSL give it.
NAMES = [
    ((255, 0, 0), "vibrant"),  # 1, 0.5
    ((100, 0, 0), "vibrant_dark"),  # 1, 0.2
    ((255, 160, 160), "vibrant_light"),  # 1, 0.81
    ((140, 115, 115), "muted"),  # 0.1, 0.5
    ((50, 40, 40), "muted_dark"),  # 0.11, 0.18
    ((215, 205, 205), "muted_light"),  # 0.11, 0.82
]


def test_colours_are_named_by_their_saturation_and_lightness() -> None:
    for color, name in NAMES:
        flat = np.full((3, 3, 3), color[::-1], np.uint8)
        assert {n: (s.red, s.green, s.blue) for n, s in named(flat).items()} == {name: color}
    stripes = np.array([[color[::-1]] * 4 for color, _ in NAMES], np.uint8)
    found = {n: (s.red, s.green, s.blue) for n, s in named(stripes).items()}
    assert found == {name: color for color, name in NAMES}


def test_of_two_alike_the_one_of_more_pixels_has_the_name() -> None:
    pixels = np.zeros((10, 10, 3), np.uint8)
    pixels[:2], pixels[2:] = (0, 0, 240), (0, 240, 0)
    assert named(pixels)["vibrant"].hex == "#00f000"


def test_memory_does_not_grow_with_the_picture() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1000, 3), np.uint8)
    tracemalloc.start()
    try:
        swatches(noise, 16)
        named(noise)
        assert tracemalloc.get_traced_memory()[1] < 2**22  # as `imaging/memory.py` says
    finally:
        tracemalloc.stop()
