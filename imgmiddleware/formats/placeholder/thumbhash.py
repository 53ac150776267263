"""ThumbHash (Evan Wallace, 2023): shape, mean colour, alpha and the lowest waves of a picture.

The bytes, lowest bits first:

| bits | what |
|---|---|
| 6, 6, 6 | the means of lightness, of yellow to blue, and of red to green |
| 5 | the strongest wave of lightness |
| 1 | whether there is alpha |
| 3, 6, 6 | waves along the shorter side, the strongest of both colours |
| 1 | whether it is wider than high |
| 4, 4 | with alpha, its mean and its strongest wave |
| 4 each | the waves of each channel, by the strongest |
"""

from base64 import b64encode
from dataclasses import dataclass

import numpy as np

from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.placeholder.channels import NOISE, Floats, half_up, rgba, waves
from imgmiddleware.pixels.arrays import Pixels


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    """The hash in base64, of at most 100 x 100 pixels. It has no quality and no metadata."""
    return b64encode(thumbhash(pixels))


def thumbhash(pixels: Pixels) -> bytes:
    """The hash of uint8, (height, width) gray, or with 3 (BGR) or 4 (BGRA) channels.

    >>> thumbhash(np.full((4, 4, 3), 255, np.uint8)).hex()
    '3f08020700000000000000000000000000000000'
    """
    colors = rgba(pixels)
    height, width = colors.shape[:2]
    alpha = colors[..., 3] / 255
    translucent = alpha.sum() < width * height
    most, longest = (5 if translucent else 7), max(width, height)
    across, down = (max(1, half_up(most * side / longest)) for side in (width, height))
    light, yellow, red = _opposed(colors, alpha)
    l = _Channel.of(light, max(3, across), max(3, down))  # noqa: E741 - as the format calls it
    p, q = (_Channel.of(plane, 3, 3) for plane in (yellow, red))
    channels = [l, p, q]
    landscape = width > height
    head = half_up(63 * l.mean) | half_up(31.5 + 31.5 * p.mean) << 6
    head |= half_up(31.5 + 31.5 * q.mean) << 12 | half_up(31 * l.strongest) << 18
    head |= int(translucent) << 23
    shape = (down if landscape else across) | half_up(63 * p.strongest) << 3
    shape |= half_up(63 * q.strongest) << 9 | int(landscape) << 15
    made = head.to_bytes(3, "little") + shape.to_bytes(2, "little")
    if translucent:
        a = _Channel.of(alpha, 5, 5)
        channels.append(a)
        made += bytes([half_up(15 * a.mean) | half_up(15 * a.strongest) << 4])
    return made + _in_halves([wave for channel in channels for wave in channel.waves])


@dataclass(frozen=True)
class _Channel:
    """A plane of numbers: its mean, and its waves in fifteenths, by the strongest."""

    mean: float
    strongest: float
    waves: list[int]

    @classmethod
    def of(cls, plane: Floats, across: int, down: int) -> "_Channel":
        """With the waves of a triangle: the more of them one way, the fewer the other."""
        height, width = plane.shape
        x, y = waves(across, width, middle=True), waves(down, height, middle=True)
        found = y @ plane @ x.T / (width * height)
        kept = [
            float(found[row, column])
            for row in range(down)
            for column in range(across)
            if column * down < across * (down - row)
        ]
        mean, others = kept[0], kept[1:]
        strongest = max(map(abs, others))
        if strongest < NOISE:
            return cls(mean, 0, [0] * len(others))
        fifteenths = [half_up(15 * (0.5 + 0.5 / strongest * wave)) for wave in others]
        return cls(mean, strongest, fifteenths)


def _opposed(colors: Pixels, alpha: Floats) -> tuple[Floats, Floats, Floats]:
    """Lightness, yellow against blue, red against green, over the picture's own mean colour."""
    share = alpha[..., None]
    weight = alpha.sum()
    mean = (share / 255 * colors[..., :3]).sum((0, 1)) / (weight or 1)
    r, g, b = np.moveaxis(mean * (1 - share) + share / 255 * colors[..., :3], 2, 0)
    return (r + g + b) / 3, (r + g) / 2 - b, r - g


def _in_halves(numbers: list[int]) -> bytes:
    """Two numbers a byte, the first in its lower half."""
    even = [*numbers, 0] if len(numbers) % 2 else numbers
    return bytes(low | high << 4 for low, high in zip(even[::2], even[1::2], strict=True))
