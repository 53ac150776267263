"""What is kept of an original's metadata, written and read back by Pillow."""

from __future__ import annotations

import io
import random
import struct
import time
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from asking import ask, made
from imgmiddleware.formats.containers.exif import Exif, parse, written
from imgmiddleware.formats.encode import encode
from imgmiddleware.formats.metadata import Metadata
from originals import cut, flipped
from pictures import (
    close,
    gray_profile,
    moving,
    opened,
    photo_like,
    pixels_of,
    read_by_opencv,
    saved,
    swapped_profile,
)

ARTIST, COPYRIGHT, ORIENTATION, MAKE = 315, 33432, 274, 271
EXIF_IFD, GPS_IFD = 0x8769, 0x8825
ORIGINALS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF")
RESULTS = ("jpg", "png", "webp", "avif", "tif")


def block(order: str = "<") -> Image.Exif:
    exif = Image.Exif()
    exif.endian = order
    exif[ARTIST], exif[COPYRIGHT], exif[MAKE] = "Ada", "(c) Ada 2024", "Camera"
    exif[ORIENTATION] = 6
    below = exif.get_ifd(EXIF_IFD)
    below[0x829A] = IFDRational(1, 250)  # ExposureTime
    below[0x9003] = "2024:05:06 07:08:09"  # DateTimeOriginal
    below[0x927C] = b"serial number 4711"  # MakerNote
    below[0xA002] = 4000  # PixelXDimension
    gps = exif.get_ifd(GPS_IFD)
    gps[1], gps[2] = "N", (52.0, 31.0, 12.5)
    return exif


def original(format: str, pixels: Any | None = None, **options: Any) -> bytes:
    if "exif" not in options:
        options["exif"] = block()
    if format == "AVIF":  # which turns by its own property, and takes EXIF's away
        options = {**options, "quality": 95}
    return saved(photo_like(40, 30) if pixels is None else pixels, format, **options)


def tags(data: bytes) -> dict[int, Any]:
    with Image.open(io.BytesIO(data)) as image:
        exif = image.getexif()
        return {
            **{tag: exif[tag] for tag in (ARTIST, COPYRIGHT, MAKE, ORIENTATION) if tag in exif},
            EXIF_IFD: dict(exif.get_ifd(EXIF_IFD)),
            GPS_IFD: dict(exif.get_ifd(GPS_IFD)),
        }


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("source", ORIGINALS)
def test_exif_goes_along(source: str, result: str) -> None:
    kept = tags(made(original(source), f"keep=exif&fm={result}"))
    assert (kept[ARTIST], kept[COPYRIGHT], kept[MAKE]) == ("Ada", "(c) Ada 2024", "Camera")
    assert kept[ORIENTATION] == 1  # it is upright now
    if source == "TIFF":  # Pillow writes no directories below the first
        return
    below = kept[EXIF_IFD]
    assert (float(below[0x829A]), below[0x9003]) == (1 / 250, "2024:05:06 07:08:09")
    assert not {0x927C, 0xA002} & {*below}  # no serial number, no size of another picture
    assert [float(part) for part in kept[GPS_IFD][2]] == [52.0, 31.0, 12.5]


@pytest.mark.parametrize("result", RESULTS)
def test_copyright_alone(result: str) -> None:
    kept = tags(made(original("JPEG"), f"keep=copyright&fm={result}"))
    assert (kept[ARTIST], kept[COPYRIGHT]) == ("Ada", "(c) Ada 2024")
    assert MAKE not in kept
    assert kept[EXIF_IFD] == kept[GPS_IFD] == {}


@pytest.mark.parametrize("result", [*RESULTS, "gif", "bmp"])
def test_nothing_is_kept_unasked(result: str) -> None:
    data = original("JPEG", icc_profile=swapped_profile())
    with Image.open(io.BytesIO(made(data, f"fm={result}"))) as image:
        assert not {*image.getexif()} & {ARTIST, COPYRIGHT, MAKE}
        assert not image.info.get("icc_profile")


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(order: str) -> None:
    kept = tags(made(original("JPEG", exif=block(order)), "keep=exif&fm=jpg"))
    assert float(kept[EXIF_IFD][0x829A]) == 1 / 250
    assert kept[ARTIST] == "Ada"


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("source", ORIGINALS)
def test_the_profile_goes_along_and_the_colors_stay(source: str, result: str) -> None:
    profile = swapped_profile()
    flat = np.full((32, 32, 3), (200, 40, 60), np.uint8)
    data = original(source, flat, icc_profile=profile, exif=Image.Exif())
    for query, expected in ((f"keep=icc&fm={result}", profile), (f"fm={result}", None)):
        with Image.open(io.BytesIO(made(data, query))) as image:
            assert image.info.get("icc_profile") == expected
            color = image.convert("RGB").getpixel((16, 16))
        assert (color[0] > color[1]) == (expected is not None)  # the profile swaps red and green


@pytest.mark.parametrize(
    ("mode", "query", "kept"),
    [
        ("L", "fm=png", True),
        ("L", "fm=png&w=20", True),
        ("LA", "fm=png", False),  # which is colours and alpha by then
        ("L", "fm=webp", False),  # which has no gray
        ("L", "fm=png&flip=h", False),
        ("L", "fm=png&w=20&h=20&fit=fill", False),  # on a background that has colours
    ],
)
def test_a_profile_of_grays_goes_along_with_what_stays_gray(
    mode: str, query: str, kept: bool
) -> None:
    flat = Image.new("LA", (40, 30), (60, 255)).convert(mode)
    body = made(saved(flat, "PNG", icc_profile=gray_profile(1.0)), f"{query}&keep=icc")
    assert opened(body).info.get("icc_profile") == (gray_profile(1.0) if kept else None)


