"""Geometry: the table of the README, worked out by hand for an original of 300 x 200."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from imgmiddleware.operations.resize import Geometry, Resize
from imgmiddleware.operations.stages import build

WHOLE = (0, 0, 300, 200)


def geometry(query: str, width: int = 300, height: int = 200) -> Geometry:
    texts = dict(pair.split("=") for pair in query.split("&")) if query else {}
    return build(texts).get(Resize).geometry(width, height)


@pytest.mark.parametrize(
    ("query", "crop", "size", "canvas"),
    [
        ("", WHOLE, (300, 200), (300, 200)),
        ("w=150", WHOLE, (150, 100), (150, 100)),
        ("h=100", WHOLE, (150, 100), (150, 100)),
        ("w=0.5", WHOLE, (150, 100), (150, 100)),
        ("h=0.5", WHOLE, (150, 100), (150, 100)),
        ("w=75&dpr=2", WHOLE, (150, 100), (150, 100)),
        ("w=0.25&dpr=2", WHOLE, (150, 100), (150, 100)),
        ("w=600", WHOLE, (300, 200), (300, 200)),
        ("w=600&enlarge=1", WHOLE, (600, 400), (600, 400)),
        # imgix's own example: 100 x 100 in a 300 x 200 picture gives 100 x 67.
        ("w=100&h=100", WHOLE, (100, 67), (100, 67)),
        ("w=100&h=100&fit=max", WHOLE, (100, 67), (100, 67)),
        ("w=600&h=600&fit=max&enlarge=1", WHOLE, (300, 200), (300, 200)),
        ("w=600&h=600&enlarge=1", WHOLE, (600, 400), (600, 400)),
        ("w=100&h=100&fit=crop", (50, 0, 200, 200), (100, 100), (100, 100)),
        ("w=100&h=20&fit=crop", (0, 70, 300, 60), (100, 20), (100, 20)),
        ("w=400&h=400&fit=crop", (50, 0, 200, 200), (200, 200), (200, 200)),
        ("w=400&h=400&fit=crop&enlarge=1", (50, 0, 200, 200), (400, 400), (400, 400)),
        ("w=400&h=400&fit=min&enlarge=1", (50, 0, 200, 200), (200, 200), (200, 200)),
        ("w=100&h=100&fit=min", (50, 0, 200, 200), (100, 100), (100, 100)),
        ("w=100&h=100&fit=scale", WHOLE, (100, 100), (100, 100)),
        ("w=100&h=400&fit=scale", WHOLE, (100, 200), (100, 200)),
        ("w=100&h=400&fit=scale&enlarge=1", WHOLE, (100, 400), (100, 400)),
        ("w=100&h=100&fit=fill", WHOLE, (100, 67), (100, 100)),
        ("w=400&h=400&fit=fill", WHOLE, (300, 200), (400, 400)),
        ("w=400&h=400&fit=fill&enlarge=1", WHOLE, (400, 267), (400, 400)),
        *[(f"w=150&fit={fit}", WHOLE, (150, 100), (150, 100)) for fit in ("crop", "min", "scale", "fill")],
        ("h=1&w=1", WHOLE, (1, 1), (1, 1)),
    ],
)  # fmt: skip
def test_the_table(query: str, crop: Any, size: Any, canvas: Any) -> None:
    assert geometry(query) == Geometry(crop, size, canvas)


def test_the_blog_posts_third() -> None:
    # 5640 x 0.333333 = 1879.998 and 3172 x 1880 / 5640 = 1057.33
    assert geometry("w=0.333333", 5640, 3172).size == (1880, 1057)


def test_a_ratio_is_decimal() -> None:
    # 0.15 x 10 = 1.5, which rounds up; the binary fraction nearest to 0.15 lies below it.
    assert Resize(w=Decimal("0.15")).geometry(10, 10).size == (2, 2)


def test_nothing_vanishes_and_nothing_outgrows_its_box() -> None:
    for width, height in ((1, 9000), (9000, 1), (7, 3), (1000, 999)):
        for fit in ("clip", "max", "min", "crop", "scale", "fill"):
            for enlarge in (False, True):
                got = Resize(w=33, h=57, fit=fit, enlarge=enlarge).geometry(width, height)
                left, top, crop_width, crop_height = got.crop
                assert min(*got.size, crop_width, crop_height) >= 1
                assert left >= 0 <= top
                assert left + crop_width <= width
                assert top + crop_height <= height
                assert got.canvas[0] <= 33
                assert got.canvas[1] <= 57
                if not enlarge:
                    assert got.size[0] <= crop_width
                    assert got.size[1] <= crop_height
