"""Colour: 8-bit sRGB, which is what a web browser assumes of a picture that carries no profile."""

from __future__ import annotations

import functools
import io

import numpy as np
from PIL import Image, ImageCms

from imgmiddleware.sources.original import Pixels

_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
#: LittleCMS makes a coarse table of a gray profile, ten steps off in the dark of a linear one. It
#: need not be fast: it converts 256 levels.
_GRAY_FLAGS = _FLAGS | ImageCms.Flags.NOOPTIMIZE


def to_eight_bits(pixels: Pixels) -> Pixels:
    """uint16 and float32 (0..1) to uint8, rounded: cutting would darken by half a step."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        wide = pixels.astype(np.uint32)
        return np.asarray((wide * 255 + 32767) // 65535, np.uint8)
    return np.asarray(np.rint(np.clip(np.nan_to_num(pixels), 0.0, 1.0) * 255), np.uint8)


def to_srgb(pixels: Pixels, profile: bytes | None, cmyk: bool) -> Pixels:
    """uint8 gray, BGR, BGRA or (where `cmyk`) CMYK, as sRGB gray, BGR or BGRA.

    `profile` is the original's ICC profile. One that is broken, or is for another kind of picture,
    is ignored: a wrong tag is no reason to refuse a picture whose pixels are whole.
    """
    mode = "CMYK" if cmyk else "L" if pixels.ndim == 2 else "RGB"
    transform = _transform(profile, mode) if profile else None
    if transform is None:
        return _inked(pixels) if cmyk else pixels
    if cmyk:
        return _applied(transform, pixels, mode)
    if pixels.ndim == 2:
        levels = np.arange(256, dtype=np.uint8)[None]
        return np.asarray(_applied(transform, levels, mode)[0, :, 0][pixels])
    colors = _applied(transform, pixels[..., 2::-1], mode)
    return colors if pixels.shape[2] == 3 else np.dstack((colors, pixels[..., 3]))


def lab_to_srgb(image: Image.Image) -> Image.Image:
    """CIELab as TIFF stores it, relative to D50, as RGB; OpenCV would leave the white yellow."""
    converted = ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert converted is not None  # only an operation in place returns None
    return converted


@functools.lru_cache(maxsize=32)  # building one takes milliseconds, and cameras share profiles
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """To sRGB; None where the profile is broken, not for this mode, or sRGB already."""
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
    return None if mode != "CMYK" and _changes_nothing(transform, mode) else transform


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
