"""Operations on pixels, each against Pillow's own or arithmetic by hand."""

from __future__ import annotations

import math
import tracemalloc
from decimal import Decimal
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter

from asking import ask, request, serving, shown
from imgmiddleware.operations.focus import Blur
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.surround import Backdrop
from imgmiddleware.operations.turn import Rotate
from pictures import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    close,
    corners,
    exif,
    opened,
    photo_like,
    psnr,
    quadrants,
    saved,
)

PHOTO = photo_like(200, 150)
WHITE = (255, 255, 255)


def answered(pixels: Any, query: str) -> Any:
    """`pixels` are RGB, RGBA or gray."""
    return ask(saved(pixels, "PNG"), query)


def rendered(pixels: Any, query: str, mode: str = "RGB") -> Any:
    return shown(saved(pixels, "PNG"), query, mode)


@pytest.mark.parametrize(
    ("query", "turn"),
    [
        ("flip=h", Image.Transpose.FLIP_LEFT_RIGHT),
        ("flip=v", Image.Transpose.FLIP_TOP_BOTTOM),
        ("flip=hv", Image.Transpose.ROTATE_180),
        ("rot=90", Image.Transpose.ROTATE_270),  # Pillow turns the other way
        ("rot=180", Image.Transpose.ROTATE_180),
        ("rot=270.0", Image.Transpose.ROTATE_90),
        ("orient=90", Image.Transpose.ROTATE_270),
        ("orient=6", Image.Transpose.ROTATE_270),
        ("orient=180", Image.Transpose.ROTATE_180),
        ("orient=270", Image.Transpose.ROTATE_90),
        ("orient=2", Image.Transpose.FLIP_LEFT_RIGHT),
        ("orient=5", Image.Transpose.TRANSPOSE),
        ("orient=7", Image.Transpose.TRANSVERSE),
    ],
)
def test_right_angles_move_pixels_and_change_none(query: str, turn: Any) -> None:
    expected = np.asarray(Image.fromarray(PHOTO).transpose(turn))
    assert np.array_equal(rendered(PHOTO, query + "&fm=png"), expected)


def turned(pixels: Any, angle: float, size: tuple[int, int]) -> Any:
    """About the middle, clockwise, in a canvas of this size: what Pillow's transform makes of it."""
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    (height, width), (x, y) = pixels.shape[:2], (side / 2 for side in size)
    # Where each pixel of the result comes from, which is turned back.
    back = (
        cosine, sine, width / 2 - cosine * x - sine * y,
        -sine, cosine, height / 2 + sine * x - cosine * y,
    )  # fmt: skip
    image = Image.fromarray(pixels)
    return np.asarray(image.transform(size, Image.Transform.AFFINE, back, Image.Resampling.BICUBIC))


@pytest.mark.parametrize("angle", [1, 30, 45, 123, 300.5])
def test_any_angle_is_pillows(angle: float) -> None:
    """A shift by a fifth of a pixel would leave 37 dB. The canvas is the least that holds all of it."""
    mine = rendered(PHOTO, f"rot={angle}&fm=png")
    size = mine.shape[1::-1]
    cosine, sine = (abs(f(math.radians(angle))) for f in (math.cos, math.sin))
    assert size == (math.ceil(200 * cosine + 150 * sine), math.ceil(200 * sine + 150 * cosine))
    covered = turned(np.full((150, 200), 255, np.uint8), angle, size)
    inside = cv2.erode(covered, np.ones((7, 7))) == 255  # the edge is blended in another way
    outside = cv2.dilate(covered, np.ones((7, 7))) == 0
    assert psnr(mine[inside], turned(PHOTO, angle, size)[inside]) > 41
    assert np.all(mine[outside] == WHITE)
    assert inside.mean() > 0.4


def test_a_rotated_picture_has_no_halo() -> None:
    """Opaque red, turned in a transparent frame: no edge pixel has any colour but red."""
    red = np.dstack((np.full((40, 40, 3), RED, np.uint8), np.full((40, 40), 255, np.uint8)))
    mine = rendered(red, "rot=30&bg=00ffffff&fm=png", "RGBA")
    assert mine[0, 0, 3] == 0
    seen = mine[mine[..., 3] > 20]
    assert close(seen[:, :3], RED, 6)


