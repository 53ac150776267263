"""Geometry: the table of docs/query.md, worked out by hand for an original of 300 x 200."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.Image import Resampling, Transpose

from asking import shown
from imgmiddleware.operations.geometry import Geometry
from imgmiddleware.operations.resize import Resize
from imgmiddleware.operations.stages import build
from pictures import close, exif, photo_like, saved

WHOLE = (0, 0, 300, 200)


#: What an orientation of EXIF turns back.
TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 6: Transpose.ROTATE_90, 8: Transpose.ROTATE_270
}  # fmt: skip


def geometry(
    query: str, width: int = 300, height: int = 200, aspect: Fraction = Fraction(1)
) -> Geometry:
    texts = dict(pair.split("=") for pair in query.split("&")) if query else {}
    return build(texts).get(Resize).geometry(width, height, aspect)


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


@pytest.mark.parametrize("place", ["left", "right", "top,left", "bottom"])
def test_a_small_original_keeps_its_shape(place: str) -> None:
    """What is cut out has the box's shape to the fraction, and lies within the original."""
    for width, height in ((10, 7), (13, 40), (8, 5), (31, 30)):
        for w, h in ((4, 3), (5, 6), (7, 2), (3, 3)):
            query = f"w={w}&h={h}&fit=crop&crop={place}"
            for par in ("&par=0", "&par=1"):
                seen = geometry(par[1:], width, height, Fraction(2, 3)).size
                got = geometry(query + par, width, height, Fraction(2, 3))
                left, top, cut_w, cut_h = got.crop
                across, down = cut_w * seen[0] / width, cut_h * seen[1] / height
                assert Fraction(across) / Fraction(down) == Fraction(*got.size)
                assert left == (
                    0 if "left" in place else width - cut_w if "right" in place else left
                )
                assert 0 <= left <= width - cut_w
                assert 0 <= top <= height - cut_h


def test_where_pixels_stay_as_they_are_they_are_whole() -> None:
    for query in ("w=400&h=399&fit=crop", "w=400&h=399&fit=min&enlarge=1", "w=200&h=200&fit=crop"):
        got = geometry(query, 301, 200)
        assert {type(side) for side in got.crop} == {int}
    assert geometry("w=400&h=399&fit=crop", 301, 200).crop == (50, 0, 201, 200)  # 200.5, halves up


@pytest.mark.parametrize("orientation", [1, 2, 3, 6, 8])
@pytest.mark.parametrize(("w", "h"), [(4, 3), (20, 7), (9, 13)])
def test_what_is_cut_out_is_what_pillow_makes_of_the_same_fractions(
    w: int, h: int, orientation: int
) -> None:
    image = Image.fromarray(photo_like(29, 23))
    got = geometry(f"w={w}&h={h}&fit=crop", 29, 23)
    left, top, across, down = (float(side) for side in got.crop)
    assert not float.is_integer(across * down)
    expected = image.resize((w, h), Resampling.LANCZOS, (left, top, left + across, top + down))
    turned = image.transpose(TURNS[orientation]) if orientation > 1 else image
    data = saved(turned, "PNG", exif=exif(orientation))
    pixels = shown(data, f"fm=png&w={w}&h={h}&fit=crop")
    assert close(pixels, np.asarray(expected), 2)


@pytest.mark.parametrize(
    ("query", "crop", "size"),
    [
        # A square of 200 may begin at 0 to 100: its middle is at 100 to 200.
        ("w=100&h=100&fit=crop&crop=focalpoint", (50, 0, 200, 200), (100, 100)),
        ("w=100&h=100&fit=crop&crop=focalpoint&fp-x=0.6", (80, 0, 200, 200), (100, 100)),
        ("w=100&h=100&fit=crop&crop=focalpoint&fp-x=0.1", (0, 0, 200, 200), (100, 100)),
        ("w=100&h=100&fit=min&crop=focalpoint&fp-x=1&fp-y=1", (100, 0, 200, 200), (100, 100)),
        ("w=100&h=20&fit=crop&crop=focalpoint&fp-y=0.3", (0, 30, 300, 60), (100, 20)),
        # Twice as close: half of both sides, about the point.
        ("w=50&h=50&fit=crop&crop=focalpoint&fp-z=2", (100, 50, 100, 100), (50, 50)),
        ("w=50&h=50&fit=crop&crop=focalpoint&fp-z=2&fp-x=0.9&fp-y=0.1", (200, 0, 100, 100), (50, 50)),
        ("w=30&fit=crop&crop=focalpoint&fp-z=4&fp-x=0.5&fp-y=0.5", (113, 75, 75, 50), (30, 20)),
        ("h=20&fit=crop&crop=focalpoint&fp-z=4", (113, 75, 75, 50), (30, 20)),
        ("fit=crop&crop=focalpoint&fp-z=4", (113, 75, 75, 50), (75, 50)),
        # Closer than there are pixels: as many as there are, unless more are asked for.
        ("w=100&h=100&fit=crop&crop=focalpoint&fp-z=4", (125, 75, 50, 50), (50, 50)),
        ("w=100&h=100&fit=crop&crop=focalpoint&fp-z=4&enlarge=1", (125, 75, 50, 50), (100, 100)),
        ("w=150&fit=crop&crop=focalpoint&fp-z=4", (113, 75, 75, 50), (75, 50)),
        ("w=150&fit=crop&crop=focalpoint&fp-z=4&enlarge=1", (113, 75, 75, 50), (150, 100)),
        ("w=150&fit=min&crop=focalpoint&fp-z=4&enlarge=1", (113, 75, 75, 50), (75, 50)),
        # Sides say nothing beside a point, and a point nothing where none is asked for.
        ("w=100&h=100&fit=crop&crop=focalpoint,right&fp-x=0.1", (0, 0, 200, 200), (100, 100)),
        ("w=100&h=100&fit=crop&fp-x=0.1&fp-z=3", (50, 0, 200, 200), (100, 100)),
        ("w=100&h=100&crop=focalpoint&fp-x=0.1&fp-z=3", WHOLE, (100, 67)),
    ],
)  # fmt: skip
def test_a_focal_point(query: str, crop: Any, size: Any) -> None:
    assert geometry(query) == Geometry(crop, size, size)


