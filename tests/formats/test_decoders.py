"""What decoders share: samples that are not those of the header are refused."""

from __future__ import annotations

import numpy as np
import pytest

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.decoders import compared
from imgmiddleware.formats.facts import Facts

SHAPES = {"gray": (3, 5), "rgb": (3, 5, 3)}


@pytest.mark.parametrize("color", SHAPES)
@pytest.mark.parametrize("depth", [8, 16])
def test_samples_are_compared_with_the_header(color: str, depth: int) -> None:
    facts = Facts(format="jp2", width=5, height=3, color=color, depth=depth, bits=depth)
    for found, shape in SHAPES.items():
        for bits in (8, 16):
            pixels = np.zeros(shape, f"u{bits // 8}")
            if (found, bits) == (color, depth):
                assert compared(pixels, facts) is pixels
            else:
                with pytest.raises(ImageError, match="other samples"):
                    compared(pixels, facts)
