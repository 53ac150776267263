"""Large strips of one bit, often a whole drawing: against Pillow's decode of all of it."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from asking import made, refused
from imgmiddleware.errors import ImageError
from imgmiddleware.formats.bands import decode_bands
from imgmiddleware.formats.facts import Facts, Pieces
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.stages import build
from imgmiddleware.service.originals.limits import check_reading
from imgmiddleware.settings import Settings
from originals import Stored, probe
from pictures import opened, pixels_of

#: Neither side is a multiple of eight; more than are decoded together with others.
WIDTH, HEIGHT = 3003, 2101
BITS = np.add.outer(np.arange(HEIGHT) // 7, np.arange(WIDTH) // 5) % 3 == 0


def drawing(compression: str, rows: int = HEIGHT, bits: Any = BITS) -> bytes:
    file = io.BytesIO()
    Image.fromarray(bits).save(file, "TIFF", compression=compression, tiffinfo={278: rows})
    return file.getvalue()


@pytest.mark.parametrize(
    ("compression", "rows"),
    [("group4", HEIGHT), ("group4", 1800), ("tiff_lzw", 1800), ("tiff_adobe_deflate", HEIGHT)],
)
def test_a_strip_that_is_the_picture(compression: str, rows: int) -> None:
    data = drawing(compression, rows)
    facts = probe(data)
    assert facts.pieces is not None
    assert facts.pieces.high == rows
    expected = np.asarray(opened(data)) * np.uint8(255)
    for left, top, wide, high in ((0, 0, WIDTH, HEIGHT), (13, 1790, 401, 37), (8, 16, 8, 8)):
        found = decode_bands(Stored(data), facts, (left, top, wide, high), 0)
        assert np.array_equal(found, expected[top : top + high, left : left + wide])
    assert np.array_equal(pixels_of(made(data, "fm=png"), "L"), BITS * np.uint8(255))


def test_a_strip_that_was_left_out_is_zeros() -> None:
    file = io.BytesIO(drawing("packbits", 1800))
    with tifffile.TiffFile(file, mode="r+b") as written:
        for tag in (273, 279):
            tags = written.pages[0].tags
            tags[tag].overwrite((0, *tags[tag].value[1:]))
    found = pixels_of(made(file.getvalue(), "fm=png"), "L")
    assert found[:1800].max() == 0
    assert np.array_equal(found[1800:], BITS[1800:] * np.uint8(255))


def test_what_it_takes_follows_its_bits() -> None:
    """Pillow's byte a pixel, and the pieces; not four times the samples, as decoded all at once."""
    facts = probe(drawing("group4"))
    assert WIDTH * HEIGHT < facts.band_bytes < 8 * 2**20 + 2 * WIDTH * HEIGHT


def test_four_pixels_of_one_bit_count_as_one() -> None:
    data = drawing("group4")
    counted = WIDTH * HEIGHT // 4
    assert refused(data, "w=80", max_source_pixels=counted)[0] == 200
    assert refused(data, "w=80", max_source_pixels=counted - 1) == (413, "source-pixels")


def test_a_drawing_of_140_megapixels_is_within_the_limits() -> None:
    strip = Pieces(10_000, 14_000, 10**6)
    drawn = Facts(
        format="tiff", width=10_000, height=14_000, bits=1, band_bytes=2**28, pieces=strip
    )
    check_reading(drawn, make_plan(drawn, build({"w": "800"})), 10**6, Settings())
    gray = replace(drawn, bits=8)
    with pytest.raises(ImageError, match="140000000 pixels"):
        check_reading(gray, make_plan(gray, build({"w": "800"})), 10**6, Settings())


def test_limits_of_pillow_are_for_what_pillow_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read here was held against limits of its own."""
    data = drawing("group4")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert made(data, "w=80&fm=png")
