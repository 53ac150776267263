"""`par=1`: a picture whose pixels are no squares in its true shape."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import made, shown
from files import AvifItem, avif, coded
from imgmiddleware.operations.stages import build
from originals import probe
from pictures import opened, quadrants, saved


def fax(across: float, down: float, orientation: int = 1) -> bytes:
    """Of so many dots an inch, 204 x 98 pixels: a square of one inch for the usual ones."""
    page = Image.fromarray(quadrants(204, 98))
    return saved(page, "TIFF", dpi=(across, down), tiffinfo={274: orientation})


def size(data: bytes, query: str = "") -> tuple[int, int]:
    return opened(made(data, f"fm=png&{query}".rstrip("&"))).size


def test_a_fax_is_as_high_as_it_is() -> None:
    assert size(fax(204, 98)) == (204, 98)
    assert size(fax(204, 98), "par=1") == (204, 204)
    assert size(fax(98, 204), "par=1") == (425, 98)  # 204 * 204 / 98 = 424.65
    assert size(fax(204, 98), "par=1&w=100") == (100, 100)
    assert size(fax(204, 98), "par=1&w=80&h=40&fit=crop") == (80, 40)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_fax_that_lies_on_its_side(orientation: int) -> None:
    assert size(fax(204, 98, orientation)) == (98, 204)
    assert size(fax(204, 98, orientation), "par=1") == (204, 204)
    assert size(fax(98, 204, orientation), "par=1") == (98, 425)


@pytest.mark.parametrize(
    ("across", "down"), [(72, 72), (0, 98), (204, 0), (1, 9), (300, 1), (72, 72.0001)]
)
def test_what_is_a_square_or_no_shape(across: float, down: float) -> None:
    assert size(fax(across, down), "par=1") == (204, 98)


def test_what_is_cut_out_is_what_was_seen() -> None:
    """Of the upper half, which is red and green."""
    seen = shown(fax(204, 98), "fm=png&par=1&w=60&h=30&fit=crop&crop=top")
    assert np.array_equal(seen[15, 15], quadrants()[0, 0])
    assert np.array_equal(seen[20, 45], quadrants()[0, -1])
    seen = shown(fax(204, 98), "fm=png&par=1&w=60&h=30&fit=crop&crop=bottom")
    assert np.array_equal(seen[10, 15], quadrants()[-1, 0])
    whole = shown(fax(204, 98), "fm=png&par=1&rect=102,0,102,49")
    assert whole.shape == (102, 102, 3)
    assert np.array_equal(whole[50, 50], quadrants()[0, -1])


def test_tags_that_are_left_out_or_are_none() -> None:
    plain = saved(quadrants(204, 98), "TIFF")
    assert size(plain, "par=1") == (204, 98)
    broken = fax(204, 98).replace(struct.pack("<HHL", 283, 5, 1), struct.pack("<HHL", 283, 2, 1))
    assert size(broken, "par=1") == (204, 98)


def with_pasp(across: int, down: int) -> bytes:
    item: AvifItem = coded(40, 24, box_of(across, down))
    return avif([item])


def box_of(across: int, down: int) -> bytes:
    return struct.pack(">L4sLL", 16, b"pasp", across, down)


def test_pasp_of_avif() -> None:
    assert size(with_pasp(4, 3)) == (40, 24)
    assert size(with_pasp(4, 3), "par=1") == (53, 24)
    assert size(with_pasp(1, 2), "par=1") == (40, 48)
    assert size(with_pasp(0, 2), "par=1") == (40, 24)
    assert probe(with_pasp(4, 3)).aspect * 3 == 4


def test_it_changes_no_picture_of_squares() -> None:
    transforms: list[Any] = [build({"w": "30"}), build({"w": "30", "par": "1"})]
    assert transforms[0] != transforms[1]
    data = saved(quadrants(), "PNG")
    assert made(data, "fm=png&w=30") == made(data, "fm=png&w=30&par=1")
