"""The quality that is sought: within the bound, in three tries, and no more than it takes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from PIL import JpegImagePlugin

from imgmiddleware.formats import encode_by_eye as module
from imgmiddleware.formats.encode import encode
from imgmiddleware.formats.encode_by_eye import BOUND, HIGHEST, encode_by_eye, quality_of_frames
from imgmiddleware.pixels.distance import distance
from pictures import opened, photo_like, pixels_of

#: A photo, its middle twice as large, and twice as sharp.
PHOTO = photo_like(240, 180)[..., ::-1].copy()
SMOOTH = cv2.resize(PHOTO[45:135, 60:180], (240, 180), interpolation=cv2.INTER_CUBIC)
SHARP = np.asarray(cv2.addWeighted(PHOTO, 3, cv2.GaussianBlur(PHOTO, (0, 0), 2), -2, 0))
NOISE = np.random.default_rng(1).integers(0, 256, (90, 120, 3), np.uint8)
FORMATS = ("jpg", "pjpg", "webp", "avif")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("pixels", [PHOTO, SMOOTH, SHARP, NOISE, PHOTO[..., 0].copy()])
def test_it_is_within_the_bound(pixels: Any, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Pillow decodes it, which may round otherwise."""
    tried: list[int] = []

    def counting(pixels: Any, format: str, quality: int, *more: Any, **options: Any) -> bytes:
        tried.append(quality)
        return encode(pixels, format, quality, *more, **options)

    monkeypatch.setattr(module, "encode", counting)
    quality, file = encode_by_eye(pixels, format)
    seen = pixels_of(file, "RGB")[..., ::-1]
    assert quality == HIGHEST or distance(pixels, seen) < 1.05 * BOUND
    assert file == encode(pixels, format, quality)
    assert len(tried) <= 3 + (tried[-1] == HIGHEST)
    assert len({*tried}) == len(tried)
    assert all(50 <= q <= HIGHEST for q in tried)


@pytest.mark.parametrize("format", FORMATS)
def test_more_detail_takes_more(format: str) -> None:
    smoother = cv2.GaussianBlur(PHOTO, (0, 0), 2)
    assert len(encode_by_eye(smoother, format)[1]) < len(encode_by_eye(PHOTO, format)[1]) / 2
    assert encode_by_eye(PHOTO, format)[0] < encode_by_eye(NOISE, format)[0]
    flat = np.full((64, 64, 3), 90, np.uint8)
    assert distance(flat, pixels_of(encode_by_eye(flat, format)[1])[..., ::-1]) < 1


def tries_of(distances: dict[int, float], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The qualities that are asked for where they have these distances, as found in between."""
    tried: list[int] = []

    def encoded(pixels: Any, format: str, quality: int, *more: Any, **options: Any) -> bytes:
        tried.append(quality)
        return bytes(quality)

    def seen(pixels: Any, made: Any) -> float:
        return float(np.interp(tried[-1], [*distances], [*distances.values()]))

    monkeypatch.setattr(module, "encode", encoded)
    monkeypatch.setattr(module, "distance", seen)
    monkeypatch.setattr(module, "RESULTS", {"jpg": type("Result", (), {"read": bytes})})
    assert encode_by_eye(PHOTO, "jpg")[0] in tried
    return tried


@pytest.mark.parametrize(
    ("distances", "least", "most"),
    [
        ({50: 20.0, 90: 20.0}, 90, 90),  # nothing suffices: the highest, once
        ({50: 0.0, 90: 0.0}, 50, 66),
        ({50: 9.0, 78: BOUND, 90: 2.0}, 78, 84),
        ({50: BOUND, 90: 1.0}, 50, 56),
        ({50: 99.0, 86: 50.0, 87: 1.0, 90: 1.0}, 87, 90),
    ],
)
def test_it_comes_to_an_end(
    distances: dict[int, float], least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = tries_of(distances, monkeypatch)
    passing = [q for q in tried if np.interp(q, [*distances], [*distances.values()]) <= BOUND]
    assert least <= min(passing or [90]) <= most
    assert len(tried) <= 4
    assert tried.count(90) <= 1


def test_colours_that_need_it_are_full() -> None:
    _, file = encode_by_eye(NOISE, "jpg")
    assert JpegImagePlugin.get_sampling(opened(encode(NOISE, "jpg", HIGHEST))) == 0
    _, asked = encode_by_eye(PHOTO, "jpg", chroma="444")
    assert JpegImagePlugin.get_sampling(opened(asked)) == 0
    assert JpegImagePlugin.get_sampling(opened(encode_by_eye(PHOTO, "jpg")[1])) == 2
    assert opened(file).size == (120, 90)


@pytest.mark.parametrize(("place", "seen"), [(0, True), (2, True), (4, True), (1, False)])
def test_an_animation_has_the_quality_that_its_frames_need(place: int, seen: bool) -> None:
    easy = cv2.GaussianBlur(NOISE, (0, 0), 9)
    frames = [(NOISE if number == place else easy, 50.0) for number in range(5)]
    plain, hard = (encode_by_eye(pixels, "webp")[0] for pixels in (easy, NOISE))
    assert plain < hard
    assert quality_of_frames(frames, "webp") == (hard if seen else plain)
    assert quality_of_frames([(NOISE, 50.0)], "webp") == hard
