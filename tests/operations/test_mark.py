"""Mark: how large an overlay is and where it stands, by arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import get
from imgmiddleware import ImageError, ImageService
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.operations.mark import Mark
from imgmiddleware.operations.stages import build
from imgmiddleware.settings import Settings
from pictures import (
    close,
    exif,
    moving,
    noise,
    opened,
    pixels_of,
    read_by_opencv,
    saved,
    swapped_profile,
)

GRAY = np.full((200, 300, 3), 40, np.uint8)
WHITE = np.full((20, 50, 3), 255, np.uint8)


def service(**more: Any) -> ImageService:
    found = {"a": saved(GRAY, "PNG"), **more}
    return ImageService(found.get, overlays={"logo": saved(WHITE, "PNG")})


def box(query: str, overlay: str = "logo", **more: Any) -> tuple[int, int, int, int] | None:
    """Left, top, width, height of what is not of the picture below."""
    shown = pixels_of(get(service(**more), f"fm=png&mark={overlay}&{query}").read())
    rows, columns = np.nonzero((shown != 40).any(axis=2))
    if not len(rows):
        return None
    left, top = int(columns.min()), int(rows.min())
    return left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        # 300 x 200, an overlay of 50 x 20, 5 pixels from the edges.
        ("", (245, 175, 50, 20)),
        ("mark-pad=0", (250, 180, 50, 20)),
        ("mark-pad=17", (233, 163, 50, 20)),
        ("mark-align=top,left", (5, 5, 50, 20)),
        ("mark-align=left,top", (5, 5, 50, 20)),
        ("mark-align=top", (125, 5, 50, 20)),
        ("mark-align=right", (245, 90, 50, 20)),
        ("mark-align=middle,center", (125, 90, 50, 20)),
        ("mark-align=center", (125, 90, 50, 20)),
        ("mark-align=bottom,center&mark-pad=9", (125, 171, 50, 20)),
        ("mark-x=7", (7, 175, 50, 20)),
        ("mark-y=0&mark-align=left", (5, 0, 50, 20)),
        ("mark-x=-20&mark-y=-5&mark-pad=50", (0, 0, 30, 15)),
        ("mark-x=280&mark-y=195", (280, 195, 20, 5)),
        ("mark-x=300", None),
        ("mark-y=-20", None),
        ("mark-alpha=0", None),
        # Its size: pixels of the result, or of its own where it is a ratio.
        ("mark-w=100&mark-pad=0", (200, 160, 100, 40)),
        ("mark-h=10&mark-pad=0", (275, 190, 25, 10)),
        ("mark-w=0.5&mark-pad=0", (275, 190, 25, 10)),
        ("mark-w=20&mark-h=20&mark-pad=0", (280, 192, 20, 8)),
        ("mark-w=20&mark-h=20&mark-pad=0&mark-fit=crop", (280, 180, 20, 20)),
        ("mark-w=20&mark-h=40&mark-pad=0&mark-fit=scale", (280, 160, 20, 40)),
        ("mark-w=100&mark-h=100&mark-fit=max&mark-pad=0", (250, 180, 50, 20)),
        ("mark-w=100&mark-h=100&mark-fit=fill&mark-pad=0", (200, 130, 100, 40)),  # 40 in the middle
        # In percent of the picture: half of 300 is 150, and 60 are less than half of 200.
        ("mark-scale=50&mark-pad=0", (150, 140, 150, 60)),
        ("mark-scale=100&mark-pad=0", (0, 80, 300, 120)),
        ("mark-scale=50&mark-w=10&mark-pad=0", (290, 196, 10, 4)),
        # Of the result, whatever its size: 150 x 100 here.
        ("w=150&mark-scale=50&mark-pad=0", (75, 70, 75, 30)),
        ("w=75&dpr=2&mark-w=10&mark-pad=0", (140, 96, 10, 4)),
        ("rot=90&mark-pad=0", (150, 280, 50, 20)),
        ("rect=0,0,100,50&mark-pad=0", (50, 30, 50, 20)),
        # Turned: 50 x 20 becomes 20 x 50.
        ("mark-rot=90&mark-pad=0", (280, 150, 20, 50)),
        ("mark-rot=-90&mark-align=top,left", (5, 5, 20, 50)),
    ],
)  # fmt: skip
def test_where_it_stands(query: str, wanted: tuple[int, int, int, int] | None) -> None:
    assert box(query) == wanted


def test_a_tall_one_fits_into_its_share_too() -> None:
    tall = saved(np.full((100, 10, 3), 255, np.uint8), "PNG")
    assert box("mark-scale=50&mark-pad=0", "/tall", tall=tall) == (290, 100, 10, 100)


def test_a_grid_begins_at_the_corner() -> None:
    shown = pixels_of(get(service(), "fm=png&mark=logo&mark-tile=grid&mark-pad=10").read())
    rows, columns = (np.nonzero((shown[..., 0] == 255).any(axis=axis))[0] for axis in (1, 0))
    assert [*rows] == [y for y in range(200) if (y - 10) % 30 < 20]
    assert [*columns] == [x for x in range(300) if (x - 10) % 60 < 50]
    right = "fm=png&mark=logo&mark-tile=grid&mark-pad=10&mark-align=bottom,right"
    shown = pixels_of(get(service(), right).read())
    assert shown[189, 289, 0] == 255
    assert (shown[190:] == 40).all()
    assert (shown[:, 290:] == 40).all()


def test_a_turned_one_is_clear_in_its_corners() -> None:
    shown = pixels_of(get(service(), "fm=png&mark=logo&mark-rot=45&mark-align=top,left").read())
    assert (shown[5:9, 5:9] == 40).all()
    assert (shown[28:32, 28:32] == 255).all()  # its middle: half of 50 sin 45° + 20 cos 45° from 5


def test_it_is_upright_and_in_srgb_as_any_original() -> None:
    rows = np.zeros((40, 20, 3), np.uint8)
    rows[:20], rows[20:] = (200, 0, 0), (0, 0, 200)
    turned = saved(rows, "PNG", exif=exif(6))  # its left is up: blue comes left
    shown = pixels_of(get(service(t=turned), "fm=png&mark=/t&mark-align=top,left").read())
    assert tuple(shown[15, 8]) == (0, 0, 200)
    assert tuple(shown[15, 40]) == (200, 0, 0)
    inks = saved(noise(20, 20).convert("CMYK"), "TIFF")
    assert get(service(i=inks), "fm=png&mark=/i").status == 200


def test_its_edges_are_weighed_by_their_alpha() -> None:
    """What is clear is green, and is not seen though it is made smaller with what is white."""
    sheet = np.zeros((40, 40, 4), np.uint8)
    sheet[..., 1] = 255
    sheet[10:30, 10:30] = 255
    picture = saved(np.full((60, 60, 3), 255, np.uint8), "PNG")
    shown = pixels_of(get(service(s=saved(sheet, "PNG"), w=picture), "fm=png&mark=/s&mark-w=13", "w").read())  # fmt: skip
    assert (shown == 255).all()


def test_each_frame_has_it_and_of_an_overlay_that_moves_the_first_is_laid() -> None:
    below = [Image.new("RGB", (64, 48), color) for color in ("red", "lime", "blue")]
    above = [Image.new("RGB", (16, 16), color) for color in ("white", "black")]
    more = {"g": moving(below, "GIF"), "o": moving(above, "PNG")}
    query = "anim=1&fm=webp&q=100&mark=/o&mark-pad=0&mark-align=top,left"
    image = opened(get(service(**more), query, "g").read())
    assert image.n_frames == 3
    for number, frame in enumerate(below):
        image.seek(number)
        shown = np.asarray(image.convert("RGB"))
        assert close(shown[4:12, 4:12], 255)
        assert close(shown[32:, 32:], np.asarray(frame)[32:, 32:])


def test_it_is_laid_last_and_over_what_was_trimmed() -> None:
    plain = pixels_of(get(service(), "fm=png&mark=logo&mark-pad=0").read())
    for after in ("flip=h", "blur=50", "mono=gray", "sharp=90"):
        shown = pixels_of(get(service(), f"fm=png&mark=logo&mark-pad=0&{after}").read())
        assert np.array_equal(shown, plain), after
    padded = pixels_of(get(service(), "fm=png&mark=logo&mark-pad=0&pad=10&bg=0f0").read())
    assert tuple(padded[-1, -1]) == (255, 255, 255)
    assert padded.shape == (220, 320, 3)
    bordered = np.full((260, 340, 3), 255, np.uint8)
    bordered[30:230, 20:320] = GRAY
    shown = pixels_of(get(service(b=saved(bordered, "PNG")), "fm=png&trim=auto&mark=logo&mark-pad=0", "b").read())  # fmt: skip
    assert np.array_equal(shown, plain)


def test_alpha_below_stays_where_nothing_is_laid() -> None:
    clear = np.zeros((200, 300, 4), np.uint8)
    shown = pixels_of(get(service(c=saved(clear, "PNG")), "fm=png&mark=logo", "c").read(), "RGBA")
    assert (shown[175:195, 245:295] == 255).all()
    assert shown[..., 3].sum() == 255 * 50 * 20
    jpeg = pixels_of(get(service(c=saved(clear, "PNG")), "fm=png&mark=logo&bg=f00", "c").read())
    assert tuple(jpeg[0, 0]) == (255, 0, 0)
    assert tuple(jpeg[180, 250]) == (255, 255, 255)


def test_sixteen_bits_stay_and_profiles_do_not() -> None:
    deep = (np.arange(200 * 300, dtype=np.uint16).reshape(200, 300)) + 1000
    gray = saved(WHITE[..., 0], "PNG")
    more = {"d": saved(deep, "PNG"), "gray": gray}
    shown = read_by_opencv(get(service(**more), "fm=png&depth=16&mark=/gray", "d").read())
    assert shown.dtype == np.uint16
    assert np.array_equal(shown[:100], deep[:100])
    assert (shown[175:195, 245:295] == 65535).all()
    tagged = saved(noise(300, 200), "PNG", icc_profile=swapped_profile())
    for query, kept in (("keep=icc", True), ("keep=icc&mark=logo", False)):
        image = opened(get(service(t=tagged), f"fm=png&{query}", "t").read())
        assert ("icc_profile" in image.info) == kept
    srgb = pixels_of(get(service(t=tagged), "fm=png", "t").read())
    assert np.array_equal(pixels_of(get(service(t=tagged), "fm=png&keep=icc&mark=logo", "t").read())[:100], srgb[:100])  # fmt: skip


def test_what_is_said_without_a_mark_says_nothing() -> None:
    plain, more = service(), "&mark-w=9&mark-alpha=5&mark-tile=grid&markx=4&mark-rot=4"
    assert get(plain, f"fm=png{more}").header("ETag") == get(plain, "fm=png").header("ETag")


OLD = ("align", "alpha", "fit", "h", "pad", "scale", "tile", "w", "x", "y")


@pytest.mark.parametrize("name", OLD)
def test_imgix_s_old_names_are_known(name: str) -> None:
    text = {"align": "top,left", "fit": "max", "tile": "grid"}.get(name, "7")
    settings = Settings(overlays={"logo": b""})
    old = QueryGrammar(settings).parse(f"mark=logo&mark{name}={text}").transform
    assert old == build({"mark": "logo", f"mark-{name}": text})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mark_align", ("top", "top")), ("mark_align", "top"), ("mark_x", -8193), ("mark_pad", -1),
        ("mark_alpha", 101), ("mark_scale", 0), ("mark_fit", "min"), ("mark_blend", "color"),
        ("mark", ""), ("mark", "\ud800"), ("mark_w", 0), ("mark_tile", "brick"),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ImageError) as refused:
        Mark(**{name: value})
    assert refused.value.members["parameter"] == name.replace("_", "-")