def test_blur_is_pillows_gaussian() -> None:
    image = Image.fromarray(PHOTO)
    for blur in (10, 30, 50):
        theirs = np.asarray(image.filter(ImageFilter.GaussianBlur(blur / 10)))
        inner = slice(20, -20)
        assert psnr(rendered(PHOTO, f"blur={blur}&fm=png")[inner, inner], theirs[inner, inner]) > 40


def test_a_wide_blur_is_flat_and_keeps_the_mean() -> None:
    mine = rendered(PHOTO, "blur=2000&fm=png")
    assert np.ptp(mine.reshape(-1, 3), axis=0).max() < 40
    assert np.abs(mine.mean((0, 1)) - PHOTO.mean((0, 1))).max() < 6


def test_blur_lets_no_hidden_colour_out() -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[..., 1] = 255  # green, hidden
    pixels[10:30, 10:30] = (*RED, 255)
    mine = rendered(pixels, "blur=30&fm=png", "RGBA")
    assert close(mine[mine[..., 3] > 20][:, :3], RED, 6)


def test_sharp_steepens_an_edge_and_leaves_flat_alone() -> None:
    edge = np.full((20, 40), 100, np.uint8)
    edge[:, 20:] = 150
    mine = rendered(edge, "sharp=50&fm=png", "L").astype(int)
    assert mine[10, 19] < 100 < 150 < mine[10, 20]
    assert (mine[10, 5], mine[10, 35]) == (100, 150)
    # 100 + 1 x (100 - soft): the Gaussian of one pixel puts 0.3085 of the far side on the last pixel.
    assert abs(mine[10, 19] - (100 - 50 * 0.3085)) < 2


def test_the_unsharp_mask_is_pillows() -> None:
    image = Image.fromarray(PHOTO)
    inner = slice(24, -24)
    for usm, radius in ((60, "2.5"), (100, "1"), (30, "5")):
        mask = ImageFilter.UnsharpMask(float(radius), usm, 0)
        mine = rendered(PHOTO, f"usm={usm}&usmrad={radius}&fm=png")
        assert psnr(mine[inner, inner], np.asarray(image.filter(mask))[inner, inner]) > 38
    soft = np.asarray(Image.blend(image, image.filter(ImageFilter.GaussianBlur(2.5)), 0.7))
    assert psnr(rendered(PHOTO, "usm=-70&fm=png")[inner, inner], soft[inner, inner]) > 40
    for nothing in ("usmrad=9", "usm=50&usmrad=0", "usm=0"):
        assert np.array_equal(rendered(PHOTO, f"{nothing}&fm=png"), PHOTO)


def test_the_unsharp_mask_has_no_halo_of_hidden_colours() -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[..., 1] = 255  # green, hidden
    pixels[10:30, 10:30] = (*RED, 255)
    mine = rendered(pixels, "usm=100&fm=png", "RGBA")
    assert np.array_equal(mine[..., 3], pixels[..., 3])
    assert close(mine[10:30, 10:30, :3], RED, 1)


def bilateral(pixels: Any, sigma: float) -> Any:
    """The mean of the 13 pixels within two of each, by how near they are and how they look."""
    padded = np.pad(pixels, ((2, 2), (2, 2), (0, 0)), mode="edge").astype(float)
    total, weights = np.zeros(pixels.shape), np.zeros((*pixels.shape[:2], 1))
    for dy, dx in np.ndindex(5, 5):
        if math.hypot(dy - 2, dx - 2) > 2:
            continue
        other = padded[dy : dy + len(pixels), dx : dx + pixels.shape[1]]
        differ = np.abs(other - pixels).sum(axis=2, keepdims=True)
        near = math.exp(-((dy - 2) ** 2 + (dx - 2) ** 2) / (2 * 2**2))
        weight = near * np.exp(-(differ**2) / (2 * sigma**2))
        total, weights = total + weight * other, weights + weight
    return total / weights


def test_noise_goes_and_edges_stay() -> None:
    rng = np.random.default_rng(3)
    edge = np.full((30, 40, 3), 60.0)
    edge[:, 20:] = 190
    noisy = np.clip(edge + rng.normal(0, 6, edge.shape), 0, 255).astype(np.uint8)
    mine = rendered(noisy, "nr=50&fm=png")
    assert close(mine, bilateral(noisy, 50), 1.5)
    assert np.abs(mine - edge).mean() < 0.7 * np.abs(noisy - edge).mean()
    assert (mine[:, 19].mean() < 65, mine[:, 20].mean() > 185) == (True, True)
    gray = rendered(noisy[..., 1].copy(), "nr=50&fm=png", "L")
    assert close(gray, bilateral(noisy[..., 1:2], 50 / 3)[..., 0], 1.5)


