"""HEIC through the extra: pixels as they were written, and beside libvips' build of libheif.

Tolerances: 3 is what HEVC at its best and two conversions between YCbCr and RGB leave of what was
written; 2 is what two builds may round apart where both decode the same lossy samples.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

import parts
from asking import ask, made, shown
from colors import from_srgb, nits_of_hlg, nits_of_pq, to_srgb, tone_mapped
from imgmiddleware.pixels.codepoints import CodePoints
from measuring import Forked, needs_proc
from originals import cut, flipped, probe
from pictures import SRGB, close, exif, opened, saved, swapped_profile
from tests.extras import by_vips

parts.need("libvips")
pillow_heif = parts.module("pillow_heif")

Y, X = np.mgrid[0:62, 0:90]
RGB = np.dstack((255 * X / 89, 255 * Y / 61, 255 - 255 * (X + Y) / 151)).astype(np.uint8)
ALPHA = np.linspace(255, 0, 62).astype(np.uint8)[:, None].repeat(90, 1)
RGBA = np.dstack((RGB, ALPHA))
GRAY = RGB[..., 0] // 2 + RGB[..., 1] // 2


def heic(image: Any, **options: Any) -> bytes:
    """At HEVC's best, and without fewer samples of chroma, unless it is told otherwise."""
    file = io.BytesIO()
    if not isinstance(image, pillow_heif.HeifFile):
        image = pillow_heif.from_pillow(Image.fromarray(image))
    image.save(file, **{"quality": -1, "chroma": 444, **options})
    return file.getvalue()


