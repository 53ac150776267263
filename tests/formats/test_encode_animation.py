"""Animations out, read back by Pillow."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from imgmiddleware.formats.encode import encode_animation
from pictures import photo_like, psnr

FORMATS = ("gif", "webp", "avif")


def moving(count: int = 4, alpha: bool = False) -> list[Any]:
    """A red square on a gradient (or on nothing), a step to the right in each frame."""
    frames = []
    for i in range(count):
        frame = np.dstack([np.linspace(40, 200, 64).astype(np.uint8)[None].repeat(48, 0)] * 3)
        if alpha:
            frame = np.zeros((48, 64, 4), np.uint8)
        frame[16:32, 8 + 10 * i : 24 + 10 * i] = (0, 0, 255, 255)[: frame.shape[2]]
        frames.append(frame)
    return frames


def lasting(frames: list[Any]) -> list[Any]:
    return [(frame, 50) for frame in frames]


def read(data: bytes) -> tuple[list[Any], list[int], Any]:
    with Image.open(io.BytesIO(data)) as image:
        pictures, durations = [], []
        for frame in ImageSequence.Iterator(image):
            pictures.append(np.asarray(frame.convert("RGBA"))[..., [2, 1, 0, 3]])
            durations.append(frame.info["duration"])
        return pictures, durations, image.info.get("loop")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("alpha", [False, True])
def test_every_frame_and_its_time(format: str, alpha: bool) -> None:
    frames = moving(alpha=alpha)
    data = encode_animation([*zip(frames, [100, 50, 200, 40], strict=True)], format, 90, 0)
    pictures, durations, _ = read(data)
    assert [round(d) for d in durations] == [100, 50, 200, 40]
    for picture, frame in zip(pictures, frames, strict=True):
        if alpha:
            assert np.abs(picture[..., 3].astype(int) - frame[..., 3]).max() <= 8
            seen = frame[..., 3] > 0
            assert np.abs(picture[seen][:, :3].astype(int) - frame[seen][:, :3]).mean() < 12
        else:
            assert psnr(picture[..., :3], frame) > 28


@pytest.mark.parametrize(("plays", "webp", "gif"), [(0, 0, 0), (1, 1, None), (3, 3, 2)])
def test_how_often_it_runs(plays: int, webp: int, gif: int | None) -> None:
    frames = moving(2)
    assert read(encode_animation(lasting(frames), "webp", 75, plays))[2] == webp
    # A GIF says how often it runs again; without a word it runs once.
    assert read(encode_animation(lasting(frames), "gif", 75, plays))[2] == gif


@pytest.mark.parametrize("format", FORMATS)
def test_one_frame_is_a_still(format: str) -> None:
    data = encode_animation(lasting(moving(1)), format, 75, 0)
    with Image.open(io.BytesIO(data)) as image:
        assert getattr(image, "n_frames", 1) == 1


@pytest.mark.parametrize("format", FORMATS)
def test_gray_frames(format: str) -> None:
    frames = [np.full((20, 30), level, np.uint8) for level in (20, 220)]
    pictures = read(encode_animation(lasting(frames), format, 90, 0))[0]
    assert [round(float(p[..., :3].mean()) / 10) for p in pictures] == [2, 22]


def test_a_gif_cannot_be_faster_than_browsers_show() -> None:
    assert read(encode_animation([*zip(moving(2), [0, 14], strict=True)], "gif", 75, 0))[1] == [
        20,
        20,
    ]


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_pixels_are_the_same_bytes(format: str) -> None:
    frames = [photo_like(40, 30), 255 - photo_like(40, 30)]
    first, second = (encode_animation(lasting(frames), format, 75, 0) for _ in range(2))
    assert first == second


def test_an_avif_does_not_say_when_it_was_made() -> None:
    data = encode_animation(lasting([photo_like(40, 30), 255 - photo_like(40, 30)]), "avif", 75, 0)
    for kind in (b"mvhd", b"tkhd", b"mdhd"):
        header = data.index(kind) + 4
        wide = 8 if data[header] == 1 else 4
        assert data[header + 4 : header + 4 + 2 * wide] == bytes(2 * wide)
        # What follows is a time scale or a track's number, and still there.
        assert int.from_bytes(data[header + 4 + 2 * wide : header + 8 + 2 * wide], "big") > 0