def test_a_mosaic_is_of_means() -> None:
    """Also of squares that the edge cuts off."""
    mine = rendered(PHOTO, "px=16&fm=png")
    for top in range(0, 150, 16):
        for left in range(0, 200, 16):
            square = (slice(top, top + 16), slice(left, left + 16))
            assert np.abs(mine[square] - PHOTO[square].mean((0, 1))).max() <= 0.51
    assert np.array_equal(rendered(PHOTO, "px=1&fm=png"), PHOTO)
    # Of the result's pixels: those of the picture's box have their mean.
    small = np.asarray(Image.fromarray(PHOTO).resize((20, 15), Image.Resampling.BOX))
    mine = rendered(PHOTO, "w=100&px=5&fm=png")
    assert psnr(mine[2::5, 2::5], small) > 34


def test_a_mosaic_lets_no_hidden_colour_out() -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[..., 1] = 255  # green, hidden
    pixels[:, 10:] = (*RED, 255)
    mine = rendered(pixels, "px=20&fm=png", "RGBA")
    assert mine[5, 5].tolist() == [*RED, 128]
    assert mine[5, 25].tolist() == [*RED, 255]


def test_pad_adds_background_around() -> None:
    mine = rendered(quadrants(), "pad=5&bg=102030&fm=png").copy()
    assert mine.shape == (58, 74, 3)
    assert np.array_equal(mine[5:-5, 5:-5], quadrants())
    mine[5:-5, 5:-5] = (0x10, 0x20, 0x30)
    assert np.array_equal(np.unique(mine.reshape(-1, 3), axis=0), [[0x10, 0x20, 0x30]])


def test_a_gray_picture_stays_gray_until_a_colour_is_asked_for() -> None:
    gray = np.full((9, 9), 50, np.uint8)
    assert opened(answered(gray, "pad=1&bg=808080&fm=jpg").body).mode == "L"
    assert rendered(gray, "pad=1&bg=red&fm=png")[0, 0].tolist() == [255, 0, 0]


def test_a_translucent_background_is_kept_where_the_format_can() -> None:
    mine = rendered(quadrants(), "pad=3&bg=80ff0000&fm=png", "RGBA")
    assert mine[0, 0].tolist() == [255, 0, 0, 128]
    assert mine[10, 10].tolist() == [*RED, 255]
    flat = rendered(quadrants(), "pad=3&bg=80ff0000&fm=bmp")
    assert flat[0, 0].tolist() == [255, 0, 0]


def test_clamp_repeats_the_edge() -> None:
    mine = rendered(quadrants(), "w=84&h=48&fit=clamp&fm=png")
    assert mine.shape == (48, 84, 3)
    assert np.array_equal(mine[:, 10:74], quadrants())
    assert close(
        [mine[3, 2], mine[3, 82], mine[44, 82], mine[44, 2]], [RED, GREEN, BLUE, YELLOW], 0
    )


def test_over_a_background_is_pillows_composition() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (40, 40, 4), np.uint8)
    image = Image.fromarray(pixels)
    for bg, color in (("fff", WHITE), ("3060a0", (0x30, 0x60, 0xA0))):
        behind = Image.new("RGBA", image.size, color)
        expected = np.asarray(Image.alpha_composite(behind, image).convert("RGB"))
        for fm in ("png", "bmp"):
            assert close(rendered(pixels, f"bg={bg}&fm={fm}"), expected, 1)
    half = Image.new("RGBA", image.size, (10, 20, 30, 128))
    expected = np.asarray(Image.alpha_composite(half, image))
    mine = rendered(pixels, "bg=800a141e&fm=png", "RGBA")
    assert close(mine[..., 3], expected[..., 3], 1)
    seen = expected[..., 3] > 60
    assert close(mine[seen], expected[seen], 2)


def test_alpha_is_kept_where_nobody_asks_for_a_background() -> None:
    pixels = np.dstack((quadrants(), np.full((48, 64), 100, np.uint8)))
    assert rendered(pixels, "fm=png", "RGBA")[5, 5].tolist() == [*RED, 100]
    assert not opened(answered(pixels, "bg=fff&fm=png").body).has_transparency_data
    gray = np.zeros((2, 2), np.uint8)
    assert Backdrop().ground.behind(gray, keep_alpha=False) is gray


