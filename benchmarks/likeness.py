"""How near is a result to the ideal one: Lanczos-3 in 32-bit floats of the whole original?"""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import cv2
import numpy as np
from PIL import Image

with suppress(ImportError):
    import pillow_jxl  # noqa: F401  Pillow then knows JPEG XL


def reference(pixels: Any, size: tuple[int, int]) -> Any:
    """float32, (height, width, 3), blue first, 0 to 255; `size` is (width, height). By Pillow."""
    planes = [
        np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS))
        for plane in np.moveaxis(pixels.astype(np.float32), 2, 0)
    ]
    return np.clip(np.dstack(planes), 0, 255)


def psnr(result: Any, expected: Any) -> float:
    """In dB; rounding to 8 bits alone is 58.9."""
    return float(10 * np.log10(255**2 / np.mean((result - expected) ** 2)))


def ssim(one: Any, other: Any) -> float:
    """Of luma, in Gaussian windows of 11 pixels and sigma 1.5 (Wang et al., 2004)."""
    a, b = (
        cv2.cvtColor(pixels.astype(np.float32), cv2.COLOR_BGR2GRAY).astype(np.float64)
        for pixels in (one, other)
    )

    def mean(values: Any) -> Any:
        return cv2.GaussianBlur(values, (11, 11), 1.5)[5:-5, 5:-5]

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    x, y = mean(a), mean(b)
    variances = mean(a * a) - x * x + mean(b * b) - y * y
    covariance = mean(a * b) - x * y
    map_ = (2 * x * y + c1) * (2 * covariance + c2) / ((x * x + y * y + c1) * (variances + c2))
    return float(map_.mean())


def shown(data: bytes) -> Any:
    """The pixels of an encoded result: uint8, (height, width, 3), blue first. By Pillow."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))[..., ::-1].copy()