KINDS = {
    "rgb": (heic(RGB), RGB, "RGB"),
    "rgb 4:2:2": (heic(RGB, chroma=422), RGB, "RGB"),
    "gray": (heic(GRAY), GRAY, "L"),
    "alpha": (heic(RGBA), RGBA, "RGBA"),
    "grid": (heic(RGB, tile_size=64), RGB, "RGB"),
    # Its sides are odd: colours and alpha each stand in a grid of one tile.
    "odd, alpha": (heic(RGBA[:61, :87]), RGBA[:61, :87], "RGBA"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_pixels(kind: str) -> None:
    data, pixels, mode = KINDS[kind]
    most = 12 if "4:2:2" in kind else 3  # a sample of chroma for two, on a ramp of six a pixel
    result, seen = shown(data, mode=mode), ...
    if mode == "RGBA":  # a colour that nobody sees is nobody's
        assert close(result[..., 3], pixels[..., 3], 1)
        seen = pixels[..., 3] > 0
    assert close(result[seen], pixels[seen], most)


@pytest.mark.parametrize("kind", KINDS)
def test_beside_libvips(kind: str) -> None:
    data, _, mode = KINDS[kind]
    reference = by_vips.read(data)
    if mode == "L":
        reference = reference[..., 0]
    result, seen = shown(data, mode=mode), ...
    if mode == "RGBA":
        seen = reference[..., 3] > 0
    assert close(result[seen], reference[seen], 2)


@pytest.mark.parametrize("transfer", [13, 16, 18])
def test_code_points(transfer: int) -> None:
    """Of ten bits; by the arithmetic of their specifications."""
    code = np.array((200, 120, 80)) / 255
    deep = np.broadcast_to(np.rint(code * 65535).astype(np.uint16), (64, 64, 3)).copy()
    image = pillow_heif.from_bytes("RGB;16", (64, 64), deep.tobytes())
    data = heic(
        image, color_primaries=9, transfer_characteristics=transfer, matrix_coefficients=9,
        full_range_flag=1,
    )  # fmt: skip
    assert (probe(data).bits, probe(data).points) == (10, CodePoints(9, transfer))
    expected = {
        13: to_srgb(from_srgb(code), 9),
        16: tone_mapped(nits_of_pq(code), 9, 1000),
        18: tone_mapped(nits_of_hlg(code, 9), 9, 1000),
    }[transfer]
    assert close(shown(data)[32, 32], expected, 3)
    if transfer != 13:
        assert close(shown(made(data, "keep=hdr&fm=png"))[32, 32], expected, 3)


@pytest.mark.parametrize("options", [{"Q": 90}, {"lossless": 1}, {"bitdepth": 10, "Q": 95}])
@pytest.mark.parametrize("size", [(90, 62), (45, 31)])
def test_what_libvips_writes(options: dict[str, int], size: tuple[int, int]) -> None:
    """Sides that are odd stand in a grid of one tile, or behind a clean aperture."""
    deep = "bitdepth" in options
    pixels = RGB[: size[1], : size[0]]
    stored = pixels.astype(np.uint16) * 257 if deep else pixels
    data = by_vips.written(stored, ".heic", "rgb16" if deep else "srgb", **options)
    facts = probe(data)
    assert (facts.width, facts.height, facts.bits) == (*size, 10 if deep else 8)
    reference = by_vips.read(data)
    if deep:
        reference = np.rint(reference / 65472 * 255)  # it shifts ten bits to the left of sixteen
    assert close(shown(data, mode="RGB"), reference, 3 if deep else 2)


def turned(turns: int, axis: int | None) -> bytes:
    """irot and imir with these values, in the place of those that are written for orientation 5."""
    image = Image.fromarray(RGB)
    image.info["exif"] = exif(5)
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=-1, chroma=444, exif=exif(5))
    data = bytearray(file.getvalue())
    rotation, mirror = data.index(b"irot"), data.index(b"imir")
    data[rotation + 4] = turns
    if axis is None:
        data[mirror : mirror + 4] = b"free"
    else:
        data[mirror + 4] = axis
    return bytes(data)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_upright_exactly_once(turns: int, axis: int | None) -> None:
    """Turned anti-clockwise, then mirrored; EXIF, which says something else, is not asked."""
    data = turned(turns, axis)
    plain = shown(turned(0, None), mode="RGB")
    expected = np.rot90(plain, turns)
    if axis is not None:
        expected = np.flip(expected, axis)
    assert close(shown(data, mode="RGB"), expected, 0)
    assert close(shown(data, mode="RGB"), by_vips.read(data), 2)
    assert probe(data).upright == expected.shape[1::-1]
    result = opened(ask(data, "fm=jpg").body)
    assert not result.getexif()


@pytest.mark.parametrize("value", range(1, 9))
def test_orient_overrides_what_the_file_says(value: int) -> None:
    """`orient` counts from the picture as it is stored: the same as of a PNG with that tag."""
    same = saved(shown(turned(0, None), mode="RGB"), "PNG", exif=exif(value))
    result = shown(turned(3, 1), f"fm=png&orient={value}", "RGB")
    assert close(result, shown(same, mode="RGB"), 0)


def test_a_crop_is_of_the_upright_picture() -> None:
    data = turned(3, None)
    whole = shown(data, mode="RGB")
    assert close(shown(data, "fm=png&rect=10,20,30,40", "RGB"), whole[20:60, 10:40], 0)


@pytest.mark.parametrize("channels", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("bits", [10, 12])
def test_deep(channels: str, bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept, in all of 16 bits: within two steps of those that are stored."""
    monkeypatch.setattr(pillow_heif.options, "SAVE_HDR_TO_12_BIT", bits == 12)
    eight = {"RGB": RGB, "RGBA": np.dstack((RGB, ALPHA | 64)), "L": GRAY}[channels]
    deep = eight.astype(np.uint16) * 257
    mode = "I;16" if channels == "L" else f"{channels};16"
    data = heic(pillow_heif.from_bytes(mode, (90, 62), deep.tobytes()))
    assert probe(data).bits == bits
    assert close(shown(data, mode=channels), eight, 2)
    kept = ask(data, "fm=png&depth=16").body
    assert kept[24] == 16
    if channels == "L":
        assert close(np.asarray(opened(kept)), deep, 2 * 65535 // (2**bits - 1))


def test_a_profile_is_honoured() -> None:
    image = Image.fromarray(RGB)
    image.info["icc_profile"] = swapped_profile()
    data = heic(pillow_heif.from_pillow(image))
    to_srgb = ImageCms.profileToProfile(
        Image.fromarray(by_vips.read(data)), io.BytesIO(swapped_profile()), io.BytesIO(SRGB)
    )
    assert close(
        shown(data, mode="RGB"), np.asarray(to_srgb), 6
    )  # of a step in the dark it makes more
    assert shown(data, mode="RGB")[2, 85].tolist()[1] > 200  # the red corner is green


def test_colours_that_are_multiplied_by_their_alpha() -> None:
    """Divided by it again: 60 at an alpha of 128 is 119.5."""
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[:, :32] = (60, 30, 0, 128)
    data = heic(pillow_heif.from_bytes("RGBa", (64, 64), pixels.tobytes()))
    assert b"prem" in data
    result = shown(data, mode="RGBA")
    assert close(result[:, 2:30], np.full((64, 28, 4), (120, 60, 0, 128)), 3)


def test_a_thumbnail_of_another_size_than_it_says() -> None:
    """Of cameras: it is not the shown picture."""
    image = pillow_heif.from_pillow(Image.fromarray(RGB))
    image.info["thumbnails"] = [32]
    data = heic(image)
    size = data.rindex(b"ispe") + 8
    assert max(struct.unpack_from(">LL", data, size)) < 90
    other = data[:size] + struct.pack(">LL", 20, 20) + data[size + 8 :]
    assert close(shown(other, mode="RGB"), RGB, 3)


def test_a_broken_profile_is_said_so() -> None:
    image = Image.fromarray(RGB)
    image.info["icc_profile"] = swapped_profile()[:300]
    answer = ask(heic(pillow_heif.from_pillow(image)))
    assert (answer.status, answer.header("image-notes")) == (200, "profile-ignored")


def test_pillow_is_left_as_it_was() -> None:
    """Registered as a plug-in, the decoder would be one for the whole application."""
    assert ask(KINDS["rgb"][0]).status == 200
    assert "HEIF" not in Image.OPEN


def test_a_container_of_another_size_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic(RGB[:32, :64])
    size = data.index(b"ispe") + 8
    assert struct.unpack_from(">LL", data, size) == (64, 64)  # as HEVC codes it
    other = data[:size] + struct.pack(">LL", 64, 32) + data[size + 8 :]
    monkeypatch.setattr(pillow_heif, "open_heif", None)
    assert ask(other).status == 422


@pytest.mark.parametrize("kind", KINDS)
def test_damage(kind: str) -> None:
    """Cut at ten places, and with twenty bits flipped."""
    data = KINDS[kind][0]
    assert {ask(short).status for short in cut(data)} <= {415, 422}
    for changed in flipped(data):
        assert ask(changed).status in (200, 413, 415, 422)


def test_a_byte_of_metadata_that_is_another() -> None:
    """The pixels are the same; a profile is heeded as it then is, or left out."""
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    image = pillow_heif.from_pillow(Image.fromarray(RGB[:16, :24]))
    image.info["icc_profile"] = SRGB
    data = heic(image, exif=exif(1), xmp=xmp)
    as_it_was = shown(data)
    for part in (exif(1).removeprefix(b"Exif\0\0"), xmp, SRGB):
        first = data.index(part)
        for at in range(first, first + len(part), 3):
            broken = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
            assert np.array_equal(shown(broken), as_it_was) or part == SRGB, at


@pytest.mark.parametrize("query", ["w=23", "w=9", "w=64"])
def test_no_hidden_colour_shows_at_the_edge_of_alpha(query: str) -> None:
    """Opaque red beside green that is wholly clear: over black no more than a step of it is left."""
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[:, :32] = (255, 0, 0, 255)
    pixels[:, 32:] = (0, 255, 0, 0)
    result = shown(heic(pixels), f"{query}&fm=png", "RGBA").astype(int)
    assert {0, 255} <= set(result[..., 3].flat)
    assert (result[..., 1] * result[..., 3] // 255).max() <= 1


LARGE = np.tile(RGB, (24, 22, 1))  # 1488 x 1980


@needs_proc
@pytest.mark.parametrize(
    ("mode", "options"),
    [("L", {}), ("RGB", {"chroma": 420}), ("RGB", {}), ("RGBA", {}), ("RGB", {"tile_size": 512}),
     ("RGB;16", {}), ("RGBA;16", {"chroma": 420})],
)  # fmt: skip
def test_the_bound_holds(
    mode: str, options: dict[str, Any], forked: Forked, tmp_path: Path
) -> None:
    """Growth of a process that decodes three megapixels, as in docs/damage.md."""
    plain, _, deep = mode.partition(";")
    pixels = np.asarray(Image.fromarray(LARGE).convert(plain))
    wide = pixels.astype(np.uint16) * 257 if deep else pixels
    image = pillow_heif.from_bytes(mode, pixels.shape[1::-1], wide.tobytes())
    data = heic(image, quality=60, enc_params={"preset": "ultrafast"}, **options)
    (tmp_path / "original").write_bytes(data)
    growth, bound = forked("decode_memory", "decoding", str(tmp_path / "original"))
    assert growth <= bound <= 4 * growth + 8 * 2**20
