"""Swatches: the few main colours of a picture, and those of them that have a name.

They are the quantizer's, each as the median of its pixels: so a flat area has its own colour, where
a mean would have some of its edges too. Mostly clear pixels are not looked at.
"""

import colorsys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from imgmiddleware.pixels.arrays import Pixels, has_alpha
from imgmiddleware.pixels.palette import color_codes
from imgmiddleware.pixels.quantize import quantized

#: Pixels that are looked at. Of a larger picture every second column and row, third, and so on.
_MOST = 2**14

#: The weights of blue, green and red light in luminance: ITU-R BT.709, whose primaries are sRGB's.
_LUMA = np.array([0.0722, 0.7152, 0.2126])


@dataclass(frozen=True, slots=True)
class Swatch:
    """A colour, and how many pixels are of it.

    >>> Swatch(255, 128, 0, 1).hex
    '#ff8000'
    """

    red: int
    green: int
    blue: int
    count: int

    @property
    def hex(self) -> str:
        """The colour as CSS writes it."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


@dataclass(frozen=True, slots=True)
class _Target:
    """The best values and the bounds of a named colour, in HSL from 0 to 1."""

    saturation: tuple[float, float, float]  # at least, best, at most
    lightness: tuple[float, float, float]


_VIVID, _DULL = (0.35, 1.0, 1.0), (0.0, 0.3, 0.4)
_DARK, _MIDDLE, _LIGHT = (0.0, 0.26, 0.45), (0.3, 0.5, 0.7), (0.55, 0.74, 1.0)

#: The names of imgix, which are those of Android's `Palette`, and of Vibrant.js after it; with its
#: bounds. They choose in this order, and no colour twice.
_TARGETS: Mapping[str, _Target] = MappingProxyType({
    "vibrant_light": _Target(_VIVID, _LIGHT),
    "vibrant": _Target(_VIVID, _MIDDLE),
    "vibrant_dark": _Target(_VIVID, _DARK),
    "muted_light": _Target(_DULL, _LIGHT),
    "muted": _Target(_DULL, _MIDDLE),
    "muted_dark": _Target(_DULL, _DARK),
})  # fmt: skip

#: The weights of a near saturation, of a near lightness, and of the number of pixels.
_NEAR_SATURATION, _NEAR_LIGHTNESS, _MANY = 0.24, 0.52, 0.24

#: The number of colours among which names are looked for, as in `Palette`.
_NAMED_OF = 16


def swatches(pixels: Pixels, most: int) -> list[Swatch]:
    """At most so many colours of uint8 gray, BGR or BGRA, the one of most pixels first.

    >>> flat = np.zeros((2, 3, 3), np.uint8)
    >>> flat[0, 0] = 255
    >>> [(swatch.hex, swatch.count) for swatch in swatches(flat, 6)]
    [('#000000', 5), ('#ffffff', 1)]
    """
    seen = _looked_at(pixels)
    if not most or not len(seen):
        return []
    _, into = np.unique(color_codes(quantized(seen[:, None], most)), return_inverse=True)
    into = into.reshape(-1)
    counts: Counter[tuple[int, int, int]] = Counter()
    for number in range(into.max() + 1):
        members = np.sort(seen[into == number], axis=0)
        blue, green, red = map(int, members[len(members) // 2])
        counts[red, green, blue] += len(members)
    found = [Swatch(*color, count) for color, count in counts.items()]
    return sorted(found, key=lambda swatch: (-swatch.count, swatch.hex))


def named(pixels: Pixels) -> dict[str, Swatch]:
    """The swatches with a name of `_TARGETS`. A name that no colour fits is not there."""
    left = swatches(pixels, _NAMED_OF)
    found: dict[str, Swatch] = {}
    largest = max((swatch.count for swatch in left), default=1)
    for name, target in _TARGETS.items():
        scored = [(score, s) for s in left if (score := _score(s, target, largest)) is not None]
        if scored:
            found[name] = max(scored, key=lambda pair: pair[0])[1]
            left.remove(found[name])
    return found


def luminance(pixels: Pixels) -> float:
    """The mean luma of the same, from 0 to 1; 0 where all of it is clear."""
    seen = _looked_at(pixels)
    return float((seen @ _LUMA).mean() / 255) if len(seen) else 0.0


def _looked_at(pixels: Pixels) -> Pixels:
    """(count, 3) BGR: some of the pixels, of those that are at least half opaque."""
    step = int(np.ceil(np.sqrt(pixels.shape[0] * pixels.shape[1] / _MOST)))
    some = pixels[::step, ::step]
    if some.ndim == 2:
        return np.repeat(some.reshape(-1, 1), 3, axis=1)
    flat = some.reshape(-1, some.shape[2])
    return flat[flat[:, 3] >= 128, :3] if has_alpha(some) else flat


def _score(swatch: Swatch, target: _Target, largest: int) -> float | None:
    """How well it has the name; None where it is out of the bounds."""
    _, lightness, saturation = colorsys.rgb_to_hls(*(c / 255 for c in _rgb(swatch)))
    near = (saturation, target.saturation), (lightness, target.lightness)
    if not all(least <= value <= most for value, (least, _, most) in near):
        return None
    saturated, light = (1 - abs(value - best) for value, (_, best, _) in near)
    many = swatch.count / largest
    return _NEAR_SATURATION * saturated + _NEAR_LIGHTNESS * light + _MANY * many


def _rgb(swatch: Swatch) -> tuple[int, int, int]:
    return swatch.red, swatch.green, swatch.blue