@pytest.mark.parametrize(
    ("rect", "box"),
    [
        ("0,0,32,24", (0, 0, 32, 24)),
        ("32,24,32,24", (32, 24, 64, 48)),
        ("0.5,0.5,0.5,0.5", (32, 24, 64, 48)),
        ("right,bottom,10,20", (54, 28, 64, 48)),
        ("center,middle,10,20", (27, 14, 37, 34)),
        ("left,top,full,0.25", (0, 0, 64, 12)),
        ("60,40,100,100", (60, 40, 64, 48)),
    ],
)
def test_rect(rect: str, box: tuple[int, int, int, int]) -> None:
    expected = np.asarray(Image.fromarray(quadrants()).crop(box))
    assert np.array_equal(rendered(quadrants(), f"rect={rect}&fm=png"), expected)


def test_rect_outside_is_a_400_that_names_it() -> None:
    answer = answered(quadrants(), "rect=64,0,5,5")
    assert (answer.status, b'"rect"' in answer.body, b"64x48" in answer.body) == (400, True, True)


def test_rect_comes_before_the_size_and_after_the_orientation() -> None:
    # Upright after orient=90: yellow, red over blue, green; 48 x 64. The right half is red over green.
    mine = rendered(quadrants(), "orient=90&rect=right,top,24,full&w=12&fm=png")
    assert mine.shape == (32, 12, 3)
    assert close(corners(mine), [RED, RED, GREEN, GREEN])


@pytest.mark.parametrize(
    "crop", ["top,left", "right,top", "bottom,right", "left,bottom", "left", "bottom"]
)
def test_crop_keeps_its_corner(crop: str) -> None:
    """Of what is wider than the result and of what is higher; nothing is resampled."""
    for width, height in ((44, 28), (28, 44)):
        left = 0 if "left" in crop else width - 28 if "right" in crop else (width - 28) // 2
        top = 0 if "top" in crop else height - 28 if "bottom" in crop else (height - 28) // 2
        found = rendered(
            PHOTO, f"rect=10,20,{width},{height}&w=28&h=28&fit=crop&crop={crop}&fm=png"
        )
        assert np.array_equal(found, PHOTO[20 + top : 48 + top, 10 + left : 38 + left]), width


def test_the_tag_can_be_overruled_in_every_format() -> None:
    for format, options in (("PNG", {}), ("TIFF", {}), ("JPEG", {"quality": 95, "subsampling": 0})):
        data = saved(quadrants(), format, exif=exif(6), **options)
        assert close(shown(data, "orient=1&fm=png"), quadrants(), 8), format


@pytest.mark.parametrize("query", ["pad=1000&w=9&fit=clip", "rot=45"])
def test_what_grows_is_held_to_the_limits(query: str) -> None:
    answer = serving(np.zeros((90, 90), np.uint8), max_result_width=120).answer(request(query))
    assert getattr(answer, "status", None) == 400


def test_mono_is_the_luma_and_white_from_half_of_it_on() -> None:
    # BT.601: 0.299 red, 0.587 green, 0.114 blue.
    flat = np.zeros((2, 2, 3), np.uint8)
    flat[:] = (200, 100, 50)
    assert np.array_equal(rendered(flat, "mono=gray&fm=png", "L"), np.full((2, 2), 124))  # 124.2
    assert np.array_equal(rendered(flat, "mono=bitonal&fm=png", "L"), np.zeros((2, 2)))
    assert np.array_equal(rendered(flat + 4, "mono=bitonal&fm=png", "L"), np.full((2, 2), 255))


def test_mono_keeps_what_is_clear() -> None:
    clear = np.zeros((2, 2, 4), np.uint8)
    clear[0] = (255, 255, 255, 255)
    expected = [[[255] * 4] * 2, [[0] * 4] * 2]
    assert rendered(clear, "mono=bitonal&fm=png", "RGBA").tolist() == expected


@pytest.mark.parametrize("step", [Rotate(Decimal(30)), Blur(20)], ids=["rot", "blur"])
def test_colours_are_weighed_in_bands(step: PixelOperation) -> None:
    """Beside the floats of one picture or two there is a band: all terms at once were five of them."""
    pixels = np.zeros((1200, 1200, 4), np.uint8)
    tracemalloc.start()
    try:
        made = step.apply(pixels, (255, 255, 255, 0))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * 4 * made.size
