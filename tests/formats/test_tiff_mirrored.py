"""TIFF whose bytes begin with their lowest bit (FillOrder 2), beside libtiff in OpenCV."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile

from asking import ask, refused, shown
from pictures import photo_like, pixels_of, read_by_opencv
from rasters import DEFLATE, LZW, PACKBITS, tif

PHOTO = photo_like(60, 44, channels=4)
RGB, GRAY = np.ascontiguousarray(PHOTO[..., :3]), np.ascontiguousarray(PHOTO[..., 1])
TURNED = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], np.uint8)


def turned_round(data: bytes) -> bytes:
    """The same file with all bytes of its strips or tiles turned round."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        places = [*zip(page.dataoffsets, page.databytecounts, strict=True)]  # type: ignore[union-attr]
    found = np.frombuffer(data, np.uint8).copy()
    for place, count in places:
        found[place : place + count] = TURNED[found[place : place + count]]
    return found.tobytes()


#: Samples, what they mean, their bits; and how they are stored.
KINDS: dict[str, tuple[Any, int, int, dict[str, Any]]] = {
    "gray": (GRAY, 1, 8, {}),
    "white is zero": (GRAY, 0, 8, {}),
    "rgb": (RGB, 2, 8, {"high": 10}),
    "tiles": (RGB, 2, 8, {"high": 16, "wide": 32}),
    "planes": (RGB, 2, 8, {"high": 10, "planar": True}),
    "alpha": (PHOTO, 2, 8, {"t338": [2]}),
    "inks": (PHOTO, 5, 8, {}),
    "lzw": (RGB, 2, 8, {"high": 16, "compression": LZW}),
    "packbits": (RGB, 2, 8, {"high": 16, "compression": PACKBITS}),
    "deflate": (RGB, 2, 8, {"high": 16, "compression": DEFLATE, "predictor": 2}),
    "16 bits": (RGB.astype(np.uint16) * 257 ^ 90, 2, 16, {}),
    "16 bits, big-endian": (RGB.astype(np.uint16) * 257 ^ 90, 2, 16, {"order": ">"}),
    "12 bits": (GRAY.astype(np.uint16) << 4, 1, 12, {}),
    "32 bits": (GRAY.astype(np.uint32) << 24, 1, 32, {}),
    "floats": (GRAY.astype(np.float32) / 255, 1, 32, {}),
    "1 bit": (GRAY >> 7, 1, 1, {}),
    "4 bits": (GRAY >> 4, 1, 4, {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_turned_round_is_the_same_picture(kind: str) -> None:
    samples, photometric, bits, stored = KINDS[kind]
    plain = tif(samples, photometric, bits, **stored)
    turned = turned_round(tif(samples, photometric, bits, t266=[2], **stored))
    if bits != 4:  # which OpenCV does not open
        assert np.array_equal(read_by_opencv(turned), read_by_opencv(plain))
    assert np.array_equal(
        pixels_of(ask(turned, "fm=png").read()), pixels_of(ask(plain, "fm=png").read())
    )
    assert np.array_equal(shown(turned, "w=23&fm=png"), shown(plain, "w=23&fm=png"))


def test_a_large_strip_of_deflate() -> None:
    noise = np.random.default_rng(5).integers(0, 256, (700, 900), np.uint8)
    data = turned_round(tif(noise, 1, compression=DEFLATE, t266=[2]))
    assert np.array_equal(shown(data, mode="L"), noise)
    assert np.array_equal(shown(data, "rect=300,500,70,90&fm=png", "L"), noise[500:590, 300:370])


def test_what_is_read_as_a_whole_is_refused_by_name() -> None:
    lab = turned_round(tif(RGB, 8, t266=[2]))
    assert refused(lab) == (415, "unsupported-feature")
