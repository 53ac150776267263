"""Palettes: the few colours of a drawing, exactly, or the best few of a photo."""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from imgmiddleware.pixels.arrays import Pixels, by_bands, has_alpha, over

_MOST = 256
#: Pixels of a first look, which tells a photo from a drawing in some microseconds.
_SAMPLE = 2048
#: Pixels that are looked at at a time.
_BAND = 2**18


@dataclass(frozen=True, slots=True)
class Indexed:
    """`indices`: uint8, (height, width); `colors`: uint8, (count, 4), red first, then alpha."""

    indices: Pixels
    colors: Pixels


def exact(pixels: Pixels, most: int = _MOST) -> Indexed | None:
    """`pixels` (uint8 gray, BGR or BGRA) in their own colours; None where they are over `most`.

    All fully clear pixels are one colour: nobody sees the colour that they hide. A drawing's
    neighbours are mostly alike, so that only the first of each run is looked up.
    """
    flat = pixels.reshape(1, -1, *pixels.shape[2:])
    if len(np.unique(color_codes(flat[:, :: max(1, flat.shape[1] // _SAMPLE)]))) > most:
        return None
    bands = [slice(start, start + _BAND) for start in range(0, flat.shape[1], _BAND)]
    found = np.empty(0, np.uint32)
    for band in bands:
        codes = color_codes(flat[:, band])[0]
        found = np.union1d(found, codes[run_heads(codes)])
        if len(found) > most:
            return None
    indices = np.empty(flat.shape[1], np.uint8)
    for band in bands:
        codes = color_codes(flat[:, band])[0]
        heads = run_heads(codes)
        numbers = np.searchsorted(found, codes[heads]).astype(np.uint8)
        indices[band] = np.repeat(numbers, np.diff(heads, append=len(codes)))
    colors = np.ascontiguousarray(found).view(np.uint8).reshape(-1, 4)[:, [2, 1, 0, 3]]
    return Indexed(indices.reshape(pixels.shape[:2]), colors)


def run_heads(codes: Pixels) -> Pixels:
    """Where each run of equal codes begins."""
    changes = np.empty(len(codes), bool)
    changes[0] = True
    np.not_equal(codes[1:], codes[:-1], out=changes[1:])
    return np.flatnonzero(changes)


def nearest(pixels: Pixels) -> Indexed:
    """`pixels` in at most 256 colours, of which one is clear where alpha is under a half.

    Partly clear pixels are laid over white. It is by median cut without dithering: 3.5 dB better
    than the octree (docs/pixels.md).
    """
    if not has_alpha(pixels):
        rgb = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB if pixels.ndim == 2 else cv2.COLOR_BGR2RGB)
        return _cut(np.asarray(rgb), _MOST)
    opaque, clear = _parted(pixels)
    cut = _cut(opaque[..., ::-1], _MOST - 1)
    indices = cut.indices.copy()
    indices[clear] = len(cut.colors)
    return Indexed(indices, np.vstack((cut.colors, np.zeros((1, 4), np.uint8))))


def clear_or_not(pixels: Pixels) -> Pixels:
    """`pixels` (uint8) in which nothing is partly clear, in the way of `nearest`."""
    if not has_alpha(pixels) or {*np.unique(pixels[..., 3])} <= {0, 255}:
        return pixels
    opaque, clear = _parted(pixels)
    return np.dstack((opaque, np.where(clear, 0, 255).astype(np.uint8)))


def _parted(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """BGR over white, and a mask of the pixels that count as clear; these are white."""
    clear = pixels[..., 3] < 128
    white = np.full(4, 255, np.uint8)
    shape = *pixels.shape[:2], 3
    opaque = by_bands(lambda band: over(band, white)[..., :3], pixels, shape)
    opaque[clear] = 255
    return opaque, clear


def with_binary_alpha(pixels: Pixels, *, clear: bool = False) -> Image.Image:
    """For Pillow's encoders: a palette without alpha, and perhaps an index that stands for clear.

    It has the colours themselves where they are few and nothing is partly clear, else the nearest.
    With `clear` there is that index even where no pixel has it, unless 256 colours leave no room.
    """
    indexed = exact(pixels)
    if indexed is None or not {*np.unique(indexed.colors[:, 3])} <= {0, 255}:
        indexed = nearest(pixels)
    image = Image.fromarray(indexed.indices, "P")
    colors = indexed.colors
    if clear and colors[:, 3].all() and len(colors) < _MOST:
        colors = np.vstack((colors, np.zeros((1, 4), np.uint8)))
    image.putpalette(colors[:, :3].tobytes())
    for index in np.flatnonzero(colors[:, 3] == 0):
        image.info["transparency"] = int(index)
    return image


def color_codes(pixels: Pixels) -> Pixels:
    """Each pixel as one number, uint32, (height, width): blue in its lowest byte, alpha on top."""
    if pixels.ndim == 2:
        bgra = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGRA)
    elif pixels.shape[2] == 3:
        bgra = cv2.cvtColor(pixels, cv2.COLOR_BGR2BGRA)
    else:
        bgra = np.where(pixels[..., 3:] > 0, pixels, 0).astype(np.uint8)
    return np.asarray(np.ascontiguousarray(bgra).view("<u4")[..., 0])


def _cut(rgb: Pixels, most: int) -> Indexed:
    image = Image.fromarray(rgb, "RGB").quantize(most, method=Image.Quantize.MEDIANCUT)
    palette = np.array(image.getpalette(), np.uint8).reshape(-1, 3)
    indices = np.asarray(image)
    used = palette[: int(indices.max()) + 1]
    return Indexed(indices, np.dstack((used[None], np.full((1, len(used), 1), 255, np.uint8)))[0])
