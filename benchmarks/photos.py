"""Photos to measure with: of Debian's `mate-backgrounds`, or one made here; as any original."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

#: Of Debian's package mate-backgrounds.
FOLDER = Path("/usr/share/backgrounds/mate")

#: 5640 x 3172 pixels, very detailed.
DETAILED = FOLDER / "abstract/Elephants_5640x3172.jpg"

#: Of several kinds of detail, where one photo says too little.
PHOTOS = (
    "nature/Aqua.jpg", "nature/Dune.jpg", "nature/LadyBird.jpg", "nature/Storm.jpg",
    "abstract/Elephants_3840x2160.jpg",
)  # fmt: skip

#: Width and height by megapixels.
SIZES = {"18": (5640, 3172), "9": (4000, 2250), "2": (1880, 1058)}

#: Suffix and OpenCV's settings by the kind of an original.
KINDS: dict[str, tuple[str, list[int]]] = {
    "jpeg": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 90]),
    "jpeg-progressive": (
        ".jpg",
        [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
    ),
    "bmp": (".bmp", []),
    "png": (".png", []),
    "tiff": (".tif", [cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_NONE]),
    "tiff-lzw": (".tif", [cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_LZW]),
    "webp": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 90]),
}


def write_original(folder: Path, kind: str, pixels: Any) -> Path:
    """The file of a kind of original, in a folder of its own: pixels as OpenCV has them."""
    suffix, settings = KINDS[kind]
    path = folder / f"{kind}-{pixels.shape[1]}" / f"photo{suffix}"
    path.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(path), pixels, settings), path
    return path


def photo(width: int, height: int) -> tuple[str, Any]:
    """A name and the pixels: uint8, (height, width, 3), blue first."""
    if DETAILED.exists():
        name, pixels = DETAILED.name, cv2.imread(str(DETAILED))
    else:
        name, pixels = "generated", _generated(5640, 3172)
    return name, cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)


def _generated(width: int, height: int) -> Any:
    """Octaves of smoothed noise, whose spectrum falls with the frequency as a photograph's does."""
    random = np.random.default_rng(1)
    total = np.zeros((height, width, 3), np.float32)
    for octave in range(2, 11):
        coarse = random.random((2**octave * 9 // 16 + 1, 2**octave, 3), np.float32) - 0.5
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) / 1.4**octave
    return cv2.normalize(total, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
