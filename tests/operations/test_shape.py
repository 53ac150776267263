"""Masks, borders, and what is around a picture: against Pillow's drawing in 16 times the size."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageColor, ImageDraw, ImageFilter

from asking import made, refused, shown
from pictures import by_opencv, close, moving, opened, photo_like, psnr, read_by_opencv, saved

WIDTH, HEIGHT = 120, 90
PHOTO = photo_like(WIDTH, HEIGHT)
PNG = saved(PHOTO, "PNG")
FINE = 16


def drawn(draw: Any, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Any:
    """How much of each pixel is inside of what is drawn: 0 to 255."""
    image = Image.new("L", tuple(side * FINE for side in size))
    draw(ImageDraw.Draw(image))
    return np.asarray(image.resize(size, Image.Resampling.BOX))


def box(radii: tuple[int, ...], inset: int = 0, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Any:
    """A rounded box by its parts: two bars, less the corners, plus their quarters of discs."""
    width, height = (side * FINE for side in size)
    at = inset * FINE

    def draw(to: Any) -> None:
        to.rectangle((at, at, width - at - 1, height - at - 1), 255)
        for number, radius in enumerate(radius * FINE for radius in radii):
            if not radius:
                continue
            right, low = number in (1, 2), number in (2, 3)
            x, y = (width - at - radius if right else at), (height - at - radius if low else at)
            to.rectangle((x, y, x + radius - 1, y + radius - 1), 0)
            left, top = x - radius * right, y - radius * low
            disc = Image.new("L", (radius, radius))
            ImageDraw.Draw(disc).ellipse(
                (left - x, top - y, left - x + 2 * radius - 1, top - y + 2 * radius - 1), 255
            )
            to._image.paste(disc, (x, y))

    return drawn(draw, size)


def test_an_ellipse_touches_all_sides() -> None:
    mine = shown(PNG, "mask=ellipse&fm=png", "RGBA")
    whole = (0, 0, WIDTH * FINE - 1, HEIGHT * FINE - 1)
    assert close(mine[..., 3], drawn(lambda to: to.ellipse(whole, 255)), 5)
    assert mine[..., 3].sum() == pytest.approx(255 * np.pi * WIDTH * HEIGHT / 4, rel=1e-3)
    seen = mine[..., 3] > 0
    assert np.array_equal(mine[..., :3][seen], PHOTO[seen])


@pytest.mark.parametrize(
    ("text", "radii"),
    [("20", (20,) * 4), ("30,10,0,5", (30, 10, 0, 5)), ("45", (45,) * 4), ("999", (45,) * 4)],
)
def test_corners_are_round(text: str, radii: tuple[int, ...]) -> None:
    """Too large ones are as large as fit, as in CSS."""
    mine = shown(PNG, f"mask=corners&corner-radius={text}&fm=png", "RGBA")
    assert close(mine[..., 3], box(radii), 6)


def test_radii_that_do_not_fit_are_all_made_smaller() -> None:
    """CSS Backgrounds and Borders, section 4.5: 80 + 100 along 90 pixels make all of them half."""
    mine = shown(PNG, "mask=corners&corner-radius=80,20,10,100&fm=png", "RGBA")
    assert close(mine[..., 3], box((40, 10, 5, 50)), 6)


@pytest.mark.parametrize("query", ["mask=ellipse", "mask=corners&corner-radius=30"])
def test_a_format_without_alpha_has_the_background_there(query: str) -> None:
    for bg, color in (("", (255, 255, 255)), ("&bg=204060", (0x20, 0x40, 0x60))):
        mine = shown(PNG, f"{query}{bg}&fm=bmp")
        assert tuple(mine[0, 0]) == color
        assert np.array_equal(mine[45, 60], PHOTO[45, 60])
        alpha = shown(PNG, f"{query}&fm=png", "RGBA")[..., 3:] / 255
        assert close(mine, np.rint(PHOTO * alpha + np.array(color) * (1 - alpha)), 1)


def test_what_was_clear_stays_so() -> None:
    alpha = np.full((HEIGHT, WIDTH), 100, np.uint8)
    mine = shown(saved(np.dstack((PHOTO, alpha)), "PNG"), "mask=ellipse&fm=png", "RGBA")
    assert (mine[0, 0, 3], mine[45, 60, 3]) == (0, 100)
    gray = shown(saved(PHOTO[..., 0].copy(), "PNG"), "mask=ellipse&fm=png", "RGBA")
    assert np.array_equal(gray[45, 60], [*[PHOTO[45, 60, 0]] * 3, 255])


def test_sixteen_bits_have_as_smooth_an_edge() -> None:
    deep = by_opencv(".png", PHOTO.astype(np.uint16) * 257)
    mine = read_by_opencv(made(deep, "mask=ellipse&depth=16&fm=png"))
    eight = shown(PNG, "mask=ellipse&fm=png", "RGBA")
    assert mine.dtype == np.uint16
    assert np.array_equal(mine[..., 3], eight[..., 3].astype(np.uint16) * 257)
    ring = read_by_opencv(made(deep, "border=4,80ff0000&border-radius=9&depth=16&fm=png"))
    assert close(
        ring / 257,
        shown(PNG, "border=4,80ff0000&border-radius=9&fm=png", "RGBA")[..., [2, 1, 0, 3]],
        1,
    )


@pytest.mark.parametrize("text", ["204080", "8020c0ff", "ff204080"])
@pytest.mark.parametrize("format", ["png", "webp", "jpg"])
def test_what_is_outside_has_a_colour(text: str, format: str) -> None:
    """Of each pixel the mask's share is the picture's, and the rest the colour's."""
    shade = [int(text.rjust(8, "f")[i : i + 2], 16) for i in (2, 4, 6, 0)]
    clear = shown(PNG, "mask=ellipse&fm=png", "RGBA").astype(float)
    inside, alpha = clear[..., 3:] / 255, shade[3] / 255
    total = inside + (1 - inside) * alpha
    colors = (PHOTO * inside + np.array(shade[:3]) * (1 - inside) * alpha) / np.maximum(total, 1e-9)
    query = f"mask=ellipse&mask-bg={text}&fm={format}&lossless=1&q=100"
    mine = shown(PNG, query, "RGBA" if format != "jpg" else "RGB").astype(float)
    if format == "jpg":
        wanted = colors * total + 255 * (1 - total)
        assert np.abs(mine - wanted).mean() < 3
        return
    assert np.abs(mine[..., 3:] - total * 255).max() <= 1
    seen = total[..., 0] > 0.02
    assert np.abs(mine[..., :3] - colors)[seen].max() <= 2