def test_a_focal_point_is_as_near_to_the_middle_as_the_edges_let_it_be() -> None:
    for width, height in ((301, 199), (40, 90), (7, 3), (1, 50)):
        for x, y, z in ((0, 0.3, 1), (0.25, 0.9, 1.5), (0.501, 1, 3.7), (1, 0.5, 10)):
            for sides in ("w=13&h=8", "w=5&h=40", "w=9", "h=4", "ar=3:1", "w=900&h=900"):
                query = f"{sides}&fit=crop&crop=focalpoint&fp-x={x}&fp-y={y}&fp-z={z}"
                got = geometry(query, width, height)
                wholes = zip((x, y), (width, height), got.crop[:2], got.crop[2:], strict=True)
                for point, whole, start, side in wholes:
                    wanted = min(max(point * whole - side / 2, 0), whole - side)
                    assert abs(start - wanted) <= 0.5
                    assert 0 <= start <= whole - side
                assert got.size[0] <= got.crop[2]
                assert got.size[1] <= got.crop[3]


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


#: Of 300 x 200: a face at 30 to 60 and 20 to 60, one at 210 to 270 and 100 to 160, the larger.
SMALL, LARGER = (0.1, 0.1, 0.2, 0.3), (0.7, 0.5, 0.9, 0.8)
BOTH = (0.1, 0.1, 0.9, 0.8), LARGER


@pytest.mark.parametrize(
    ("query", "spots", "crop", "size"),
    [
        # As close as one pixel a pixel, about its middle.
        ("w=50&h=50", [SMALL], (20, 15, 50, 50), (50, 50)),
        ("w=20&h=20&facepad=1.5", [SMALL], (15, 10, 60, 60), (20, 20)),
        ("w=20&h=10", [SMALL], (5, 20, 80, 40), (20, 10)),
        ("w=20&h=10&dpr=0.5", [SMALL], (5, 20, 80, 40), (10, 5)),
        ("w=20&h=20&facepad=3", [LARGER], (120, 20, 180, 180), (20, 20)),
        # No farther than fit=crop, and not over an edge.
        ("w=20&h=20&facepad=99", [LARGER], (100, 0, 200, 200), (20, 20)),
        ("w=40&h=40&facepad=2", [SMALL], (5, 0, 80, 80), (40, 40)),
        ("w=90&h=300", [LARGER], (210, 0, 60, 200), (60, 200)),
        # All, where they have room; else the last, which is the largest.
        ("w=30&h=20", BOTH, (30, 10, 240, 160), (30, 20)),
        ("w=20&h=20", BOTH, (210, 100, 60, 60), (20, 20)),
        # The shape of the original, where one side is open; and no size at all.
        ("w=30", [SMALL], (15, 20, 60, 40), (30, 20)),
        ("h=20&ar=2:1", [SMALL], (5, 20, 80, 40), (40, 20)),
        ("", [SMALL], WHOLE, (300, 200)),
        ("ar=1:1", [SMALL], (0, 0, 200, 200), (200, 200)),
        # Enlarged, where that is asked for.
        ("w=90&h=90&enlarge=1", [SMALL], (25, 20, 40, 40), (90, 90)),
        ("w=400&h=400&enlarge=1", [SMALL], (25, 20, 40, 40), (400, 400)),
        ("w=9&h=9&enlarge=1&facepad=0.1", [(0.5, 0.5, 0.501, 0.502)], (150, 100, 1, 1), (9, 9)),
    ],
)  # fmt: skip
def test_faces_are_shown_as_close_as_can_be(
    query: str, spots: Any, crop: tuple[int, ...], size: tuple[int, int]
) -> None:
    texts = dict(pair.split("=") for pair in query.split("&")) if query else {}
    resize = build({**texts, "fit": "facearea"}).get(Resize)
    found = resize.geometry(300, 200, spots=spots)
    close = tuple(float(side) for side in found.crop)
    assert close == pytest.approx(crop, abs=0.51 if "dpr" in query else 1e-9)
    assert (found.size, found.canvas) == (size, size)
    # Without a face it is fit=crop, of the same size.
    none = resize.geometry(300, 200)
    assert none == build({**texts, "fit": "crop"}).get(Resize).geometry(300, 200)
    assert none.size == size
