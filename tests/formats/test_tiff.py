"""TIFF directories against Pillow, and every kind of damage."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from files import ring_of_pages, tiff
from imgmiddleware.formats.probe import read_profile, vet
from originals import probe, refusal, survive
from pictures import SRGB, noise, read_by_opencv, saved

PHOTO = saved(noise(), "TIFF")

Entries = dict[int, tuple[str, list[int]]]
#: Gray, 8 x 4, in two strips of two rows.
BASIC: Entries = {
    256: ("L", [8]), 257: ("L", [4]), 258: ("H", [8]), 259: ("H", [1]), 262: ("H", [1]),
    273: ("L", [8, 24]), 277: ("H", [1]), 278: ("L", [2]), 279: ("L", [16, 16]),
}  # fmt: skip
TILED: Entries = {tag: value for tag, value in BASIC.items() if tag not in (273, 278, 279)} | {
    322: ("L", [16]), 323: ("L", [16]), 324: ("L", [8]), 325: ("L", [256]),
}  # fmt: skip


def basic(*without: int, order: str = "<", **tags: tuple[str, list[int]]) -> bytes:
    entries = BASIC | {int(tag[1:]): value for tag, value in tags.items()}
    return tiff({tag: value for tag, value in entries.items() if tag not in without}, order=order)


def tiled(**tags: tuple[str, list[int]]) -> bytes:
    return tiff(TILED | {int(tag[1:]): value for tag, value in tags.items()}, bytes(300))


@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}, {"compression": "tiff_adobe_deflate"},
                                     {"compression": "packbits"}, {"big_tiff": True}])  # fmt: skip
@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "F"]
)
def test_agrees_with_pillow(mode: str, options: dict[str, object]) -> None:
    if mode == "LAB":
        picture = Image.new("LAB", (53, 31))
    else:
        via = "L" if mode in ("F", "I;16") else "RGBA" if mode == "RGBA" else "RGB"
        picture = noise(53, 31, via).convert(mode)
    data = saved(picture, "TIFF", **options)
    facts = probe(data)
    with Image.open(io.BytesIO(data)) as image:
        assert (facts.width, facts.height, facts.frames) == (*image.size, 1)
    assert facts.color == {"CMYK": "cmyk"}.get(
        mode, "gray" if mode in ("1", "L", "I;16", "F") else "rgb"
    )
    assert facts.depth == {"I;16": 16, "F": 32}.get(mode, 8)
    assert facts.alpha == (mode in ("RGBA", "F"))  # what is not a number would be clear
    pixels = read_by_opencv(data)
    assert pixels.shape[:2] == (facts.height, facts.width)
    assert facts.decode_bytes >= 2 * pixels.nbytes or facts.band_bytes
    assert vet(data, facts) is data


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_inside(mode: str) -> None:
    assert refusal(saved(noise(mode=mode), "TIFF", compression="jpeg")) == ""


def test_fax() -> None:
    for kind in ("group3", "group4"):
        assert refusal(saved(Image.new("1", (3000, 2000)), "TIFF", compression=kind)) == ""


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_agrees_with_what_opencv_writes(channels: int, dtype: str) -> None:
    pixels = np.ones((31, 53, channels), dtype)
    data = cv2.imencode(".tiff", pixels)[1].tobytes()
    facts = probe(data)
    assert (facts.height, facts.width, facts.depth) == (31, 53, pixels.itemsize * 8)
    assert facts.color == ("gray" if channels == 1 else "rgb")
    assert facts.alpha == (channels == 4 or (channels == 1 and dtype == "float32"))


@pytest.mark.parametrize(("stored", "read"), [(n, n) for n in range(1, 9)] + [(0, 1), (9, 1)])
def test_orientation(stored: int, read: int) -> None:
    data = saved(noise(), "TIFF", tiffinfo={274: stored})
    facts = probe(data)
    assert (facts.orientation, facts.width, facts.height) == (read, 64, 48)


def test_byte_order() -> None:
    assert probe(basic(order=">")) == probe(basic())


def test_pages() -> None:
    pages = [noise()] * 4
    data = saved(noise(), "TIFF", save_all=True, append_images=pages)
    assert probe(data).frames == Image.open(io.BytesIO(data)).n_frames == 5


def test_profile() -> None:
    data = saved(noise(), "TIFF", icc_profile=SRGB)
    assert read_profile(data, probe(data)) == Image.open(io.BytesIO(data)).info["icc_profile"]
    assert read_profile(PHOTO, probe(PHOTO)) is None
    large = saved(noise(), "TIFF", icc_profile=bytes(5_000_000))
    assert read_profile(large, probe(large)) == b""


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("", basic()),
        ("", basic(278, t273=("L", [8]), t279=("L", [32]))),  # rows a strip: all
        ("", basic(t278=("L", [2**32 - 1]), t279=("L", [32, 0]))),
        ("", tiled()),
        ("", tiled(t322=("L", [1024]), t323=("L", [1024]), t259=("H", [5]))),
        ("damaged-original", tiled(t322=("L", [1024]), t323=("L", [1040]), t259=("H", [5]))),
        ("damaged-original", tiled(t322=("L", [0]))),
        ("damaged-original", tiled(t257=("L", [40]))),  # three tiles needed, one listed
        ("damaged-original", PHOTO[:-1]),
        ("damaged-original", PHOTO[:7]),
        ("damaged-original", b"II*\0" + bytes(4)),
        ("damaged-original", b"II*\0\x08\0\0\0" + b"\xff\xff"),
        ("damaged-original", b"II+\0\x08\0\1\0" + bytes(16)),
        ("damaged-original", basic(256)),
        ("damaged-original", basic(t256=("L", [0]))),
        ("damaged-original", basic(273)),
        ("", basic(279)),  # up to the next strip
        ("damaged-original", basic(t273=("L", [8, 60_000]))),
        ("", basic(t279=("L", [16, 60_000]))),  # up to the end of the file
        ("damaged-original", basic(t279=("L", [15, 16]))),
        ("damaged-original", basic(t273=("L", [8]))),
        ("damaged-original", basic(t278=("L", [0]))),
        ("damaged-original", basic(t278=("L", [1]))),
        ("damaged-original", basic(t284=("H", [3]))),
        ("damaged-original", basic(t262=("H", [2]))),
        ("damaged-original", basic(t277=("H", [65]))),
        ("damaged-original", basic(t256=("L", [100_000]), t259=("H", [8]))),
        ("damaged-original", basic(t257=("L", [6]))),
        ("unsupported-feature", basic(t259=("H", [6]))),  # old JPEG
        ("unsupported-feature", basic(t259=("H", [34926]))),
        ("unsupported-feature", basic(t262=("H", [32803]))),  # a raw sensor's
        ("damaged-original", basic(t258=("H", [64]), t339=("H", [3]))),  # too few bytes
        ("", basic(t339=("H", [2]))),
        ("damaged-original", basic(t258=("H", [12]))),
        ("unsupported-feature", basic(t258=("H", [24]))),
        ("unsupported-feature", basic(t258=("H", [8]), t339=("H", [3]))),
        ("unsupported-feature", basic(t339=("H", [5]))),  # complex numbers
        ("unsupported-feature", basic(t258=("H", [8, 16]), t277=("H", [2]))),
        ("unsupported-feature", basic(t50706=("B", [1, 4, 0, 0]))),  # DNG
        ("", ring_of_pages()),
    ],
)  # fmt: skip
def test_structure(code: str, data: bytes) -> None:
    assert refusal(data) == code


def test_pages_are_counted_to_a_bound() -> None:
    """Each page is a directory of one entry, 18 bytes apart, the first of them a picture."""
    whole = bytearray(basic())
    start = len(whole)
    struct.pack_into(
        "<L", whole, struct.unpack_from("<L", whole, 4)[0] + 2 + 12 * len(BASIC), start
    )
    for page in range(5000):
        whole += struct.pack("<HHHLLL", 1, 256, 3, 1, 1, start + 18 * (page + 1))
    assert probe(bytes(whole)).frames == 1024


@pytest.mark.parametrize("data", [PHOTO, basic(), tiled(), saved(noise(), "TIFF", big_tiff=True)])
def test_survives_damage(data: bytes) -> None:
    assert survive(data, 100) > 20
