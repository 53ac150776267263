"""Pixels laid over others: by their alpha, in the modes of CSS (W3C, Compositing and Blending 1).

Colours are mixed as they are stored, gamma-encoded, as browsers and image editors do it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np

from imgmiddleware.pixels.arrays import Pixels, Size, composed, full, has_alpha, over, with_alpha

Blend = Callable[[Pixels, Pixels], Pixels]
"""The colours of two layers, below and above, 0 to 1, mixed."""

#: Pixels that are computed in float at a time.
_BAND = 2**16


def laid(
    below: Pixels,
    above: Pixels,
    at: tuple[int, int],
    *,
    opacity: float = 1.0,
    mode: str = "normal",
    period: Size | None = None,
) -> Pixels:
    """`below` with `above` laid over it, from its column and row `at` on, which may be outside.

    `below` is uint8 or uint16, `above` uint8; gray, BGR or BGRA. `opacity`, 0 to 1, multiplies its
    alpha. With a `period` it is laid again and again, so far apart in both directions; it is no
    larger than that.
    """
    height, width = below.shape[:2]
    columns, rows = (
        _seen(start, side, room, every)
        for start, side, room, every in zip(
            at, above.shape[1::-1], (width, height), period or (None, None), strict=True
        )
    )
    if not len(columns[0]) or not len(rows[0]):
        return below
    above = _sheet(above, period)
    if above.ndim == 3 and below.ndim == 2:
        below = np.asarray(cv2.cvtColor(below, cv2.COLOR_GRAY2BGR))
    result = below.copy()
    lay = _in_floats
    if mode == "normal" and below.dtype == np.uint8:
        lay = _by_alpha if has_alpha(below) else _exactly
    band = max(1, _BAND // len(columns[0]))
    for first in range(0, len(rows[0]), band):
        to, of = rows[0][first : first + band], rows[1][first : first + band]
        part = np.take(above[of], columns[1], axis=1)
        place = np.s_[to[0] : to[-1] + 1, columns[0][0] : columns[0][-1] + 1]
        result[place] = lay(result[place], part, opacity, _BLENDS[mode])
    return result


def _seen(start: int, side: int, room: int, every: int | None) -> tuple[Pixels, Pixels]:
    """The covered columns (or rows) of a picture, and the columns above that cover them."""
    if every is None:
        covered = np.arange(max(0, start), min(room, start + side))
        return covered, covered - start
    covered = np.arange(room)
    return covered, (covered - start) % every


def _sheet(above: Pixels, period: Size | None) -> Pixels:
    """A picture of a grid, with the clear room between it and the next."""
    if period is None or period == above.shape[1::-1]:
        return above
    right, lower = period[0] - above.shape[1], period[1] - above.shape[0]
    clear = cv2.BORDER_CONSTANT
    return np.asarray(cv2.copyMakeBorder(with_alpha(above), 0, lower, 0, right, clear, value=0))


def _exactly(below: Pixels, above: Pixels, opacity: float, blend: Blend | None) -> Pixels:
    """The same for 8 bits over opaque pixels, as most are: whole numbers take a fourth of it."""
    if not has_alpha(above):
        alpha = np.full((1,) * below.ndim, round(255 * opacity), np.uint16)
    else:
        alpha = np.rint(above[..., 3:] * np.float32(opacity)).astype(np.uint16)
    colors = above[..., :3] if above.ndim == 3 else above if below.ndim == 2 else above[..., None]
    mixed = below * (255 - alpha)
    mixed += colors * alpha
    mixed += 128  # divided by 255 then, and rounded
    mixed += mixed >> 8
    return (mixed >> 8).astype(np.uint8)


def _by_alpha(below: Pixels, above: Pixels, opacity: float, blend: Blend | None) -> Pixels:
    """The same over pixels that may be clear, by the rule for frames and backgrounds."""
    return over(with_alpha(above), below, opacity)


def _in_floats(below: Pixels, above: Pixels, opacity: float, blend: Blend | None) -> Pixels:
    """A band of one over the other, in the channels of `below`."""
    most = np.float32(full(below.dtype))
    colors, alpha = _parted(above, below.ndim, opacity)
    under, cover = _parted(below, below.ndim, 1.0)
    if blend is not None:
        colors = (1 - cover) * colors + cover * np.clip(blend(under, colors), 0, 1)
    mixed, total = composed(colors, alpha, under, cover)
    if not has_alpha(below):
        return np.asarray(np.rint(mixed * most), below.dtype)
    mixed /= np.maximum(total, np.float32(1e-9))
    return np.asarray(np.rint(np.concatenate((mixed, total), axis=-1) * most), below.dtype)


def _parted(pixels: Pixels, dimensions: int, opacity: float) -> tuple[Pixels, Pixels]:
    """Colours and alpha, float32, 0 to 1; gray has one colour where that is laid on gray."""
    scaled = pixels.astype(np.float32) / np.float32(full(pixels.dtype))
    if has_alpha(pixels):
        return scaled[..., :3], scaled[..., 3:] * np.float32(opacity)
    if pixels.ndim == 2 and dimensions == 3:
        scaled = scaled[..., None]
    return scaled, np.full((1,) * dimensions, opacity, np.float32)


def _burn(below: Pixels, above: Pixels) -> Pixels:
    burnt = 1 - np.minimum(1, (1 - below) / np.maximum(above, np.float32(1e-9)))
    return np.where(below >= 1, np.float32(1), burnt)


def _dodge(below: Pixels, above: Pixels) -> Pixels:
    dodged = np.minimum(1, below / np.maximum(1 - above, np.float32(1e-9)))
    return np.where(below <= 0, np.float32(0), dodged)


def _screen(below: Pixels, above: Pixels) -> Pixels:
    return np.asarray(below + above - below * above)


def _hardlight(below: Pixels, above: Pixels) -> Pixels:
    return np.where(above <= 0.5, 2 * below * above, _screen(below, 2 * above - 1))


def _softlight(below: Pixels, above: Pixels) -> Pixels:
    dark = ((16 * below - 12) * below + 4) * below
    root = np.where(below <= 0.25, dark, np.sqrt(below))
    darker = below - (1 - 2 * above) * below * (1 - below)
    return np.asarray(np.where(above <= 0.5, darker, below + (2 * above - 1) * (root - below)))


_BLENDS: Mapping[str, Blend | None] = MappingProxyType(
    {
        "normal": None,
        "darken": np.minimum,
        "multiply": np.multiply,
        "burn": _burn,
        "lighten": np.maximum,
        "screen": _screen,
        "dodge": _dodge,
        "overlay": lambda below, above: _hardlight(above, below),
        "softlight": _softlight,
        "hardlight": _hardlight,
        "difference": lambda below, above: np.abs(below - above),
        "exclusion": lambda below, above: below + above - 2 * below * above,
    }
)

MODES = tuple(_BLENDS)
"""The names of the modes, as imgix has them in `blend-mode`."""
