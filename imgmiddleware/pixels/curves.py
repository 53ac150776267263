"""Curves: samples through a table, and grays through one of colours; alpha stays as it is."""

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels, by_bands, full, has_alpha, rounded, with_alpha

#: Blue, green and red as parts of gray (ITU-R BT.709).
_LUMA = np.array([[0.0722, 0.7152, 0.2126]], np.float32)


def through(pixels: Pixels, table: Pixels) -> Pixels:
    """uint8 or uint16 with colours from a table of all samples."""
    if pixels.dtype == np.uint8:
        if not has_alpha(pixels):
            return np.asarray(cv2.LUT(pixels, table))
        same = np.arange(256, dtype=np.uint8)
        return np.asarray(cv2.LUT(pixels, np.stack((table, table, table, same), 1)[None]))
    result = by_bands(lambda band: table[band], pixels, pixels.shape)
    if has_alpha(pixels):
        result[..., 3] = pixels[..., 3]
    return result


def tinted(pixels: Pixels, table: Pixels, strength: float) -> Pixels:
    """Colours from a table (samples, 3), by the pixels' luma (ITU-R BT.601), laid over the pixels
    with a strength from 0 to 1. Gray becomes BGR.
    """
    colors = _colors(pixels)
    gray = np.asarray(cv2.cvtColor(colors, cv2.COLOR_BGR2GRAY)) if pixels.ndim == 3 else pixels
    if pixels.dtype == np.uint8:
        mapped = np.asarray(cv2.applyColorMap(gray, table[:, None]))
    else:
        mapped = by_bands(lambda band: table[band], gray, (*gray.shape, 3))
    if strength < 1:
        mapped = np.asarray(cv2.addWeighted(mapped, strength, colors, 1 - strength, 0))
    return with_alpha_of(mapped, pixels)


def mixed(pixels: Pixels, matrix: Pixels) -> Pixels:
    """Each colour a sum of all, by a matrix of red, green and blue. Gray becomes BGR."""
    blue_first = matrix[::-1, ::-1].astype(np.float64)
    mixed = np.asarray(cv2.transform(_colors(pixels), blue_first))
    return with_alpha_of(mixed, pixels)


def ramp(dark: Pixels, light: Pixels, dtype: np.dtype) -> Pixels:
    """A table of colours (blue, green, red; 0 to 1) from one to the other, (samples, 3)."""
    most = full(dtype)
    part = np.arange(most + 1)[:, None] / most
    return np.asarray(np.rint((dark + (light - dark) * part) * most), dtype)


def vibrant(pixels: Pixels, amount: float) -> Pixels:
    """BGR or BGRA with its colours moved away from their gray (the luma of BT.709), the dull ones
    most.

    `amount`, from -1 to 1, times the rest of a colour's saturation says how far.
    """

    most = full(pixels.dtype)

    def change(band: Pixels) -> Pixels:
        blue, green, red = cv2.split(band)
        spread = cv2.subtract(
            cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
        )
        by = 1 + np.float32(amount) * (1 - spread * np.float32(1 / most))
        gray = np.asarray(cv2.transform(band.astype(np.float32), _LUMA)) * (1 - by)
        stretched = (cv2.multiply(one, by, dtype=cv2.CV_32F) for one in (blue, green, red))
        made = cv2.merge([np.asarray(one) + gray for one in stretched])
        return rounded(np.asarray(made), band.dtype)

    colors = _colors(pixels)
    return with_alpha_of(by_bands(change, colors, colors.shape), pixels)


def with_alpha_of(colors: Pixels, pixels: Pixels) -> Pixels:
    """BGR with the alpha of pixels, if they have any."""
    if not has_alpha(pixels):
        return colors
    result = with_alpha(colors)
    result[..., 3] = pixels[..., 3]
    return result


def _colors(pixels: Pixels) -> Pixels:
    """BGR without alpha."""
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))
    if not has_alpha(pixels):
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR))
