"""Resample: to the exact size of the result, as an ideal Lanczos-3 does.

A picture much too large is first halved by averaging 2 x 2 (OpenCV's AREA at a whole factor, nearly
free) while twice the wanted size remains; the rest, and what is enlarged, is Lanczos-3 itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from imgmiddleware.imaging.lanczos import Floats, lanczos
from imgmiddleware.imaging.light import encoded, light
from imgmiddleware.operations.pixels import full
from imgmiddleware.sources.original import Pixels

#: A picture is halved while so many samples remain for each of the result's.
OVERSAMPLING = 2

#: Pixels that are weighed by alpha, or made light of, before a halving at a time.
_BAND = 2**18

#: Samples that are not whole, or too fine, become whole numbers up to about this.
_FINE = 2**24


def resample(pixels: Pixels, size: tuple[int, int], *, alpha: bool, linear: bool = False) -> Pixels:
    """`pixels` at `size` (width, height); same dtype and channels.

    With `alpha` the fourth channel weighs the others, so that the colour hidden under alpha 0 does
    not bleed into the edges. With `linear` samples are averaged as light, by sRGB's own curve.
    """
    if pixels.shape[1::-1] == size:
        return pixels
    weighed = alpha and not _opaque(pixels)
    prepare = _preparation(weighed=weighed, linear=linear)
    least = OVERSAMPLING * size[0], OVERSAMPLING * size[1]
    dtype = light(pixels[:1, :1]).dtype if linear else pixels.dtype
    if prepare is not None and _halvings(pixels, least):
        pixels, source, prepare = _halved_after(prepare, pixels, least), pixels.dtype, None
    else:
        pixels, source = pixels if prepare else _halved(pixels, least), pixels.dtype
    result = _Resampling(pixels, dtype, weighed, prepare).to(size)
    return encoded(result, source) if linear else result


def _preparation(*, weighed: bool, linear: bool) -> Callable[[Pixels], Pixels] | None:
    """What pixels go through before they are filtered."""
    if weighed and linear:
        return lambda pixels: _weighed(light(pixels))
    return _weighed if weighed else light if linear else None


def _weighed(pixels: Pixels) -> Pixels:
    """Colour times alpha, and alpha times that of no transparency: uint8 as uint16, exactly."""
    alpha = cv2.extractChannel(pixels, 3)
    weights = cv2.merge((alpha, alpha, alpha, np.full_like(alpha, full(pixels.dtype))))
    exact = np.uint16 if pixels.dtype == np.uint8 else np.float32
    return np.multiply(pixels, weights, dtype=exact)


def _halvings(pixels: Pixels, least: tuple[int, int]) -> int:
    """How often both sides can be halved without a rest, and stay at or over `least`."""
    height, width = pixels.shape[:2]
    times = 0
    while width >= 2 * least[0] and height >= 2 * least[1] and width % 2 == 0 == height % 2:
        width, height, times = width // 2, height // 2, times + 1
    return times


def _halved(pixels: Pixels, least: tuple[int, int]) -> Pixels:
    """Averaged by whole factors of two while both sides stay at or over `least`."""
    for _ in range(_halvings(pixels, least)):
        half = pixels.shape[1] // 2, pixels.shape[0] // 2
        pixels = cv2.resize(pixels, half, interpolation=cv2.INTER_AREA)
    return pixels


def _halved_after(
    prepare: Callable[[Pixels], Pixels], pixels: Pixels, least: tuple[int, int]
) -> Pixels:
    """The same of what `prepare` makes of the pixels, which is never held as a whole."""
    unit = 2 ** _halvings(pixels, least)
    rows = unit * max(1, _BAND // (unit * pixels.shape[1]))
    bands = []
    for top in range(0, len(pixels), rows):
        band = prepare(pixels[top : top + rows])
        bands.append(_halved(band, (band.shape[1] // unit, len(band) // unit)))
    return np.concatenate(bands)


@dataclass(frozen=True, slots=True)
class _Resampling:
    """Pixels that become others of `dtype`, after `prepare` where that is still to be done.

    Where they are `weighed`, they are products as `_weighed` makes them.
    """

    pixels: Pixels
    dtype: np.dtype[np.generic]
    weighed: bool
    prepare: Callable[[Pixels], Pixels] | None

    def to(self, size: tuple[int, int]) -> Pixels:
        height, width = self.pixels.shape[:2]
        channels = self.pixels.shape[2:]
        result = np.empty((size[1], size[0], *channels), self.dtype)
        lines = result.reshape(size[1], -1)

        def store(top: int, floats: Floats) -> None:
            ready = self._finished(floats)
            lines[top : top + floats.shape[2]] = cv2.transpose(ready.reshape(lines.shape[1], -1))

        shape = height, width, *(channels or (1,))
        lanczos(shape, size, int(self._full * self._scale), self._load, store)
        return result

    @property
    def _full(self) -> float:
        return full(self.dtype) ** (2 if self.weighed else 1)

    @property
    def _scale(self) -> float:
        """The power of two that makes samples whole numbers, fine enough and no finer."""
        if self.dtype.kind == "f":
            return _FINE
        return 1 if self._full < _FINE else _FINE / 2**32

    def _load(self, rows: slice, columns: slice, samples: Floats) -> None:
        pixels = self.pixels[rows, columns]
        if self.prepare is not None:
            pixels = self.prepare(pixels)
        np.copyto(samples, pixels.reshape(samples.shape))
        if pixels.dtype.kind == "f":
            samples *= self._scale
            if not np.isfinite(samples.sum()):
                np.nan_to_num(samples, copy=False)
            np.rint(samples, out=samples)

    def _finished(self, floats: Floats) -> Pixels:
        """As `dtype`, clipped where whole: a filter with negative weights overshoots at edges."""
        most = full(self.dtype)
        if self._scale != 1:
            floats /= self._scale
        if self.weighed:
            # By the alpha that the filter gave, overshoot included: colour has overshot with it.
            alpha = floats[:, 3:]
            scale = np.zeros_like(alpha)
            np.divide(most, alpha, out=scale, where=alpha > self._full / 512)  # else it is not seen
            floats[:, :3] *= scale
            alpha /= most
        if self.dtype.kind == "u":
            np.rint(floats, out=floats)
            np.clip(floats, 0, most, out=floats)
        return floats.astype(self.dtype, copy=False)


def _opaque(pixels: Pixels) -> bool:
    most = 1.0 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    return bool(pixels[..., 3].min() >= most)