def test_keep_is_a_400_for_other_words() -> None:
    answer = ask(original("JPEG"), "keep=icc,all")
    assert (answer.status, b'"keep"' in answer.body) == (400, True)


def test_animations_keep_it_too() -> None:
    frames = [Image.fromarray(photo_like(40, 30)), Image.fromarray(255 - photo_like(40, 30))]
    kept = {"exif": block().tobytes(), "icc_profile": swapped_profile()}
    data = moving(frames, "WEBP", duration=50, **kept)
    for result, profile in (("webp", None), ("avif", swapped_profile())):
        body = made(data, f"anim=1&keep=exif,icc&fm={result}")
        assert tags(body)[ARTIST] == "Ada"
        assert opened(body).info.get("icc_profile") == profile


def test_a_moving_webp_is_converted_as_browsers_ask_no_profile_there() -> None:
    red = Image.new("RGB", (40, 30), (250, 20, 10))
    other = Image.new("RGB", (40, 30), (10, 20, 250))
    data = moving([red, other], "WEBP", duration=50, icc_profile=swapped_profile())
    for query in ("", "&keep=icc"):
        shown = pixels_of(made(data, f"anim=1&fm=webp{query}"))
        assert close(shown[15, 20], (20, 250, 10), 4)
    still = opened(made(data, "fm=webp&keep=icc"))
    assert still.info["icc_profile"] == swapped_profile()


# --- Written beside the pixels --------------------------------------------------------------------


@pytest.mark.parametrize("size", [500, 70_000, 3_000_000])
@pytest.mark.parametrize(
    ("format", "channels"),
    [(format, n) for format in RESULTS for n in (1, 3, 4) if (format, n) != ("jpg", 4)],
)
def test_any_size_and_the_same_pixels(format: str, size: int, channels: int) -> None:
    size = min(size, 900_000) if format == "png" else size  # Pillow reads no larger one
    profile = bytearray(random.Random(size).randbytes(size))
    # What readers check of a profile: its length and its signature.
    profile[:4], profile[36:40] = struct.pack(">L", size), b"acsp"
    pixels = photo_like(40, 30, channels).squeeze()
    exif = parse(block().tobytes()[6:])
    plain = encode(pixels, format, 75)
    file = encode(pixels, format, 75, Metadata(bytes(profile), exif))
    with Image.open(io.BytesIO(file)) as image:
        image.load()
        assert image.info["icc_profile"] == bytes(profile)
        assert image.getexif()[ARTIST] == "Ada"
    one, other = (read_by_opencv(data) for data in (plain, file))
    assert np.array_equal(one, other)


def test_a_palette_png_keeps_it_too() -> None:
    flat = np.full((32, 32, 3), (200, 40, 60), np.uint8)
    body = made(original("PNG", flat, icc_profile=swapped_profile()), "keep=icc,exif&fm=png")
    assert opened(body).mode == "P"
    assert opened(body).info["icc_profile"] == swapped_profile()
    assert tags(body)[ARTIST] == "Ada"


def test_within_max_bytes_all_counts() -> None:
    data = original("JPEG", photo_like(300, 200), icc_profile=swapped_profile())
    size = len(made(data, "keep=exif,icc&fm=jpg&q=40"))
    assert size - 200 < len(made(data, f"keep=exif,icc&fm=jpg&max_bytes={size}")) <= size


# --- The person who attacks the block -------------------------------------------------------------


def entries(*rows: tuple[int, int, int, int], following: int = 0) -> bytes:
    """A little-endian block whose first directory has these: tag, type, count, value or offset."""
    return b"II*\0" + struct.pack("<LH", 8, len(rows)) + b"".join(
        struct.pack("<HHLL", *row) for row in rows
    ) + struct.pack("<L", following)  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"II*\0",
        b"II*\0" + b"\xff" * 4,
        entries((EXIF_IFD, 4, 1, 8), (GPS_IFD, 4, 1, 8)),
        entries((ARTIST, 2, 100, 8)),
        entries((ARTIST, 2, 100, 400)),
        entries((ARTIST, 99, 1, 1)),
        entries((ARTIST, 2, 0, 0)),
        entries((EXIF_IFD, 4, 1, 400)),
        entries(*[(tag, 3, 1, 1) for tag in range(1, 2001)]),
        entries((ARTIST, 3, 1, 1), following=8),
    ],
    ids=[
        "empty",
        "head",
        "nowhere",
        "itself",
        "count",
        "outside",
        "type",
        "none",
        "below",
        "many",
        "loop",
    ],
)
def test_a_broken_block_gives_a_sound_one(data: bytes) -> None:
    start = time.perf_counter()
    again = written(parse(data))
    assert time.perf_counter() - start < 1
    assert len(again) <= 60_000
    image = Image.Exif()
    image.load(b"Exif\0\0" + again)
    assert image[ORIENTATION] == 1


def test_cut_and_flipped_blocks() -> None:
    whole = block().tobytes()[6:]
    for data in (*cut(whole, 20), *flipped(whole, 300)):
        image = Image.Exif()
        image.load(b"Exif\0\0" + written(parse(data)))
        assert image[ORIENTATION] == 1


def test_too_much_is_left_out_in_turn() -> None:
    exif = Image.Exif()
    exif[ARTIST] = "Ada"
    gps, below = exif.get_ifd(GPS_IFD), exif.get_ifd(EXIF_IFD)
    gps[27] = gps[28] = below[0x9286] = below[0xA302] = b"x" * 16_000  # of undefined form
    kept = parse(exif.tobytes()[6:])
    assert len(written(kept)) <= 60_000
    assert (len(kept.picture), len(kept.making), len(kept.place)) == (1, 2, 0)


def test_nothing_of_nothing() -> None:
    assert not Exif()
    assert not parse(b"no block").rights()
