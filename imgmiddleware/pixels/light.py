"""Light: gamma-encoded samples as amounts of light, and back, by the curve of sRGB (IEC 61966-2-1).

8 bits become 16: the smallest of the 255 steps, at black, is then still 20 of 65535. Other depths
become float32. Alpha is no light, and is only scaled.
"""

import functools
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from imgmiddleware.pixels.arrays import Pixels, by_bands, full, has_alpha, rounded


def light(pixels: Pixels) -> Pixels:
    """uint8 as uint16, uint16 and float32 as float32 in 0..1; the same shape."""
    if pixels.dtype == np.uint8:
        colors = _light_table()
        if not has_alpha(pixels):
            return np.asarray(cv2.LUT(pixels, colors))
        alpha = np.arange(256, dtype=np.uint16) * 257
        return np.asarray(cv2.LUT(pixels, np.dstack((colors, colors, colors, alpha[None]))))
    most = np.float32(full(pixels.dtype))
    return by_bands(
        lambda band: _changed(band.astype(np.float32) / most, to_light),
        pixels,
        pixels.shape,
        np.float32,
    )


def gamma_encoded(pixels: Pixels, dtype: npt.DTypeLike) -> Pixels:
    """The opposite of `light`: pixels of this dtype again."""
    if pixels.dtype == np.uint16:
        result = _encoded_table()[pixels]
        if has_alpha(pixels):
            result[..., 3] = (pixels[..., 3].astype(np.uint32) + 128) // 257
        return result
    most = np.float32(full(dtype))
    return by_bands(
        lambda band: rounded(_changed(np.clip(band, 0, 1), from_light) * most, dtype),
        pixels,
        pixels.shape,
        dtype,
    )


def _changed(band: Pixels, curve: Callable[[Pixels], Pixels]) -> Pixels:
    """All but alpha. It is for bands: the powers of a curve take several times their memory."""
    if not has_alpha(band):
        return curve(band)
    return np.concatenate((curve(band[..., :3]), band[..., 3:]), axis=2)


def to_light(value: Pixels) -> Pixels:
    """The amount of light of a gamma-encoded sample, both from 0 to 1."""
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def from_light(value: Pixels) -> Pixels:
    """The samples of sRGB's curve for amounts of light from 0 to 1."""
    return np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)


@functools.cache
def _light_table() -> npt.NDArray[np.uint16]:
    """The light of each of 256 levels; shape (1, 256), as `cv2.LUT` takes it."""
    return np.asarray(np.rint(to_light(np.arange(256) / 255) * 65535)[None], np.uint16)


@functools.cache
def _encoded_table() -> npt.NDArray[np.uint8]:
    return np.asarray(np.rint(from_light(np.arange(65536) / 65535) * 255), np.uint8)
