"""Every kind of original against what Pillow makes of the same file."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from asking import made
from pictures import (
    by_opencv,
    close,
    corners,
    exif,
    float_lanczos,
    opened,
    photo_like,
    pixels_of,
    psnr,
    quadrants,
    saved,
    swapped_profile,
)
from rasters import bmp, bmp_rows

COLOR = quadrants()
GRAY = COLOR[..., 1].copy()
CLEAR = np.dstack((COLOR, np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))))
PALETTE = Image.fromarray(COLOR).quantize(16)
BILEVEL = Image.fromarray(GRAY).convert("1")


def with_transparency() -> bytes:
    image = PALETTE.copy()
    return saved(image, "PNG", transparency=0)


#: Name, file, and how far a sample may be from Pillow's: 0 for lossless, and a step or two where
#: two implementations of one lossy format round in another way.
KINDS: list[tuple[str, bytes, int]] = [
    ("jpeg", saved(COLOR, "JPEG", quality=95), 2),
    ("jpeg progressive", saved(COLOR, "JPEG", quality=95, progressive=True), 2),
    ("jpeg gray", saved(GRAY, "JPEG", quality=95), 2),
    ("jpeg cmyk", saved(Image.fromarray(COLOR).convert("CMYK"), "JPEG", quality=95), 2),
    ("png", saved(COLOR, "PNG"), 0),
    ("png gray", saved(GRAY, "PNG"), 0),
    ("png alpha", saved(CLEAR, "PNG"), 0),
    ("png gray alpha", saved(Image.fromarray(CLEAR).convert("LA"), "PNG"), 0),
    ("png palette", saved(PALETTE, "PNG"), 0),
    ("png palette transparent", with_transparency(), 0),
    ("png bilevel", saved(BILEVEL, "PNG"), 0),
    ("png gray tRNS", saved(Image.fromarray(GRAY), "PNG", transparency=200), 0),
    ("png rgb tRNS", saved(COLOR, "PNG", transparency=(230, 20, 20)), 0),
    ("webp", saved(COLOR, "WEBP", quality=95), 2),
    ("webp lossless alpha", saved(CLEAR, "WEBP", lossless=True, exact=True), 0),
    ("avif", saved(COLOR, "AVIF", quality=95), 3),
    ("avif alpha", saved(CLEAR, "AVIF", quality=95), 3),
    ("gif", saved(PALETTE, "GIF"), 0),
    ("gif transparent", saved(PALETTE, "GIF", transparency=1), 0),
    ("bmp", saved(COLOR, "BMP"), 0),
    ("bmp gray", saved(GRAY, "BMP"), 0),
    ("bmp palette", saved(PALETTE, "BMP"), 0),
    ("bmp bilevel", saved(BILEVEL, "BMP"), 0),
    *[
        (f"tiff {name} {compression}", saved(image, "TIFF", compression=compression), 0)
        for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits")
        for name, image in (
            ("rgb", COLOR),
            ("gray", GRAY),
            ("alpha", CLEAR),
            ("gray alpha", Image.fromarray(CLEAR).convert("LA")),
            ("palette", PALETTE),
            ("bilevel", BILEVEL),
            ("cmyk", Image.fromarray(COLOR).convert("CMYK")),
        )
    ],
    ("tiff jpeg", saved(COLOR, "TIFF", compression="jpeg", quality=95), 2),
]


@pytest.mark.parametrize(("data", "most"), [kind[1:] for kind in KINDS], ids=[k[0] for k in KINDS])
def test_pixels_are_pillows(data: bytes, most: int) -> None:
    mine, theirs = opened(made(data)).convert("RGBA"), opened(data).convert("RGBA")
    alpha = np.asarray(theirs)[..., 3]
    assert close(np.asarray(mine)[..., 3], alpha, most)
    assert close(np.asarray(mine)[alpha > 0], np.asarray(theirs)[alpha > 0], most)


@pytest.mark.parametrize(("data"), [kind[1] for kind in KINDS], ids=[k[0] for k in KINDS])
def test_a_result_without_fm_keeps_alpha_only_where_there_is_some(data: bytes) -> None:
    original = opened(data)
    has_alpha = "A" in original.getbands() or "transparency" in original.info
    assert opened(made(data, "")).format == ("PNG" if has_alpha else "JPEG")


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("pixels", [COLOR, GRAY, CLEAR], ids=["rgb", "gray", "alpha"])
def test_sixteen_bits_become_eight_with_rounding(suffix: str, pixels: Any) -> None:
    deep = pixels.astype(np.uint16) * 257 + 100  # 100 of 257: rounds down to the 8-bit value
    deep[pixels == 255] = 65535
    mode = {2: "L", 3: "RGB"}.get(pixels.ndim if pixels.ndim == 2 else pixels.shape[2], "RGBA")
    mine = pixels_of(made(by_opencv(suffix, deep)), mode)
    seen = pixels[..., 3] > 0 if mode == "RGBA" else np.ones(pixels.shape[:2], bool)
    assert close(mine[seen], pixels[seen], 0)


def test_a_float_tiff_is_taken_from_0_to_1() -> None:
    ramp = np.tile(np.linspace(-0.5, 1.5, 64, dtype=np.float32), (48, 1))
    expected = np.clip(ramp, 0, 1) * 255
    assert close(pixels_of(made(by_opencv(".tif", ramp)), "L"), np.rint(expected), 0)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_once(format: str, orientation: int) -> None:
    lossless = {"WEBP": {"lossless": True}, "PNG": {}, "TIFF": {}}
    options = lossless.get(format, {"quality": 95, "subsampling": "4:4:4"})
    data = saved(COLOR, format, exif=exif(orientation), **options)
    # The turns as Pillow names them: what EXIF's value asks a viewer to do.
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(orientation)  # fmt: skip
    image = Image.fromarray(COLOR)
    expected = np.asarray(image if turn is None else image.transpose(turn))
    result = made(data)
    assert close(pixels_of(result), expected, 8)
    assert not opened(result).getexif()
    # A crop is of the upright picture: its left half's colours, then resampled.
    left = pixels_of(made(data, "w=10&h=30&fit=crop&fm=png"))
    assert left.shape == (30, 10, 3)


def test_a_crop_is_of_the_upright_picture() -> None:
    data = saved(COLOR, "JPEG", exif=exif(6), quality=95, subsampling=0)
    upright = Image.fromarray(COLOR).transpose(Image.Transpose.ROTATE_270)  # 48 x 64
    expected = upright.crop((0, 20, 48, 44)).resize((24, 12), Image.Resampling.LANCZOS)
    mine = pixels_of(made(data, "w=24&h=12&fit=crop&fm=png"))
    assert np.abs(mine.astype(int) - np.asarray(expected)).mean() < 3


def test_a_profile_is_converted_and_gone() -> None:
    for format, options in (
        ("JPEG", {"quality": 95}), ("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True}),
    ):  # fmt: skip
        red = np.full((32, 32, 3), (250, 20, 10), np.uint8)
        result = made(saved(red, format, icc_profile=swapped_profile(), **options))
        assert close(pixels_of(result)[16, 16], (20, 250, 10), 4), format
        assert "icc_profile" not in opened(result).info


def test_a_scaled_decode_is_as_sharp_as_a_whole_one() -> None:
    photo = photo_like(2400, 1800)
    data = saved(photo, "JPEG", quality=95, subsampling=0)
    for width in (75, 120, 149, 200, 301, 599):
        mine = pixels_of(made(data, f"w={width}&fm=png"))
        whole = np.asarray(opened(data).convert("RGB"))
        assert psnr(mine, float_lanczos(whole, mine.shape[1::-1])) > 40


def test_a_scaled_decode_shifts_nothing() -> None:
    """Of odd sides, and of a crop at odd places, half or an eighth has parts of samples."""
    photo = photo_like(1601, 1201)
    data = saved(photo, "JPEG", quality=95, subsampling=0)
    whole = np.asarray(opened(data).convert("RGB"))
    for query, part in (
        ("w=301", whole),
        ("w=201&rect=333,201,1001,901", whole[201:1102, 333:1334]),
        ("w=97", whole),
        ("w=61&rect=333,201,1001,901", whole[201:1102, 333:1334]),
    ):
        mine = pixels_of(made(data, f"{query}&fm=png"))
        # A tenth of a sample's shift is 40 dB here.
        assert psnr(mine, float_lanczos(part, mine.shape[1::-1])) > 47


@pytest.mark.parametrize("bits", [10, 12])
def test_a_deep_avif_comes_in_its_full_range(bits: int) -> None:
    """OpenCV hands out 10 bits as 0 to 1023; the same picture in 8 bits is the reference."""
    deep = (COLOR[..., ::-1].astype(np.uint32) * ((1 << bits) - 1) // 255).astype(np.uint16)
    done, data = cv2.imencode(
        ".avif", deep, [cv2.IMWRITE_AVIF_DEPTH, bits, cv2.IMWRITE_AVIF_QUALITY, 95]
    )
    assert done
    assert close(corners(pixels_of(made(data.tobytes()))), corners(COLOR), 3)


def test_the_oldest_bmp_header_has_its_colours() -> None:
    """OS/2's header of 12 bytes, 24 bits; rows from the bottom up, padded to four bytes."""
    data = bmp(24, bmp_rows(COLOR[..., ::-1]), size=(64, 48), header=12)
    assert np.array_equal(pixels_of(made(data)), COLOR)


def test_padding_of_a_32_bit_bmp_is_no_alpha() -> None:
    clear = np.dstack((COLOR[..., ::-1], np.zeros((48, 64), np.uint8)))
    data = bmp(32, bmp_rows(clear), 3, size=(64, 48), masks=(0xFF0000, 0xFF00, 0xFF))
    result = made(data)
    assert opened(result).convert("RGBA").getextrema()[3] == (255, 255)
    assert np.array_equal(pixels_of(result), COLOR)