def test_a_colour_outside_is_nothing_without_a_mask() -> None:
    assert made(PNG, "mask-bg=f00&fm=png") == made(PNG, "fm=png")
    assert made(PNG, "mask=corners&mask-bg=f00&fm=png") == made(PNG, "fm=png")
    gone = saved(np.dstack((PHOTO, np.zeros(PHOTO.shape[:2], np.uint8))), "PNG")
    mine = shown(gone, "mask=ellipse&mask-bg=f00&fm=png", "RGBA")
    assert mine[len(mine) // 2, mine.shape[1] // 2, 3] == 0
    assert tuple(mine[0, 0]) == (255, 0, 0, 255)


@pytest.mark.parametrize(("text", "mode"), [("808080", "L"), ("f00", "RGB")])
def test_gray_stays_gray_beside_gray(text: str, mode: str) -> None:
    gray = saved(PHOTO[..., 0].copy(), "PNG")
    mine = opened(made(gray, f"mask=ellipse&mask-bg={text}&fm=png"))
    assert mine.mode == mode
    assert mine.convert("RGB").getpixel((0, 0)) == ImageColor.getrgb("#" + text)


def test_sixteen_bits_have_it_too() -> None:
    deep = by_opencv(".png", PHOTO.astype(np.uint16) * 257)
    mine = read_by_opencv(made(deep, "mask=ellipse&mask-bg=204080&depth=16&fm=png"))
    assert tuple(mine[0, 0]) == (0x80 * 257, 0x40 * 257, 0x20 * 257)


def test_every_frame_is_masked() -> None:
    frames = [Image.new("RGB", (20, 16), color) for color in ("red", "blue", "lime")]
    file = opened(made(moving(frames, "GIF", duration=50), "anim=1&mask=ellipse&fm=webp"))
    for number in range(3):
        file.seek(number)
        frame = np.asarray(file.convert("RGBA"))
        assert (frame[0, 0, 3], frame[8, 10, 3]) == (0, 255)


def test_a_border_lies_on_the_picture() -> None:
    """Which keeps its size; `pad` is for what is around it."""
    mine = shown(PNG, "border=7,204060&fm=png")
    expected = np.full_like(PHOTO, (0x20, 0x40, 0x60))
    expected[7:-7, 7:-7] = PHOTO[7:-7, 7:-7]
    assert np.array_equal(mine, expected)
    assert (shown(PNG, "border=60,204060&fm=png") == (0x20, 0x40, 0x60)).all()
    gray = saved(PHOTO[..., 0].copy(), "PNG")
    assert opened(made(gray, "border=3,fff&fm=jpg")).mode == "L"
    assert np.array_equal(shown(gray, "border=3,f00&fm=png")[0, 0], (255, 0, 0))


def test_a_translucent_border_is_pillows_composition() -> None:
    mine = shown(PNG, "border=7,80204060&fm=png")
    line = Image.new("RGBA", (WIDTH, HEIGHT), (0x20, 0x40, 0x60, 0x80))
    line.paste((0, 0, 0, 0), (7, 7, WIDTH - 7, HEIGHT - 7))
    under = Image.fromarray(PHOTO).convert("RGBA")
    expected = np.asarray(Image.alpha_composite(under, line).convert("RGB"))
    assert close(mine, expected, 1)


def test_a_round_border_is_clear_outside() -> None:
    """Its inner edge is round by what is left of the radius."""
    mine = shown(PNG, "border=10,204060&border-radius=30,10,0,5&fm=png", "RGBA")
    assert close(mine[..., 3], box((30, 10, 0, 5)), 6)
    inside = box((20, 0, 0, 0), 10)[..., None] / 255
    expected = PHOTO * inside + np.array((0x20, 0x40, 0x60)) * (1 - inside)
    seen = mine[..., 3] == 255
    assert close(mine[..., :3][seen], np.rint(expected)[seen], 6)


def test_what_is_around_is_the_picture_blurred() -> None:
    """As large as covers the canvas: Pillow's, blurred by as much, 1.5 of 40 pixels."""
    mine = shown(PNG, "w=120&h=180&fit=fill&fill=blur&fm=png")
    assert mine.shape == (180, 120, 3)
    assert np.array_equal(mine[45:135], PHOTO)
    image = (
        Image.fromarray(PHOTO).crop((30, 0, 90, 90)).resize((120, 180), Image.Resampling.BICUBIC)
    )
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(1.5 * 180 / 40)))
    around = np.r_[0:45, 135:180]
    assert psnr(mine[around], soft[around]) > 30
    assert psnr(mine[around], PHOTO.mean((0, 1))) < 28
    wide = shown(PNG, "w=300&h=90&fit=fillmax&fill=blur&fm=png")
    assert np.array_equal(wide[:, 90:210], PHOTO)


