"""Conversions by ICC profiles: LittleCMS', and for more than the 8 bits that Pillow hands it."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from imgmiddleware.pixels.arrays import Pixels, by_bands, has_alpha
from imgmiddleware.pixels.icc import read_shaper, space_of
from imgmiddleware.pixels.shaper import Shaper

_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
#: LittleCMS makes a coarse table of a gray profile, ten steps off in the dark of a linear one. It
#: need not be fast: it converts 256 levels.
_GRAY_FLAGS = _FLAGS | ImageCms.Flags.NOOPTIMIZE

#: How many of 255 levels white may be off in any channel. A sound profile shows its own white as
#: 255. The rest is for coarse tables, and for scanners' whites of another colour than paper's.
_TINT = 48

#: Levels between neighbours of a grid of colours, of 8 and of 16 bits: a divisor of both ranges.
_STEP, _DEEP_STEP = 5, 5 * 257


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion to sRGB; `identity` where the profile is sRGB already.

    `mode` is LittleCMS' name of the pixels. It takes no more than 8 bits from Pillow. Deeper pixels
    go through the profile's own curves and matrix, or between the colours of a grid.
    """

    profile: bytes
    transform: ImageCms.ImageCmsTransform
    mode: str
    identity: bool

    def applied(self, pixels: Pixels) -> Pixels:
        """CMYK as BGR; BGR and BGRA of 8 or 16 bits as that again."""
        if self.mode == "CMYK":
            return _applied(self.transform, pixels, self.mode)
        if pixels.dtype == np.uint16:
            shaper = _shaper(self.profile)
            return shaper.to_srgb(pixels) if shaper else self._between(pixels)
        colors = _applied(self.transform, pixels[..., 2::-1], self.mode)
        return colors if pixels.shape[2] == 3 else np.dstack((colors, pixels[..., 3]))

    def grays(self, dtype: np.dtype[Any]) -> Pixels:
        """The sRGB colours of all grays of this depth: (256 or 65536, 3), blue first."""
        if dtype == np.uint16 and (shaper := _shaper(self.profile)):
            return np.asarray(shaper.to_srgb(_ramp(65536, dtype))[0])
        few = _ramp(256, np.uint8)[..., : len(self.mode)]
        levels: Pixels = _applied(self.transform, few, self.mode)[0]
        if dtype == np.uint8:
            return levels
        between = (np.interp(np.arange(65536), np.arange(256) * 257, c * 257.0) for c in levels.T)
        return np.asarray(np.rint(np.stack([*between], axis=1)), np.uint16)

    def _between(self, pixels: Pixels) -> Pixels:
        return by_bands(partial(_interpolated, grid=_grid(self)), pixels, pixels.shape)


def _ramp(levels: int, dtype: npt.DTypeLike) -> Pixels:
    return np.repeat(np.arange(levels, dtype=dtype), 3).reshape(1, levels, 3)


@functools.lru_cache(maxsize=4)  # its tables take 800 kB
def _shaper(profile: bytes) -> Shaper | None:
    return read_shaper(profile)


@functools.lru_cache(maxsize=4)
def _grid(conversion: Conversion) -> Pixels:
    """The sRGB colours of a grid: float32 of 16 bits, by blue, green, red."""
    levels = np.arange(0, 256, _STEP, dtype=np.uint8)
    blue, green, red = np.meshgrid(levels, levels, levels, indexing="ij")
    colors = np.stack((blue, green, red), -1).reshape(len(levels), -1, 3)
    shown = conversion.applied(colors).astype(np.float32) * np.float32(257)
    return shown.reshape(*[len(levels)] * 3, 3)


def _interpolated(band: Pixels, grid: Pixels) -> Pixels:
    """Between the eight colours of the grid that are around each."""
    colors = band[..., :3]
    corner = np.minimum(colors // _DEEP_STEP, len(grid) - 2)
    part = (colors - corner * np.uint16(_DEEP_STEP)) / np.float32(_DEEP_STEP)
    mixed = np.zeros(colors.shape, np.float32)
    for far in np.ndindex(2, 2, 2):
        weights = np.prod(np.where(far, part, 1 - part), axis=-1, keepdims=True)
        mixed += weights * grid[tuple(np.moveaxis(corner + np.array(far), -1, 0))]
    samples = np.asarray(np.rint(mixed), np.uint16)
    return np.dstack((samples, band[..., 3])) if has_alpha(band) else samples


@functools.lru_cache(maxsize=32)  # building one takes milliseconds, and cameras share profiles
def conversion(profile: bytes, color: str) -> Conversion | None:
    """For gray ("L"), colours ("RGB") or inks ("CMYK"); of grays by a profile of RGB too.

    None where the profile is broken, is for others, or is noise.
    """
    mode = "RGB" if color == "L" and space_of(profile) == b"RGB " else color
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=_GRAY_FLAGS if color == "L" else _FLAGS,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    if not _shows_white(transform, mode):
        return None
    identity = mode != "CMYK" and _changes_nothing(transform, mode)
    return Conversion(profile, transform, mode, identity)


def _shows_white(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether white comes out about white, and black darker: else the numbers in a profile are
    noise.
    """
    paper = 0 if mode == "CMYK" else 255
    ends = np.array([[paper, 255 - paper]], np.uint8)
    if mode != "L":
        ends = np.dstack([ends] * len(mode))
    white, black = _applied(transform, ends, mode)[0].astype(int)
    return bool(white.min() >= 255 - _TINT and black.max() < white.min() - _TINT)


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
