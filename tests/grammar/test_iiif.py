"""IIIF's segments: what they mean, by the sentences of Image API 3.0 and 2.1."""

from __future__ import annotations

import pytest

from imgmiddleware import ImageError
from imgmiddleware.grammar.grid import Grid, Limits
from imgmiddleware.grammar.iiif.segments import Segments, named
from imgmiddleware.grammar.placed import Named, Told

LIMITS = Limits(16_383, 16_383, 50_000_000)
GRID = Grid((256, 256), (1, 2, 4, 8, 16))
#: 3000 x 2001: neither side is a multiple of a tile's.
WHOLE = (3000, 2001)


def asked(path: str, whole: tuple[int, int] = WHOLE, limits: Limits = LIMITS) -> str:
    found = named(f"cat.jpg/{path}", version=2)
    assert found is not None
    assert found.id == "cat.jpg"
    assert isinstance(found.asks, Segments)
    return found.asks.placed(whole, limits, GRID).transform.canonical


def test_segments_are_read_from_the_right() -> None:
    segments = Segments("full", "max", "0", "default", "jpg")
    assert named("a/b/full/max/0/default.jpg") == Named("a/b", segments)
    assert named("full/max/0/default.jpg/full/max/0/default.jpg") == Named(
        "full/max/0/default.jpg", segments
    )
    assert named("a/b/info.json") == Named("a/b", Told.INFO)


@pytest.mark.parametrize(
    "id",
    [
        "info.json",
        "cat.jpg",
        "2024/12/24/31.jpg",
        "a/b/c/d/e.jpg",
        "/full/max/0/default.jpg",
        "full/max/0/default.jpg",
    ],
)
def test_ids_alone(id: str) -> None:
    assert named(id) is None


@pytest.mark.parametrize(
    ("region", "rect"),
    [
        ("full", "0,0,3000,2001"),
        ("square", "499,0,2001,2001"),
        ("125,15,120,140", "125,15,120,140"),
        ("2900,1900,200,200", "2900,1900,100,101"),
        ("pct:41.6,7.5,40,70", "1248,150,1200,1401"),  # 150.075 and 1400.7
        ("pct:0,0,.001,.001", "0,0,1,1"),
        ("pct:50,50,100,100", "1500,1001,1500,1000"),  # 1000.5, halves up
        # As JavaScript writes 100/3 and 20/3: a third, and 133.4 rows.
        ("pct:33.333333333333336,6.666666666666667,50,50", "1000,133,1500,1001"),
    ],
)
def test_regions(region: str, rect: str) -> None:
    assert asked(f"{region}/max/0/default.jpg").startswith(f"rect={rect}&")


@pytest.mark.parametrize(
    "region", ["0,0,0,10", "0,0,10,0", "3000,0,10,10", "0,2001,1,1", "pct:100,0,5,5", "pct:0,0,0,5"]
)
def test_regions_that_are_400(region: str) -> None:
    with pytest.raises(ImageError, match="region") as caught:
        asked(f"{region}/max/0/default.jpg")
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("full/max", (3000, 2001)),
        ("full/full", (3000, 2001)),
        ("0,0,600,400/150,", (150, 100)),
        ("0,0,600,400/,100", (150, 100)),
        ("0,0,600,400/pct:50", (300, 200)),
        ("0,0,600,400/225,100", (225, 100)),
        ("0,0,600,400/!225,100", (150, 100)),
        ("0,0,600,400/!2250,1000", (600, 400)),
        ("0,0,600,400/^!1200,1000", (1200, 800)),
        ("0,0,600,400/^900,", (900, 600)),
        ("0,0,600,400/^,800", (1200, 800)),
        ("0,0,600,400/^pct:150", (900, 600)),
        ("0,0,600,400/^500,500", (500, 500)),
        ("0,0,600,400/pct:0.01", (1, 1)),
        ("0,0,600,1/!100,100", (100, 1)),
    ],
)
def test_sizes(path: str, size: tuple[int, int]) -> None:
    width, height = size
    assert f"&w={width}&h={height}&fit=scale" in asked(f"{path}/0/default.jpg")