def test_nothing_hidden_is_around() -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[..., 1] = 255  # green, hidden
    pixels[:, 10:30] = (230, 20, 20, 255)
    mine = shown(saved(pixels, "PNG"), "w=40&h=90&fit=fill&fill=blur&fm=png", "RGBA")
    seen = mine[..., 3] > 20
    assert close(mine[seen][:, :3], (230, 20, 20), 6)
    assert seen[5, 20]


def test_what_is_around_may_have_a_colour_of_its_own() -> None:
    mine = shown(PNG, "w=120&h=180&fit=fill&fill=solid&fill-color=204060&bg=fff&pad=2&fm=png")
    assert np.array_equal(mine[0, 0], (255, 255, 255))
    assert np.array_equal(mine[2, 2], (0x20, 0x40, 0x60))
    assert np.array_equal(mine[47:137, 2:-2], PHOTO)
    for same in (
        "fit=fill&fill=blur",
        "fill=blur",
        "w=60&h=90&fill=blur",
        "fit=crop&fill-color=f00",
    ):
        plain = (
            same.replace("&fill=blur", "").replace("fill=blur", "").replace("&fill-color=f00", "")
        )
        assert made(PNG, f"{same}&fm=png") == made(PNG, f"{plain}&fm=png".removeprefix("&"))


@pytest.mark.parametrize(
    "query",
    [
        "mask=star", "corner-radius=-1", "corner-radius=1,2", "corner-radius=1,2,3,4,5", "corner-radius=8193",
        "border=5", "border=0,fff", "border=101,fff", "border=5,nocolour", "border-radius=x", "fill=gen",
        "fill-color=x",
    ],
)  # fmt: skip
def test_what_is_none_of_them_is_refused(query: str) -> None:
    assert refused(PNG, query)[0] == 400


def test_one_pixel_has_a_shape_too() -> None:
    dot = saved(PHOTO[:1, :1].copy(), "PNG")
    for query in ("mask=ellipse", "mask=corners&corner-radius=9", "border=9,f00&border-radius=3"):
        assert 0 < shown(dot, f"{query}&fm=png", "RGBA")[0, 0, 3] <= 255
    assert cv2.countNonZero(shown(PNG, "w=1&h=1&fit=fill&fill=blur&fm=png", "L")) == 1
