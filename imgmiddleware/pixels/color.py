"""Colour: 8-bit sRGB, which is what a web browser assumes of a picture that carries no profile."""

import functools
import io
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from imgmiddleware.pixels.arrays import Pixels, by_bands

_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
#: LittleCMS makes a coarse table of a gray profile, ten steps off in the dark of a linear one. It
#: need not be fast: it converts 256 levels.
_GRAY_FLAGS = _FLAGS | ImageCms.Flags.NOOPTIMIZE


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


def _scaled(band: Pixels, of: int, to: int) -> Pixels:
    """To the nearest; samples over `of`, which a decoder may leave, are white too."""
    wide = np.minimum(band, of).astype(np.uint32)
    wide *= to
    wide += of // 2
    wide //= of
    return wide


def _from_float(band: Pixels, to: int = 255) -> Pixels:
    return np.asarray(np.rint(np.clip(np.nan_to_num(band), 0.0, 1.0) * to))


#: LittleCMS' names for what a header calls gray, rgb and cmyk.
_MODES = {"gray": "L", "rgb": "RGB", "cmyk": "CMYK"}


def is_usable(profile: bytes, color: str) -> bool:
    """Whether an ICC profile can be read, and is for pictures of this `Facts.color`."""
    return _conversion(profile, _MODES[color]) is not None


def to_srgb(pixels: Pixels, profile: bytes | None, color: str) -> Pixels:
    """uint8 gray, BGR, BGRA or CMYK, as `color` says, as sRGB gray, BGR or BGRA.

    `profile` is the original's ICC profile. One that is not usable is ignored: a wrong tag is no
    reason to refuse a picture whose pixels are whole. Of gray, uint16 is taken too.
    """
    mode = _MODES[color]
    conversion = _conversion(profile, mode) if profile else None
    if conversion is None or conversion.identity:
        return _inked(pixels) if mode == "CMYK" else pixels
    transform = conversion.transform
    if mode == "CMYK":
        return _applied(transform, pixels, mode)
    if mode == "L":
        table = _gray_table(transform, pixels.dtype)
        if pixels.ndim == 2:
            return table[pixels]
        gray = table[pixels[..., 0]]
        return np.dstack((gray, gray, gray, pixels[..., 3:]))
    colors = _applied(transform, pixels[..., 2::-1], mode)
    return colors if pixels.shape[2] == 3 else np.dstack((colors, pixels[..., 3]))


def _gray_table(transform: ImageCms.ImageCmsTransform, dtype: np.dtype[Any]) -> Pixels:
    """What becomes of each gray. LittleCMS takes 8 bits of it: between them it is interpolated."""
    levels = _applied(transform, np.arange(256, dtype=np.uint8)[None], "L")[0, :, 0]
    if dtype == np.uint8:
        return levels
    between = np.interp(np.arange(65536), np.arange(256) * 257, levels * 257.0)
    return np.asarray(np.rint(between), np.uint16)


def lab_to_srgb(image: Image.Image) -> Image.Image:
    """CIELab as TIFF stores it, relative to D50, as RGB; OpenCV would leave the white yellow."""
    converted = ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert converted is not None  # only an operation in place returns None
    return converted


@dataclass(frozen=True, slots=True)
class _Conversion:
    """To sRGB; `identity` where the profile is sRGB already."""

    transform: ImageCms.ImageCmsTransform
    identity: bool


@functools.lru_cache(maxsize=32)  # building one takes milliseconds, and cameras share profiles
def _conversion(profile: bytes, mode: str) -> _Conversion | None:
    """None where the profile is broken, or not for this mode."""
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=_GRAY_FLAGS if mode == "L" else _FLAGS,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return _Conversion(transform, mode != "CMYK" and _changes_nothing(transform, mode))


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether no channel of any colour on a coarse grid moves by more than a rounding step."""
    levels = np.arange(0, 256, 17, dtype=np.uint8)
    if mode == "L":
        grid = levels[None]
        expected = np.dstack((grid, grid, grid))
    else:
        grid = expected = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(16, 256, 3)
    moved = _applied(transform, grid, mode)[..., ::-1].astype(int) - expected
    return bool(np.abs(moved).max() <= 1)


def _applied(transform: ImageCms.ImageCmsTransform, pixels: Pixels, mode: str) -> Pixels:
    """Pillow's order of channels in, red first; OpenCV's out."""
    image = Image.frombytes(mode, pixels.shape[1::-1], np.ascontiguousarray(pixels).tobytes())
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None  # only an operation in place returns None
    return np.asarray(converted)[..., ::-1]


def _inked(pixels: Pixels) -> Pixels:
    """CMYK without a profile: each ink takes its complement away, black takes from all."""
    paper = 255 - pixels.astype(np.uint16)
    rgb = (paper[..., :3] * paper[..., 3:] + 127) // 255
    return np.ascontiguousarray(rgb[..., ::-1]).astype(np.uint8)
