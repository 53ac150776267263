"""Arrays of pixels: the alias, sizes and boxes, alpha's arithmetic, and room for a colour.

uint8, uint16 or float32; (height, width) gray, or with 3 (BGR) or 4 (BGRA) channels. No function
writes into the pixels that it gets.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

#: An image's samples: shape (height, width) or (height, width, channels), dtype uint8, uint16 or
#: float32; channels in OpenCV's order, blue first.
Pixels = npt.NDArray[Any]

#: Width and height in pixels.
Size = tuple[int, int]

#: Left, top, width and height in pixels.
Box = tuple[int, int, int, int]

#: The same in samples, whole or not: an area of a picture that was averaged begins between two.
Area = tuple[float, float, float, float]

#: Red, green, blue, alpha: 0 to 255 each.
Color = tuple[int, int, int, int]

#: Pixels that are computed in float at a time: some megabytes.
_BAND = 2**18


def with_channels_for(pixels: Pixels, color: Color) -> tuple[Pixels, tuple[int, ...]]:
    """The pixels with the channels that the colour needs, and the colour as one of them."""
    most = int(np.iinfo(pixels.dtype).max)
    red, green, blue, alpha = (channel * most // 255 for channel in color)  # 257 is a whole factor
    if pixels.ndim == 2 and red == green == blue and alpha == most:
        return pixels, (red,)
    if pixels.ndim == 2:
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))
    if pixels.shape[2] == 3 and alpha < most:
        pixels = np.dstack((pixels, np.full(pixels.shape[:2], most, pixels.dtype)))
    return pixels, (blue, green, red, alpha)[: pixels.shape[2]]


def has_alpha(pixels: Pixels) -> bool:
    return pixels.ndim == 3 and pixels.shape[2] == 4


def with_alpha(pixels: Pixels) -> Pixels:
    """Gray or BGR as opaque BGRA; BGRA as it is."""
    if has_alpha(pixels):
        return pixels
    code = cv2.COLOR_GRAY2BGRA if pixels.ndim == 2 else cv2.COLOR_BGR2BGRA
    return np.asarray(cv2.cvtColor(pixels, code))


def red_blue_swapped(pixels: Pixels, out: Pixels | None = None) -> Pixels:
    """BGR from RGB, BGRA from RGBA, and back; gray as it is. `out` is where it goes, if given."""
    if pixels.ndim == 2:
        return pixels
    code = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    return np.asarray(cv2.cvtColor(pixels, code, out))


def seen_through(pixels: Pixels, mask: Pixels) -> Pixels:
    """The pixels seen through a mask, as BGRA. The mask is uint8, (height, width); 0 hides."""
    result = pixels.copy() if has_alpha(pixels) else with_alpha(np.ascontiguousarray(pixels))
    # 255 goes a whole number of times into the full value of 16 bits, and into 1.
    alpha = mask if result.dtype == np.uint8 else mask * (full(result.dtype) / 255)
    result[..., 3] = np.minimum(result[..., 3], alpha)
    return result


def premultiplied(pixels: Pixels) -> Pixels:
    """float32, with colour weighed by alpha: such pixels may be filtered without halos.

    In bands, as is the opposite: the terms of the arithmetic take as much memory as its result.
    """
    return by_bands(_premultiplied, pixels, pixels.shape, np.float32)


def _premultiplied(pixels: Pixels) -> Pixels:
    most = full(pixels.dtype)
    alpha = cv2.extractChannel(pixels, 3).astype(np.float32) / np.float32(most)
    # OpenCV multiplies a pixel's channels at once; NumPy takes eight times as long.
    weights = cv2.merge((alpha, alpha, alpha, np.ones_like(alpha)))
    return np.asarray(cv2.multiply(pixels, weights, dtype=cv2.CV_32F))


def unpremultiplied(pixels: Pixels, dtype: npt.DTypeLike) -> Pixels:
    """Colour divided by alpha again; black where alpha is 0.

    Alpha is the filter's, overshoot included: colour has overshot with it.
    """
    return by_bands(partial(_unpremultiplied, dtype=dtype), pixels, pixels.shape, dtype)


def _unpremultiplied(pixels: Pixels, dtype: npt.DTypeLike) -> Pixels:
    most = full(dtype)
    alpha = pixels[..., 3:]
    colors = pixels[..., :3] * reciprocal(alpha, most, most / 512)
    return rounded(np.concatenate((colors, alpha), axis=2), dtype)


def unassociated(pixels: Pixels, at: int) -> Pixels:
    """Channels divided by the one at `at`, their alpha, by which they were multiplied.

    Where alpha is 0 they are 0 too, and need only stay finite.
    """
    most = full(pixels.dtype)
    alpha = pixels[..., at : at + 1]
    colors = np.minimum(pixels * reciprocal(alpha.astype(np.float64), most), most)
    result = np.asarray(np.rint(colors) if pixels.dtype.kind in "ui" else colors, pixels.dtype)
    result[..., at] = pixels[..., at]
    return result


def reciprocal(alpha: Pixels, most: float, least: float = 0) -> Pixels:
    """The factors (float32) that undo a multiplication of colours by this alpha / `most`.

    A factor is 0 where alpha is not over `least`: such a pixel is not seen.
    """
    return np.divide(most, alpha, out=np.zeros_like(alpha), where=alpha > least)


def over(above: Pixels, below: Pixels, opacity: float = 1.0) -> Pixels:
    """BGRA laid over BGRA, of one dtype, the colours of both not weighed by their alpha.

    Their shapes are equal, or `below` is one pixel, (4,). `opacity`, 0 to 1, multiplies the alpha
    of `above`. A pixel that comes out clear is black.
    """
    most = full(above.dtype)
    alpha = above[..., 3:].astype(np.float32) / most * np.float32(opacity)
    cover = below[..., 3:].astype(np.float32) / most
    colors, total = composed(above[..., :3], alpha, below[..., :3], cover)
    colors /= np.maximum(total, np.float32(1e-9))
    return np.asarray(np.rint(np.concatenate((colors, total * most), axis=-1)), above.dtype)


def composed(above: Pixels, alpha: Pixels, below: Pixels, cover: Pixels) -> tuple[Pixels, Pixels]:
    """Colours of an alpha over those of another, float32, 0 to 1 (W3C's Compositing and Blending 1,
    section 5.1).

    Returns the colours, still multiplied by the alpha of both together, and that alpha.
    """
    rest = cover * (1 - alpha)
    return above * alpha + below * rest, alpha + rest


def laid_over(above: Pixels, below: Pixels) -> Pixels:
    """The same for whole pictures, by bands of rows."""
    both = np.concatenate((above, below), axis=2)
    return by_bands(lambda band: over(band[..., :4], band[..., 4:]), both, below.shape)


def by_bands(
    change: Callable[[Pixels], Pixels],
    pixels: Pixels,
    shape: tuple[int, ...],
    dtype: npt.DTypeLike | None = None,
    *,
    unit: int = 1,
) -> Pixels:
    """`change` of every band of rows, as an array of `shape` and `dtype`, or the pixels' own.

    A band begins at a multiple of `unit` rows. Arithmetic in float takes four times the memory of 8
    bits, and holds several terms at once: on a whole picture of 50 megapixels that would be 3 GB.
    """
    result = np.empty(shape, dtype or pixels.dtype)
    rows = max(1, _BAND // pixels.shape[1] // unit) * unit
    for top in range(0, len(pixels), rows):
        result[top : top + rows] = change(pixels[top : top + rows])
    return result


def rounded(pixels: Pixels, dtype: npt.DTypeLike) -> Pixels:
    """The pixels as `dtype`, rounded and clipped: negative weights overshoot at edges."""
    kind = np.dtype(dtype)
    if pixels.dtype == kind:
        return pixels
    return np.asarray(np.clip(np.rint(pixels), 0, np.iinfo(kind).max), kind)


def full(dtype: npt.DTypeLike) -> float:
    """The sample of white and of no transparency."""
    kind = np.dtype(dtype)
    return 1.0 if kind.kind in "fb" else float(np.iinfo(kind).max)
