"""Transform: its values are held to the ranges of their parameters, whoever builds them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from imgmiddleware import ImageError
from imgmiddleware.operations.focus import Blur
from imgmiddleware.operations.orient import Orient
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.page import Page
from imgmiddleware.operations.region import Region
from imgmiddleware.operations.resize import Resize
from imgmiddleware.operations.stages import OWNERS, build
from imgmiddleware.operations.surround import Backdrop, Pad
from imgmiddleware.operations.trim import Trim
from imgmiddleware.operations.turn import Rotate


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (Resize, "w", -5), (Resize, "w", 0), (Resize, "h", 1_000_001), (Resize, "w", True),
        (Resize, "w", Decimal("1.5")), (Resize, "w", Decimal(0)), (Resize, "w", 0.5), (Resize, "w", "5"),
        (Resize, "w", Decimal("NaN")), (Resize, "dpr", Decimal("5.1")), (Resize, "dpr", 2), (Resize, "fit", "both"),
        (Resize, "crop", ("left", "right")), (Resize, "ar", (Decimal(0), Decimal(1))), (Resize, "enlarge", 1),
        (Page, "page", 0), (Page, "page", 100_001), (Orient, "orient", "9"),
        (Region, "rect", (0, 0, 0, 5)), (Region, "rect", (-1, 0, 5, 5)), (Region, "rect", (0, 0, 5)),
        (Trim, "trim", "none"), (Trim, "trim", (0, 0, 0, 256)), (Blur, "blur", 2001), (Pad, "pad", -1),
        (Rotate, "rot", Decimal(360)), (Backdrop, "bg", (0, 0, 0)), (Output, "q", 101), (Output, "fm", "xyz"),
        (Output, "max_bytes", 99), (Output, "depth", 16), (Output, "keep", ("all",)), (Output, "keep", ["icc"]),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_refused_by_name(kind: Any, name: str, value: Any) -> None:
    with pytest.raises(ImageError) as refused:
        kind(**{name: value})
    assert (refused.value.status, refused.value.members["parameter"]) == (400, name)


@pytest.mark.parametrize(
    ("kind", "values", "spelled"),
    [
        (Resize, {"w": 8192, "h": Decimal("0.5")}, "w=8192&h=0.5"),
        (Resize, {"w": 40960}, "w=40960"),  # in device pixels, five for each of 8192
        (Resize, {"w": 50000}, "w=50000"),  # and the next of an option `widths`
        (Resize, {"w": Decimal("0.50")}, "w=0.5"),
        (Resize, {"ar": (Decimal(16), Decimal("9.0"))}, "ar=16:9"),
        (Region, {"rect": (0, "middle", "full", Decimal("0.25"))}, "rect=0,middle,full,0.25"),
        (Output, {"keep": ("icc", "exif")}, "keep=icc,exif"),
    ],
)  # fmt: skip
def test_a_value_within_it_has_one_spelling(kind: Any, values: Any, spelled: str) -> None:
    assert "&".join(kind(**values).spelled()) == spelled


def test_every_parameters_default_is_kept() -> None:
    for kind in dict.fromkeys(OWNERS.values()):
        assert list(kind().spelled()) == []


def test_a_text_is_held_to_less_than_a_value_in_device_pixels() -> None:
    with pytest.raises(ImageError, match="from 1 to 8192"):
        build({"w": "8193"})
