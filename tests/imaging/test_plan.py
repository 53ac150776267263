"""Plans: what they are made of, and boxes in the coordinates of the stored picture."""

from __future__ import annotations

from imgmiddleware.formats.facts import Facts
from imgmiddleware.imaging.engine import made_by
from imgmiddleware.imaging.held import Level
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.stages import build
from imgmiddleware.pixels.orientation import Orientation


def test_a_turned_original_is_planned_as_stored() -> None:
    plan = make_plan(
        Facts(format="jpeg", width=300, height=200, orientation=Orientation.TURNED_90),
        build({"w": "100"}),
    )
    assert (plan.stored, plan.crop) == ((300, 200), (0, 0, 300, 200))
    assert (plan.size, plan.canvas, plan.orientation) == ((150, 100), (100, 150), 6)


def test_a_turned_tiff_comes_upright_from_its_decoder() -> None:
    plan = make_plan(
        Facts(format="tiff", width=300, height=200, orientation=Orientation.TURNED_90),
        build({"w": "100"}),
    )
    assert (plan.stored, plan.size, plan.orientation) == ((200, 300), (100, 150), 1)


def test_a_scaled_decode_is_an_eighth_or_half_where_that_leaves_enough() -> None:
    facts = Facts(format="jpeg", width=3001, height=2000)
    for width in (1, 100, 187):  # 250 / 2 = 125 rows, of 187 x 125
        assert make_plan(facts, build({"w": str(width)})).level.samples == (376, 250)
    for width in (189, 300, 750):  # 1501 / 2 = 750.5
        assert make_plan(facts, build({"w": str(width)})).level.samples == (1501, 1000)
    assert make_plan(facts, build({"w": "751"})).level.samples == (3001, 2000)
    # Of a crop, the whole must be larger in the same measure.
    crop = make_plan(
        Facts(format="jpeg", width=3000, height=2000),
        build({"w": "500", "h": "1000", "fit": "crop"}),
    )
    assert crop.crop == (1000, 0, 1000, 2000)
    assert crop.level.samples == (3000, 2000)
    # Averaged in gamma it would be no light, and a border's edge would be blurred.
    for query in ({"linear": "1"}, {"trim": "auto"}):
        assert make_plan(facts, build({"w": "300", **query})).level.samples == (3001, 2000)


def test_a_crop_of_half_a_picture_may_be_at_a_half() -> None:
    plan = make_plan(
        Facts(format="jpeg", width=1001, height=751), build({"w": "100", "rect": "33,20,301,201"})
    )
    assert Level.whole(plan.stored).area(plan.crop) == (33, 20, 301, 201)
    assert Level.whole(plan.stored, by=2).area(plan.crop) == (16.5, 10, 150.5, 100.5)
    assert Level.whole(plan.stored, by=8).area(plan.crop) == (33 / 8, 2.5, 301 / 8, 201 / 8)
    small = make_plan(
        Facts(format="jpeg", width=9, height=11), build({"w": "1", "h": "1", "fit": "scale"})
    )
    assert small.level.samples == (2, 2)
    assert small.level.area(small.crop) == (0, 0, 9 / 8, 11 / 8)


def test_the_format_is_a_function_of_original_size_and_what_is_accepted() -> None:
    small, large = (
        Facts(format="png", width=2000, height=2000, alpha=True),
        Facts(format="png", width=2000, height=2001, alpha=True),
    )
    both = ("avif", "webp")
    assert make_plan(small, build({}), both).format == "avif"
    assert make_plan(small, build({}), ("webp",)).format == "webp"
    assert make_plan(large, build({}), both).format == "png"  # over 4 megapixels
    assert make_plan(large, build({"w": "1000"}), both).format == "avif"
    assert make_plan(small, build({"fm": "bmp"}), both).format == "bmp"


def test_the_format_follows_alpha_unless_it_is_asked_for() -> None:
    opaque, clear = (
        Facts(format="png", width=9, height=9),
        Facts(format="png", width=9, height=9, alpha=True),
    )
    assert [make_plan(f, build({})).format for f in (opaque, clear)] == ["jpg", "png"]
    assert make_plan(clear, build({"fm": "webp"})).format == "webp"


def test_the_key_of_an_animated_gif_alone_says_by_which_writer() -> None:
    """Its bytes were others once: a cache may hold them, and so may a browser."""
    facts = Facts(format="gif", width=9, height=9, frames=2, decode_bytes=1)
    moving = {fm: make_plan(facts, build({"anim": "1", "fm": fm})) for fm in ("gif", "webp")}
    still = make_plan(facts, build({"fm": "gif"}))
    assert made_by(moving["webp"]) == f"{made_by(still)} frames/2"
    assert made_by(moving["gif"]) == f"{made_by(still)} frames/2 gif/2"
