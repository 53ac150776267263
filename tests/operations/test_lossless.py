"""`lossless`, and JPEGs that come in scans."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence, JpegImagePlugin

from asking import ask, get, made, refused, serving, shown
from colors import cicp, colored_png
from pictures import SRGB, moving, opened, photo_like, pixels_of, read_by_opencv, saved

PHOTO = photo_like(60, 45)
PNG = saved(PHOTO, "PNG")


@pytest.mark.parametrize("format", ["webp", "avif", "png", "bmp", "tif"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_every_sample_is_that_of_the_original(format: str, mode: str) -> None:
    """Of Pillow's decoders; what is clear has any colour."""
    alpha = np.linspace(0, 255, 60).astype(np.uint8)[None].repeat(45, 0)
    pixels = {"RGB": PHOTO, "RGBA": np.dstack((PHOTO, alpha)), "L": PHOTO[..., 1].copy()}[mode]
    mine = pixels_of(made(saved(pixels, "PNG"), f"fm={format}&lossless=1&q=3"), mode)
    if mode == "RGBA" and format == "bmp":
        return  # which has no alpha
    seen = pixels[..., 3] > 0 if mode == "RGBA" else np.ones(pixels.shape[:2], bool)
    assert np.array_equal(mine[seen], pixels[seen])


def test_ten_bits_of_hdr_stay_too() -> None:
    ramp = (np.arange(60 * 45 * 3).reshape(45, 60, 3) * 8 % 65536).astype(np.uint16)
    body = made(colored_png(ramp, cicp(9, 16)), "fm=avif&keep=hdr&lossless=1")
    ten = (ramp.astype(np.uint32) * 1023 + 32767) // 65535
    found = read_by_opencv(body)[..., ::-1].astype(np.uint32)
    assert np.array_equal((found * 1023 + 32767) // 65535 if found.max() > 1023 else found, ten)


def test_without_a_format_it_is_one_that_loses_nothing() -> None:
    both = "image/avif,image/webp,*/*"
    assert ask(PNG, "lossless=1").header("Content-Type") == "image/png"
    negotiated = get(serving(PNG), "lossless=1", accept=both)
    assert negotiated.header("Content-Type") == "image/webp"


def test_metadata_goes_along() -> None:
    block = Image.Exif()
    block[0x013B] = "Ann"
    data = saved(PHOTO, "JPEG", icc_profile=SRGB, exif=block)
    image = opened(made(data, "fm=webp&lossless=1&keep=icc,exif"))
    assert image.info["icc_profile"] == SRGB
    assert image.getexif()[0x013B] == "Ann"


def test_a_quality_says_nothing_then() -> None:
    def etag(query: str) -> str | None:
        return ask(PNG, query).header("ETag")

    assert etag("fm=webp&lossless=1&q=3") == etag("fm=webp&lossless=1")
    assert etag("fm=webp&lossless=1") != etag("fm=webp")
    for same in ("fm=jpg", "fm=png"):  # that can do no other, or do it anyway
        assert etag(f"{same}&lossless=1") == etag(same)
    file = saved(PHOTO, "PNG")
    assert made(file, "fm=jpg&lossless=1") == made(file, "fm=jpg")


def test_what_is_too_large_is_not_made_worse() -> None:
    size = len(made(PNG, "fm=webp&lossless=1"))
    assert len(made(PNG, f"fm=webp&lossless=1&max_bytes={size}")) == size
    assert refused(PNG, f"fm=webp&lossless=1&max_bytes={size - 1}") == (400, "result-too-large")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_every_frame_is_that_of_the_original(mode: str) -> None:
    shades = [photo_like(40, 30) // part for part in (1, 2, 3)]
    frames = [Image.fromarray(pixels).convert(mode) for pixels in shades]
    if mode == "RGBA":
        for number, frame in enumerate(frames):
            frame.putalpha(Image.linear_gradient("L").resize(frame.size).rotate(90 * number))
    file = moving(frames, "PNG", duration=50, blend=0)
    found = frames_of(made(file, "anim=1&fm=webp&lossless=1&q=3"), "RGBA")
    for frame, mine in zip(frames, found, strict=True):
        wanted = np.asarray(frame.convert("RGBA"))
        assert np.array_equal(mine[..., 3], wanted[..., 3])
        assert np.array_equal(mine[mine[..., 3] > 0], wanted[wanted[..., 3] > 0])


def frames_of(body: bytes, mode: str) -> list[Any]:
    image = opened(body)
    return [np.asarray(frame.convert(mode)) for frame in ImageSequence.Iterator(image)]


MOVING = moving([Image.fromarray(PHOTO // part) for part in (1, 2)], "PNG", duration=50)


def test_what_can_move_with_a_loss_alone_has_its_quality() -> None:
    assert made(MOVING, "anim=1&fm=avif&lossless=1") == made(MOVING, "anim=1&fm=avif")
    one, two = (ask(MOVING, f"anim=1&fm=webp&lossless=1{more}") for more in ("", "&q=3"))
    assert one.header("ETag") == two.header("ETag") != ask(MOVING, "anim=1&fm=webp").header("ETag")


def test_what_moves_without_a_format_loses_least() -> None:
    for accept, kind in (("image/avif,image/webp", "webp"), ("image/avif", "gif")):
        answer = get(serving(MOVING), "anim=1&lossless=1", accept=accept)
        assert answer.header("Content-Type") == f"image/{kind}"


@pytest.mark.parametrize("original", [PNG, saved(PHOTO[..., 1].copy(), "PNG")])
def test_a_progressive_jpeg_is_the_same_picture_in_scans(original: bytes) -> None:
    plain, scans = (made(original, f"fm={fm}&q=60") for fm in ("jpg", "pjpg"))
    assert "progressive" in opened(scans).info
    assert "progressive" not in opened(plain).info
    assert np.array_equal(pixels_of(plain), pixels_of(scans))
    answer = ask(original, "fm=pjpg&dl=1")
    assert answer.header("Content-Type") == "image/jpeg"
    assert 'filename="a.jpg"' in str(answer.header("Content-Disposition"))
    assert "progressive" in opened(made(original, "fm=pjpg&max_bytes=3000")).info


def test_its_colours_are_chosen_too() -> None:
    assert JpegImagePlugin.get_sampling(opened(made(PNG, "fm=pjpg&chromasub=444"))) == 0
    assert shown(PNG, "fm=pjpg&w=20").shape == (15, 20, 3)
