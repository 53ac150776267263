"""Arithmetic of alpha, against fractions."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

from imgmiddleware.pixels.arrays import over

Pixel = tuple[int, ...]


def porter_duff(above: Pixel, below: Pixel, most: int) -> tuple[Fraction, ...]:
    """What is seen of two pixels, blue, green, red and alpha, by the rule of 1984."""
    alpha, under = Fraction(above[3], most), Fraction(below[3], most)
    rest = under * (1 - alpha)
    total = alpha + rest
    colors = [above[i] * alpha + below[i] * rest for i in range(3)]
    return *(color / total if total else Fraction(0) for color in colors), total * most


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_over(dtype: type) -> None:
    most, dice = int(np.iinfo(dtype).max), random.Random(5)
    values = [0, 1, most // 2, most - 1, most]
    for _ in range(2000):
        above, below = (
            [dice.choice([*values, dice.randint(0, most)]) for _ in "bgra"] for _ in "ab"
        )
        found = over(np.array([[above]], dtype), np.array(below, dtype))
        assert found.dtype == dtype
        for sample, exact in zip(found[0, 0], porter_duff(above, below, most), strict=True):
            assert abs(int(sample) - exact) <= Fraction(51, 100), (above, below)
