"""No decoder takes more than its header's bound says: the table in docs/originals.md, held to it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from measuring import Forked, needs_proc

WIDTH, HEIGHT = 2000, 1500
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH]
GRAY = ((X // 7 + Y // 5) % 256).astype(np.uint8)
RGB = np.dstack((GRAY, (X % 251).astype(np.uint8), (Y % 253).astype(np.uint8)))
RGBA = np.dstack((RGB, GRAY))


def pillow(
    pixels: Any, format: str, mode: str | None = None, frames: int = 1, **options: Any
) -> bytes:
    image = Image.fromarray(pixels)
    image = image.convert(mode) if mode else image
    if frames > 1:
        more = [Image.fromarray(np.roll(pixels, 40 * i, 1)) for i in range(1, frames)]
        options |= {"save_all": True, "append_images": more}
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def opencv(suffix: str, pixels: Any, *options: int) -> bytes:
    return cv2.imencode(suffix, pixels, options)[1].tobytes()


def deep(pixels: Any) -> Any:
    return pixels.astype(np.uint16) * 257


#: Made when they are needed: each is some megabytes.
KINDS: dict[str, Any] = {
    "jpeg gray": lambda: pillow(GRAY, "JPEG"),
    "jpeg": lambda: pillow(RGB, "JPEG"),
    "jpeg cmyk": lambda: pillow(RGB, "JPEG", "CMYK"),
    "jpeg progressive": lambda: pillow(RGB, "JPEG", progressive=True),
    "jpeg progressive 4:4:4": lambda: pillow(RGB, "JPEG", progressive=True, subsampling=0),
    "png gray": lambda: pillow(GRAY, "PNG", compress_level=1),
    "png": lambda: pillow(RGB, "PNG", compress_level=1),
    "png palette": lambda: pillow(GRAY, "PNG", "P", compress_level=1),
    "png alpha": lambda: pillow(RGBA, "PNG", compress_level=1),
    "png 16 bits": lambda: opencv(".png", deep(RGBA)),
    "webp": lambda: pillow(RGB, "WEBP", method=0),
    "webp lossless": lambda: pillow(RGB, "WEBP", lossless=True, method=0, quality=0),
    "webp alpha": lambda: pillow(RGBA, "WEBP", method=0),
    "webp animated": lambda: pillow(RGBA, "WEBP", frames=2, method=0),
    "avif": lambda: pillow(RGB, "AVIF", speed=10),
    "avif 4:4:4": lambda: pillow(RGB, "AVIF", speed=10, subsampling="4:4:4"),
    "avif alpha": lambda: pillow(RGBA, "AVIF", speed=10),
    "avif 10 bits": lambda: opencv(".avif", deep(RGB) >> 6, cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_SPEED, 10),
    "avif sequence": lambda: pillow(RGB, "AVIF", frames=2, speed=10),
    "gif": lambda: pillow(GRAY, "GIF"),
    "gif animated": lambda: pillow(GRAY, "GIF", frames=2),
    "bmp": lambda: pillow(RGB, "BMP"),
    "bmp gray": lambda: pillow(GRAY, "BMP"),
    "bmp alpha": lambda: pillow(RGBA, "BMP"),
    "tiff gray": lambda: pillow(GRAY, "TIFF", compression="tiff_lzw"),
    "tiff": lambda: pillow(RGB, "TIFF"),
    "tiff alpha": lambda: pillow(RGBA, "TIFF"),
    "tiff cmyk": lambda: pillow(RGB, "TIFF", "CMYK"),
    "tiff 16 bits": lambda: opencv(".tiff", deep(RGBA)),
    "tiff float": lambda: opencv(".tiff", (RGB / 255).astype(np.float32)),
    "jp2": lambda: pillow(RGBA, "JPEG2000"),
}  # fmt: skip


@needs_proc
@pytest.mark.parametrize("kind", KINDS)
def test_the_bound_holds(kind: str, forked: Forked, tmp_path: Path) -> None:
    """At 3 megapixels, of which the 4 MiB that every bound has in reserve are a byte and a third.

    A bound that says nothing would hold too: it is at most three times what was measured, and 4 MiB.
    """
    (tmp_path / "original").write_bytes(KINDS[kind]())
    growth, bound = forked("decode_memory", "decoding", str(tmp_path / "original"))
    assert growth <= bound
    assert bound <= 3 * growth + 8 * 2**20
