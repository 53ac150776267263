"""Faces of two photos stay in their crops: in every shape and orientation, small, large, and among others.

The photos are of scikit-image and matplotlib, which this environment has for them. Where the faces are,
from the forehead to the chin, was marked by hand.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from asking import get, serving, shown
from parts import module, need
from pictures import exif, pixels_of, saved

BOX = tuple[float, float, float, float]  # left, top, right, bottom


def photo(name: str) -> Any:
    """RGB."""
    if name == "hopper":
        sample = module("matplotlib.cbook").get_sample_data("grace_hopper.jpg", asfileobj=False)
        return np.asarray(Image.open(sample).convert("RGB"))
    return np.asarray(getattr(module("skimage.data"), name)())


FACES: dict[str, BOX] = {"astronaut": (182, 78, 268, 178), "hopper": (185, 150, 345, 325)}
SHAPES = ("1:1", "4:3", "3:4", "16:9", "9:16", "2:1", "1:2", "3:1", "1:3")
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}  # fmt: skip


def place(whole: Any, part: Any) -> tuple[int, int]:
    """Where a part that was cut out, and not resampled, stands in the whole."""
    high, wide = part.shape[:2]
    for y, x in np.argwhere((whole == part[0, 0]).all(axis=2)).tolist():
        if np.array_equal(whole[y : y + high, x : x + wide], part):
            return x, y
    raise AssertionError("it is no part of it")


def share(whole: Any, part: Any, box: BOX) -> float:
    """How much of a box is in the part, of what could be in a part of its size."""
    seen = 1.0
    for axis, start in enumerate(place(whole, part)):
        side, first, last = part.shape[1 - axis], box[axis], box[axis + 2]
        common = min(start + side, last) - max(start, first)
        seen *= max(0.0, common) / min(side, last - first)
    return seen


def is_kept(whole: Any, part: Any, box: BOX) -> bool:
    """All of a face; where the part has hardly room for it, its middle."""
    sides = zip(part.shape[1::-1], (box[2] - box[0], box[3] - box[1]), strict=True)
    roomy = all(side >= 1.3 * face for side, face in sides)
    return share(whole, part, box) >= (0.97 if roomy else 0.85)


def shown_by(service: Any, query: str) -> Any:
    return pixels_of(get(service, f"{query}&fit=crop&crop=faces&fm=png").read())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", FACES)
def test_in_every_shape_and_orientation(name: str, orientation: int) -> None:
    upright = Image.fromarray(photo(name))
    stored = upright.transpose(TURNS[orientation]) if orientation > 1 else upright
    service = serving(saved(stored, "PNG", exif=exif(orientation)))
    for shape in SHAPES:
        part = shown_by(service, f"ar={shape}")
        assert is_kept(np.asarray(upright), part, FACES[name]), shape


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", FACES)
def test_close_in_every_orientation(name: str, orientation: int) -> None:
    """All of a face, and little else: the part has as many pixels as the result."""
    upright = Image.fromarray(photo(name))
    stored = upright.transpose(TURNS[orientation]) if orientation > 1 else upright
    service = serving(saved(stored, "PNG", exif=exif(orientation)))
    for size in ((300, 300), (240, 300), (400, 280)):
        query = f"w={size[0]}&h={size[1]}&fit=facearea&facepad=1.2&fm=png"
        part = pixels_of(get(service, query).read())
        assert part.shape[1::-1] == size
        assert share(photo(name), part, FACES[name]) > 0.97, size


def scaled(pixels: Any, box: BOX, by: float) -> tuple[Any, BOX]:
    size = tuple(round(side * by) for side in pixels.shape[1::-1])
    way = cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC
    left, top, right, bottom = (side * by for side in box)
    return cv2.resize(pixels, size, interpolation=way), (left, top, right, bottom)


def cut(pixels: Any, box: BOX, left: int, top: int, right: int, bottom: int) -> tuple[Any, BOX]:
    x, y, x2, y2 = box
    return pixels[top:bottom, left:right].copy(), (x - left, y - top, x2 - left, y2 - top)


def laid(ground: Any, pixels: Any, box: BOX, left: int, top: int) -> tuple[Any, BOX]:
    made = ground.copy()
    made[top : top + len(pixels), left : left + pixels.shape[1]] = pixels
    x, y, x2, y2 = box
    return made, (x + left, y + top, x2 + left, y2 + top)


def ground(kind: str, width: int, height: int) -> Any:
    if kind in ("coffee", "chelsea", "rocket"):
        return cv2.resize(photo(kind), (width, height), interpolation=cv2.INTER_AREA)
    if kind == "noise":
        return np.random.default_rng(4).integers(0, 256, (height, width, 3), np.uint8)
    return np.full((height, width, 3), int(kind), np.uint8)


def composites() -> dict[str, tuple[Any, BOX]]:
    """20 of each photo: sizes, cuts, what stands around it, what was done to it."""
    made: dict[str, tuple[Any, BOX]] = {}
    for name, box in FACES.items():
        pixels = photo(name)
        high, wide = pixels.shape[:2]
        left, top, right, bottom = map(round, box)
        for by in (0.2, 0.3, 0.6, 1.3, 2.5):
            made[f"{name} times {by}"] = scaled(pixels, box, by)
        made[f"{name} at the left"] = cut(pixels, box, left - 15, 0, wide, high)
        made[f"{name} at the right"] = cut(pixels, box, 0, 0, right + 15, high)
        made[f"{name} at the top"] = cut(pixels, box, 0, top - 25, wide, high)
        made[f"{name} at the bottom"] = cut(pixels, box, 0, 0, wide, bottom + 10)
        near = cut(pixels, box, left - 20, top - 25, right + 20, bottom + 15)
        made[f"{name} alone"] = scaled(*near, 5)
        half, half_box = scaled(pixels, box, 0.5)
        for kind, x, y in (("coffee", 900, 20), ("chelsea", 10, 300), ("rocket", 500, 150),
                           ("noise", 880, 290), ("255", 30, 40), ("0", 700, 290)):  # fmt: skip
            made[f"{name} on {kind}"] = laid(ground(kind, 1200, 600), half, half_box, x, y)
        small, small_box = scaled(pixels, box, 0.45)
        made[f"{name} far away"] = laid(ground("rocket", 1400, 900), small, small_box, 1120, 60)
        gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        made[f"{name} in gray"] = np.dstack([gray] * 3), box
        made[f"{name} dark"] = (pixels * 0.35).astype(np.uint8), box
        lossy = saved(pixels, "JPEG", quality=12)
        made[f"{name} of few bytes"] = (
            cv2.imdecode(np.frombuffer(lossy, np.uint8), 1)[..., ::-1],
            box,
        )
    return made


COMPOSITES = composites()


def test_there_are_twenty_of_each() -> None:
    assert len(COMPOSITES) == 2 * 20


@pytest.mark.parametrize("name", COMPOSITES)
def test_large_small_cut_and_among_others(name: str) -> None:
    pixels, box = COMPOSITES[name]
    service = serving(saved(pixels, "PNG"))
    for shape in ("3:1", "1:3", "1:1"):
        assert is_kept(pixels, shown_by(service, f"ar={shape}"), box), shape


def test_all_faces_are_kept_or_the_largest() -> None:
    one, of_one = scaled(photo("hopper"), FACES["hopper"], 0.5)
    other, of_other = scaled(photo("astronaut"), FACES["astronaut"], 0.5)
    pixels, first = laid(ground("coffee", 1200, 500), one, of_one, 800, 100)
    pixels, second = laid(pixels, other, of_other, 250, 60)
    service = serving(saved(pixels, "PNG"))
    both = shown_by(service, "ar=2:1")
    assert min(share(pixels, both, first), share(pixels, both, second)) > 0.97
    assert share(pixels, shown_by(service, "ar=1:1"), first) > 0.97
    assert share(pixels, shown_by(service, "ar=1:1"), second) < 0.1


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket", "coins", "page", "moon", "brick",
                                  "immunohistochemistry", "hubble_deep_field", "stereo_motorcycle"])  # fmt: skip
def test_what_is_no_face_is_none(name: str) -> None:
    """Then the next of the list counts."""
    pixels = (
        photo(name)
        if name != "stereo_motorcycle"
        else module("skimage.data").stereo_motorcycle()[0]
    )
    data = saved(pixels, "PNG")
    query = "w=300&h=100&fit=crop&fm=png&crop="
    assert np.array_equal(shown(data, f"{query}faces,edges"), shown(data, f"{query}edges"))


@pytest.mark.parametrize("name", ["astronaut", "hopper", "chelsea", "coffee", "rocket", "camera"])
def test_no_part_of_libvips_is_busier(name: str) -> None:
    """By Shannon's entropy of what is shown, written out here."""
    pyvips = module("pyvips")
    need("libvips")
    pixels = photo(name)
    high, wide = pixels.shape[:2]
    data = saved(pixels, "PNG")
    for across, down in ((wide, wide // 3), (high // 3, high)):
        image = pyvips.Image.new_from_buffer(data, "").smartcrop(
            across, down, interesting="entropy"
        )
        mine = shown(data, f"ar={across}:{down}&fit=crop&crop=entropy&fm=png")
        assert bits(mine) > bits(image.numpy()) - 0.1


def bits(pixels: Any) -> float:
    gray = np.asarray(Image.fromarray(pixels).convert("L")) // 8
    shares = np.bincount(gray.ravel()) / gray.size
    return float(-sum(p * np.log2(p) for p in shares if p))
