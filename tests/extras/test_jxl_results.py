"""JPEG XL as results, through the extra: decoded by libvips' build of libjxl, and by its tool."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import parts
from asking import ask, get, refused, serving
from imgmiddleware.formats.encode import encode
from imgmiddleware.formats.encode_by_eye import BOUND
from imgmiddleware.pixels.arrays import red_blue_swapped
from imgmiddleware.pixels.distance import distance
from pictures import photo_like, psnr, saved, swapped_profile
from tests.extras import by_vips

parts.need("libvips")
pillow_jxl = parts.module("pillow_jxl")

#: The Accept of Debian's Chromium 156 for an <img>, and that of Safari 17.
CHROMIUM = "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
OTHERS = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
Y, X = np.mgrid[0:62, 0:90]
#: Blue first; a photo with noise would be 30 dB from itself at best.
PHOTO = np.dstack((255 * X / 89, 255 * Y / 61, 255 - 255 * (X + Y) / 151)).astype(np.uint8)
ORIGINAL = saved(PHOTO[..., ::-1].copy(), "PNG")


def jxl(original: Any, query: str = "", **options: Any) -> bytes:
    answer = ask(original, f"fm=jxl&{query}" if query else "fm=jxl", **options)
    assert (answer.status, answer.header("content-type")) == (200, "image/jxl")
    return answer.read()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_pixels(mode: str) -> None:
    alpha = np.linspace(255, 0, 62).astype(np.uint8)[:, None].repeat(90, 1)
    picture = {
        "RGB": PHOTO[..., ::-1].copy(),
        "L": PHOTO[..., 1].copy(),
        "RGBA": np.dstack((PHOTO[..., ::-1], alpha)),
    }[mode]
    found = by_vips.read(jxl(saved(picture, "PNG"), "q=95"))
    found = found[..., 0] if mode == "L" else found
    assert found.shape == picture.shape
    if mode == "RGBA":
        assert np.array_equal(found[..., 3], alpha)  # alpha is coded without loss
        found, picture = found[:40, :, :3], picture[:40, :, :3]
    assert psnr(found, picture) > 36


def test_quality_has_an_effect_and_its_ends_too() -> None:
    sizes = [len(jxl(ORIGINAL, f"q={q}")) for q in (0, 25, 50, 75, 90, 100)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1] / 4


def test_the_same_pixels_are_the_same_bytes() -> None:
    assert encode(PHOTO, "jxl", 75) == encode(PHOTO, "jxl", 75)


def test_as_many_bytes_as_are_asked_for() -> None:
    assert len(jxl(ORIGINAL, "max_bytes=1500")) <= 1500
    assert refused(ORIGINAL, "fm=jxl&max_bytes=100") == (400, "result-too-large")


def test_what_is_kept() -> None:
    """EXIF behind four bytes that say where it begins (18181-2); no place for a profile: converted."""
    block = Image.Exif()
    block[315], block[274] = "Somebody", 6
    data = saved(Image.fromarray(PHOTO[..., ::-1]), "JPEG", exif=block.tobytes(), quality=95)
    kept = jxl(data, "keep=exif&q=95")
    at = kept.index(b"Exif") + 4
    assert kept[at : at + 8] == b"\0\0\0\0II*\0"
    read = Image.Exif()
    read.load(kept[at + 4 :])
    assert (read[315], read[274]) == ("Somebody", 1)
    assert by_vips.read(kept).shape == (90, 62, 3)  # upright, and once

    profiled = saved(PHOTO[..., ::-1].copy(), "PNG", icc_profile=swapped_profile())
    expected = np.asarray(Image.open(io.BytesIO(ask(profiled, "fm=png").read())))
    assert psnr(by_vips.read(jxl(profiled, "keep=icc&q=95")), expected) > 36


def test_who_names_it_gets_it_where_it_is_offered() -> None:
    offered = serving(ORIGINAL, formats=["avif", "jxl"])
    kinds = [get(offered, accept=accept).header("content-type") for accept in (CHROMIUM, OTHERS)]
    assert kinds == ["image/jxl", "image/avif"]
    usual = serving(ORIGINAL)
    assert get(usual, accept=CHROMIUM).header("content-type") == "image/avif"
    assert get(offered, accept="image/*").header("content-type") == "image/jpeg"


def test_it_is_not_chosen_for_what_it_cannot_hold() -> None:
    """A profile that is to be kept, and frames."""
    profiled = saved(PHOTO[..., ::-1].copy(), "PNG", icc_profile=swapped_profile())
    offered = serving(profiled, formats=["avif", "jxl"])
    kept = get(offered, "keep=icc", accept=CHROMIUM)
    assert kept.header("content-type") == "image/avif"
    frames = [Image.new("RGB", (64, 48), color) for color in ("red", "blue")]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    assert get(serving(moving, formats=["avif", "jxl"]), "anim=1", accept=CHROMIUM).header(
        "content-type"
    ) == "image/avif"  # fmt: skip


def test_a_result_is_an_original_again() -> None:
    again = ask(jxl(ORIGINAL, "q=95"), "fm=png", unsafe_original_formats={"jxl"})
    assert psnr(np.asarray(Image.open(io.BytesIO(again.read()))), PHOTO[..., ::-1]) > 36


PAGE = (Path(__file__).parents[2] / "docs" / "results.md").read_text()


def test_the_table_of_quality_is_the_encoders() -> None:
    """At each `q` the file is that of the plug-in at the setting of docs/results.md, at effort 3."""
    text = PAGE.partition("## JPEG XL\n")[2].partition("| bytes / JPEG's |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]
    assert [row[0] for row in rows] == ["25", "50", "75", "90", "100"]
    for q, wanted, setting, score, _ in rows:
        plain = pillow_jxl.Encoder(mode="RGB", quality=int(setting), effort=3, num_threads=0)
        samples = PHOTO[..., ::-1].tobytes()
        assert encode(PHOTO, "jxl", int(q)) == plain(samples, 90, 62, jpeg_encode=False)
        assert abs(float(score) - float(wanted)) <= 1


def test_nothing_is_lost_where_that_is_asked_for() -> None:
    found = by_vips.read(jxl(ORIGINAL, "lossless=1&q=5"))
    assert np.array_equal(np.asarray(found), PHOTO[..., ::-1])


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_a_quality_is_sought(mode: str) -> None:
    """libvips reads it as the encoder's own library does, to a step."""
    picture = Image.fromarray(photo_like(120, 90)).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    file = saved(picture, "PNG")
    auto = jxl(file, "q=auto")
    seen = by_vips.read(auto)
    pixels = np.asarray(picture)
    swapped = (
        p if p.ndim == 2 else red_blue_swapped(p) for p in (pixels, seen.reshape(pixels.shape))
    )
    assert 1 < distance(*swapped) < BOUND
    assert len(auto) < len(jxl(file, "q=90"))
