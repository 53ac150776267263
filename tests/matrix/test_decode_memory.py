"""No decoder takes more than its header's bound says: the table in docs/damage.md, held to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

import decode_memory
from measuring import Forked, needs_proc
from pictures import by_opencv, moving, saved
from rasters import bmp, bmp_rows

WIDTH, HEIGHT = 2000, 1500
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH]
GRAY = ((X // 7 + Y // 5) % 256).astype(np.uint8)
RGB = np.dstack((GRAY, (X % 251).astype(np.uint8), (Y % 253).astype(np.uint8)))
RGBA = np.dstack((RGB, GRAY))


def two(pixels: Any) -> list[Image.Image]:
    return [Image.fromarray(np.roll(pixels, 40 * i, 1)) for i in range(2)]


def deep(pixels: Any) -> Any:
    return pixels.astype(np.uint16) * 257


#: Made when they are needed: each is some megabytes.
KINDS: dict[str, Any] = {
    "jpeg gray": lambda: saved(GRAY, "JPEG"),
    "jpeg": lambda: saved(RGB, "JPEG"),
    "jpeg cmyk": lambda: saved(RGB, "JPEG", "CMYK"),
    "jpeg progressive": lambda: saved(RGB, "JPEG", progressive=True),
    "jpeg progressive 4:4:4": lambda: saved(RGB, "JPEG", progressive=True, subsampling=0),
    "png gray": lambda: saved(GRAY, "PNG", compress_level=1),
    "png": lambda: saved(RGB, "PNG", compress_level=1),
    "png palette": lambda: saved(GRAY, "PNG", "P", compress_level=1),
    "png alpha": lambda: saved(RGBA, "PNG", compress_level=1),
    "png 16 bits": lambda: by_opencv(".png", deep(RGBA)),
    "webp": lambda: saved(RGB, "WEBP", method=0),
    "webp lossless": lambda: saved(RGB, "WEBP", lossless=True, method=0, quality=0),
    "webp alpha": lambda: saved(RGBA, "WEBP", method=0),
    "webp animated": lambda: moving(two(RGBA), "WEBP", method=0),
    "avif": lambda: saved(RGB, "AVIF", speed=10),
    "avif 4:4:4": lambda: saved(RGB, "AVIF", speed=10, subsampling="4:4:4"),
    "avif alpha": lambda: saved(RGBA, "AVIF", speed=10),
    "avif 10 bits": lambda: by_opencv(".avif", deep(RGB) >> 6, cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_SPEED, 10),
    "avif sequence": lambda: moving(two(RGB), "AVIF", speed=10),
    "gif": lambda: saved(GRAY, "GIF"),
    "gif animated": lambda: moving(two(GRAY), "GIF"),
    "bmp": lambda: saved(RGB, "BMP"),
    "bmp gray": lambda: saved(GRAY, "BMP"),
    "bmp alpha": lambda: saved(RGBA, "BMP"),
    "bmp 16 bits": lambda: bmp(16, bmp_rows(deep(GRAY)[..., None], 16), size=(WIDTH, HEIGHT)),
    "bmp runs": lambda: bmp(
        8, b"".join(np.dstack((GRAY // 64 + 1, GRAY))[row].tobytes() + b"\0\0" for row in range(HEIGHT)),
        1, palette=bytes(range(256)) * 4, size=(WIDTH, HEIGHT),
    ),
    "tiff gray": lambda: saved(GRAY, "TIFF", compression="tiff_lzw"),
    "tiff": lambda: saved(RGB, "TIFF"),
    "tiff alpha": lambda: saved(RGBA, "TIFF"),
    "tiff cmyk": lambda: saved(RGB, "TIFF", "CMYK"),
    "tiff 16 bits": lambda: by_opencv(".tiff", deep(RGBA)),
    "tiff float": lambda: by_opencv(".tiff", (RGB / 255).astype(np.float32)),
    "jp2": lambda: saved(RGBA, "JPEG2000"),
}  # fmt: skip


JPEGS = [kind for kind in KINDS if kind.startswith("jpeg")]


@needs_proc
@pytest.mark.parametrize("kind", [*KINDS, *(f"{kind}, without simplejpeg" for kind in JPEGS)])
def test_the_bound_holds(kind: str, forked: Forked, tmp_path: Path) -> None:
    """At 3 megapixels, of which the 4 MiB that every bound has in reserve are a byte and a third.

    A bound that says nothing would hold too: it is at most three times what was measured, and 4 MiB.
    """
    kind, _, without = kind.partition(", without ")
    (tmp_path / "original").write_bytes(KINDS[kind]())
    job = "decode_memory", "decoding", str(tmp_path / "original"), without
    growth, bound = forked.until(lambda taken: taken[0] <= taken[1], *job)
    assert growth <= bound
    assert bound <= 3 * growth + 8 * 2**20


@needs_proc
@pytest.mark.parametrize("kind", decode_memory.ARRAYS)
def test_the_bound_of_an_array_holds(kind: str, forked: Forked) -> None:
    """And is no wider than those of files."""
    job = "decode_memory", "array", kind
    growth, bound = forked.until(lambda taken: taken[0] <= taken[1], *job)
    assert growth <= bound
    assert bound <= 3 * growth + 8 * 2**20


@needs_proc
@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_a_pyramid_takes_what_is_predicted(kind: str, tmp_path: Path, forked: Forked) -> None:
    """And one that is written in bands does so in less than all of the picture."""
    pixels = RGB if kind == "jpeg" else RGB.reshape(2 * HEIGHT, -1, 3)  # rows are half as long
    (tmp_path / "original").write_bytes(saved(pixels, kind))
    (tmp_path / "other.png").write_bytes(saved(RGB[:300, :300], "PNG"))
    job = "decode_memory", "keeping", str(tmp_path), "original"
    growth, predicted, kept = forked.until(lambda taken: taken[0] <= taken[1], *job)
    assert kept > RGB.nbytes
    assert growth <= predicted
    assert kind == "jpeg" or growth < RGB.nbytes


@needs_proc
@pytest.mark.parametrize(
    ("kind", "query"),
    [
        *((f"large {kind}", "w=90&redact=0.1,0.1,0.5,0.5") for kind in ("png", "jpeg")),
        *((kind, "w=90&trim=auto&orient=7&rect=0.01,0,0.98,full") for kind in ("png gray", "jpeg")),
        ("png 16 bits", "w=1999&enlarge=1&linear=1&fm=jpg"),
    ],
)
def test_what_is_made_of_all_samples_is_predicted(
    kind: str, query: str, forked: Forked, tmp_path: Path
) -> None:
    """Averages of a copy in which something is hidden, masks of a border, and light."""
    name = kind.removeprefix("large ")
    original = KINDS[kind]() if name == kind else saved(np.tile(RGB, (2, 2, 1)), name)
    (tmp_path / "original").write_bytes(original)
    (tmp_path / "other").write_bytes(saved(RGB[:300, :300], "PNG"))
    job = "decode_memory", "predicting", str(tmp_path), query
    growth, predicted = forked.until(lambda taken: taken[0] <= taken[1], *job)
    assert RGB.nbytes / 3 < growth <= predicted