@pytest.mark.parametrize(
    "size",
    [
        "0,",
        ",0",
        "0,0",
        "!0,5",
        "pct:0",
        "601,",
        ",401",
        "601,10",
        "10,401",
        "pct:100.1",
        "pct:100.01",  # of 600 pixels no more than these
        "^16384,10",
        "^9000,9000",
    ],
)
def test_sizes_that_are_400(size: str) -> None:
    with pytest.raises(ImageError, match="size") as caught:
        asked(f"0,0,600,400/{size}/0/default.jpg")
    assert caught.value.status == 400


def test_the_largest_is_within_the_limits() -> None:
    small = Limits(1000, 1000, 500_000)
    # By the width 1000 x 667, which are 667,000 pixels; of this shape 865 x 577 are within 500,000.
    for size in ("max", "^max", "!2000,2000"):
        assert "&w=865&h=577&" in asked(f"full/{size}/0/default.jpg", limits=small)
    # Of a line a pixel high no more than there may be pixels.
    assert "&w=300&h=1&" in asked("0,0,3000,1/max/0/default.jpg", limits=Limits(9000, 9000, 300))
    assert "&w=1&h=300&" in asked("0,0,1,2001/max/0/default.jpg", limits=Limits(9000, 9000, 300))
    assert "&w=1000&h=1000&fit=scale&enlarge=1" in asked(
        "0,0,10,10/^max/0/default.jpg", limits=Limits(1000, 2000, 2_000_000)
    )


@pytest.mark.parametrize(
    ("region", "size", "expected"),
    [
        # The last column at a half: 3000 - 2560 = 440 pixels wide, 512 high.
        ("2560,0,440,512", "220,", (220, 256)),
        # The lower right corner at a quarter: 952 x 977, whose ratio would give 238 x 244.
        ("2048,1024,952,977", "238,", (238, 245)),
        ("2048,1024,952,977", ",245", (238, 245)),
        # The whole at a sixteenth: 187.5 and 125.06, both rounded up.
        ("full", "188,", (188, 126)),
        ("full", ",126", (188, 126)),
        # What is on no grid has the ratio's.
        ("2047,1024,953,977", "238,", (238, 244)),
        ("full", "187,", (187, 125)),
    ],
)
def test_a_tile_at_the_edge_has_the_size_of_the_grid(
    region: str, size: str, expected: tuple[int, int]
) -> None:
    width, height = expected
    assert f"&w={width}&h={height}&" in asked(f"{region}/{size}/0/default.jpg")


def test_rotation_quality_and_format() -> None:
    assert asked("0,0,9,9/9,9/!90/gray.png").endswith("&flip=h&rot=90&mono=gray&fm=png")
    assert asked("0,0,9,9/9,9/360/color.webp").endswith("&fit=scale&fm=webp")
    assert "&rot=22.5&" in asked("0,0,9,9/9,9/22.50/bitonal.tif")
    assert "&rot=0.3&" in asked("0,0,9,9/9,9/0.30000000000000004/gray.tif")  # 0.1 + 0.2


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("half/max/0/default.jpg", "region"),
        ("0,0,-5,9/max/0/default.jpg", "region"),
        ("full/,/0/default.jpg", "size"),
        ("full/!5,/0/default.jpg", "size"),
        ("full/^full/0/default.jpg", "size"),
        ("full/max/361/default.jpg", "rotation"),
        ("full/max/-90/default.jpg", "rotation"),
        ("full/max/0/sepia.jpg", "quality"),
        ("full/max/0/default.bmp", "format"),
        ("full/max/٣/default.jpg", "rotation"),
    ],
)
def test_one_wrong_segment_is_named(path: str, name: str) -> None:
    with pytest.raises(ImageError, match=name) as caught:
        named(f"cat.jpg/{path}")
    assert (caught.value.status, caught.value.members) == (400, {"parameter": name})


def test_the_size_of_version_2_leads_to_that_of_version_3() -> None:
    with pytest.raises(ImageError, match="size='full' is not max, as version 3 calls it"):
        named("cat.jpg/full/full/0/default.jpg")
    assert named("cat.jpg/full/full/0/default.jpg", version=2)
