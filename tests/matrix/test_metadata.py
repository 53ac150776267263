"""Metadata never refuses a picture: any byte of it is changed, one after the other.

The pixels stay as they are, or what is broken is left out with a note. Two kinds of bytes mean
something by themselves: the orientation turns the picture, and a profile that is still one is heeded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from asking import ask
from pictures import SRGB, moving, opened, photo_like, pixels_of, saved
from tiffs import coded_tiff

PHOTO = Image.fromarray(photo_like(24, 16))
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf/></x:xmpmeta>'


def block() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E], exif[0x013B], exif[0x8298], exif[0x0112] = (
        "a photo",
        "somebody",
        "(c) somebody",
        1,
    )
    exif.get_ifd(0x8825)[2] = (1.0, 2.0, 3.0)
    exif.get_ifd(0x8769)[0x9003] = "2020:01:01 00:00:00"
    return exif


def texts() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "hello")
    info.add_text("Copyright", "nobody's " * 20, zip=True)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return info


EXIF = block().tobytes()
FILES = {
    "jpeg": saved(PHOTO, "JPEG", exif=EXIF, xmp=XMP, icc_profile=SRGB, comment=b"hello"),
    "png": saved(PHOTO, "PNG", exif=EXIF, pnginfo=texts(), icc_profile=SRGB),
    "webp": saved(PHOTO, "WEBP", exif=EXIF, xmp=XMP, icc_profile=SRGB),
    "avif": saved(PHOTO, "AVIF", exif=EXIF, xmp=XMP, icc_profile=SRGB),
    "tiff": saved(PHOTO, "TIFF", exif=block(), icc_profile=SRGB),
    "gif": saved(PHOTO.quantize(8), "GIF", comment=b"hello"),
    "gif, animated": moving(
        [PHOTO.quantize(8), PHOTO.rotate(180).quantize(8)], "GIF", comment=b"hello"
    ),
    "png, animated": moving(
        [PHOTO, PHOTO.rotate(180)], "PNG", exif=EXIF, pnginfo=texts(), icc_profile=SRGB
    ),
    "webp, animated": moving(
        [PHOTO, PHOTO.rotate(180)], "WEBP", exif=EXIF, xmp=XMP, icc_profile=SRGB
    ),
    "avif, sequence": moving(
        [PHOTO, PHOTO.rotate(180)], "AVIF", exif=EXIF, xmp=XMP, icc_profile=SRGB
    ),
    "tiff, fax": saved(PHOTO, "TIFF", "1", compression="group4", exif=block(), icc_profile=SRGB),
    "tiff, floats": saved(
        PHOTO.convert("F").point(lambda level: level / 255), "TIFF", exif=block(), icc_profile=SRGB
    ),
    "tiff, big pyramid of jpegs": coded_tiff(
        [np.asarray(PHOTO), np.asarray(PHOTO.resize((12, 8)))],
        lambda part: saved(part, "JPEG"),
        7,
        6,
        tile=(16, 16),
        bigtiff=True,
        iccprofile=SRGB,
        description="a photo",
        software="(c) somebody",
    ),
}


def of_jpeg(data: bytes) -> Iterator[int]:
    at = 2
    while data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        if data[at + 1] in range(0xE0, 0xF0) or data[at + 1] == 0xFE:
            yield from range(at + 4, at + 2 + length)
        at += 2 + length


_PIXELS = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT")


def of_png(data: bytes) -> Iterator[int]:
    """With the checksums."""
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">L4s", data, at)
        if kind not in _PIXELS:
            yield from range(at + 8, at + 12 + length)
        at += 12 + length


def metadata_of(name: str) -> list[int]:
    """Where its bytes are, without the lengths by which a decoder finds what is behind them."""
    data = FILES[name]
    if name.startswith(("jpeg", "png")):
        return [*(of_jpeg if name == "jpeg" else of_png)(data)]
    # A TIFF's directory is its own; here are the values that stand apart from it.
    values = (b"a photo", b"(c) somebody", b"2020:01:01 00:00:00") if "tiff" in name else ()
    parts = (EXIF.removeprefix(b"Exif\0\0"), XMP, SRGB, b"hello", *values)
    found = {part: data.find(part) for part in parts}
    return [at + i for part, at in found.items() if at >= 0 for i in range(len(part))]


@pytest.mark.parametrize("name", FILES)
def test_a_byte_of_metadata_that_is_another(name: str) -> None:
    data, places = FILES[name], metadata_of(name)
    assert len(places) > (4 if "gif" in name else 500)
    profile = data.find(SRGB)
    as_it_was = pixels_of(ask(data, "fm=png").read())
    turned = [np.rot90(seen, n) for seen in (as_it_was, as_it_was[:, ::-1]) for n in range(4)]
    others = 0
    for at in places:
        broken = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        answer = ask(broken, "fm=png")
        assert answer.status == 200, (at, answer.read())
        pixels = pixels_of(answer.read())
        if not any(np.array_equal(pixels, each) for each in turned):
            others += 1
            assert answer.header("Image-Notes") or profile <= at < profile + len(SRGB), at
        others += not np.array_equal(pixels, as_it_was)
    assert others < len(places) / 10  # most bytes mean nothing for the pixels


@pytest.mark.parametrize("name", FILES)
def test_what_is_kept_of_it_is_whole(name: str) -> None:
    data = FILES[name]
    for at in metadata_of(name)[::5]:
        broken = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        answer = ask(broken, "fm=jpg&keep=exif,icc")
        assert answer.status == 200, (at, answer.read())
        assert opened(answer.read()).size == PHOTO.size
