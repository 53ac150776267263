"""Colour: 8-bit sRGB, the colours that a web browser assumes of a picture without a profile."""

from functools import partial

import numpy as np
from PIL import Image, ImageCms

from imgmiddleware.pixels.arrays import Pixels, by_bands
from imgmiddleware.pixels.conversion import Conversion, conversion
from imgmiddleware.pixels.icc import space_of


def to_eight_bits(pixels: Pixels) -> Pixels:
    """uint16 and float32 (0..1) to uint8, rounded: cutting would darken by half a step."""
    if pixels.dtype == np.uint8:
        return pixels
    change = partial(_scaled, of=65535, to=255) if pixels.dtype == np.uint16 else _from_float
    return by_bands(change, pixels, pixels.shape, np.uint8)


def to_sixteen_bits(pixels: Pixels) -> Pixels:
    """float32 (0..1) to uint16, rounded; uint16 as it is."""
    if pixels.dtype == np.uint16:
        return pixels
    return by_bands(partial(_from_float, to=65535), pixels, pixels.shape, np.uint16)


def full_range(pixels: Pixels, bits: int) -> Pixels:
    """uint16 samples of fewer bits, as AVIF, HEIC and PNM have them, in all of 16, rounded."""
    change = partial(_scaled, of=(1 << bits) - 1, to=65535)
    return by_bands(change, pixels, pixels.shape)


def reduced(pixels: Pixels, bits: int) -> Pixels:
    """And back, rounded."""
    change = partial(_scaled, of=65535, to=(1 << bits) - 1)
    return by_bands(change, pixels, pixels.shape)


def _scaled(band: Pixels, of: int, to: int) -> Pixels:
    """The nearest sample; samples over `of`, which a decoder may leave, are white too."""
    wide = np.minimum(band, of).astype(np.uint32)
    wide *= to
    wide += of // 2
    wide //= of
    return wide


def _from_float(band: Pixels, to: int = 255) -> Pixels:
    return np.asarray(np.rint(np.clip(np.nan_to_num(band), 0.0, 1.0) * to))


#: LittleCMS' names for the header's words gray, rgb and cmyk.
_MODES = {"gray": "L", "rgb": "RGB", "cmyk": "CMYK"}


def is_usable(profile: bytes, color: str) -> bool:
    """Whether an ICC profile can be read, is for pictures of this `Facts.color`, and shows white as
    a white. A profile of RGB is for gray too, as three equal channels.
    """
    return conversion(profile, _MODES[color]) is not None


def describes(profile: bytes, color: str) -> bool:
    """Whether the profile may go along with a picture whose colours stay: it is of its kind."""
    return (space_of(profile) == b"GRAY") == (color == "gray")


def is_srgb(profile: bytes, color: str) -> bool:
    """Whether an ICC profile means the same as none: the colours are sRGB's."""
    found = conversion(profile, _MODES[color])
    return found is not None and found.identity


def to_srgb(pixels: Pixels, profile: bytes | None, color: str) -> Pixels:
    """Gray, BGR, BGRA or CMYK, as `color` says, as sRGB gray, BGR or BGRA of the same depth.

    `profile` is the original's ICC profile. One that is not usable is ignored: a wrong tag is no
    reason to refuse a picture whose pixels are intact. Floats become uint16; CMYK is uint8.
    """
    mode = _MODES[color]
    found = conversion(profile, mode) if profile else None
    if found is None or found.identity:
        return _inked(pixels) if mode == "CMYK" else pixels
    if pixels.dtype.kind == "f":
        pixels = to_sixteen_bits(pixels)
    if mode == "L":
        return _of_grays(pixels, found)
    return found.applied(pixels)


def _of_grays(pixels: Pixels, by: Conversion) -> Pixels:
    """Grays by a table of all grays. If a profile of RGB tints them, they have three channels."""
    table = by.grays(pixels.dtype)
    step = 1 if pixels.dtype == np.uint8 else 257
    if np.ptp(table.astype(int), axis=1).max() <= step:
        table = table[:, 1]
    if pixels.ndim == 2:
        return np.asarray(table[pixels])
    gray = table[pixels[..., 0]]
    colors = gray if gray.ndim == 3 else _tripled(gray)
    return np.dstack((colors, pixels[..., 3:]))


def _tripled(gray: Pixels) -> Pixels:
    return np.dstack((gray, gray, gray))


def lab_to_srgb(image: Image.Image) -> Image.Image:
    """CIELab as TIFF stores it, relative to D50, as RGB; OpenCV would leave the white yellow."""
    converted = ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert converted is not None  # only an operation in place returns None
    return converted


def _inked(pixels: Pixels) -> Pixels:
    """CMYK without a profile: each ink takes its complement away, black takes from all."""
    paper = 255 - pixels.astype(np.uint16)
    rgb = (paper[..., :3] * paper[..., 3:] + 127) // 255
    return np.ascontiguousarray(rgb[..., ::-1]).astype(np.uint8)
