"""YCbCr of 8 bits, of any luma and of any range, as colours (TIFF 6.0, sections 20 and 21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imgmiddleware.pixels.arrays import Pixels, by_bands

#: The luma of ITU-R BT.601, and codes that use the whole range for luma, and have the middle of
#: chroma at 128.
_LUMA = (0.299, 0.587, 0.114)
_REFERENCE = (0.0, 255.0, 128.0, 255.0, 128.0, 255.0)


@dataclass(frozen=True, slots=True)
class Ycc:
    """The shares of red, green and blue in luma, and the codes of black and white for each."""

    luma: tuple[float, ...] = _LUMA
    reference: tuple[float, ...] = _REFERENCE

    @classmethod
    def stated(cls, luma: Sequence[float], reference: Sequence[float]) -> Ycc:
        """The numbers of a file; where they make no sense, the usual ones."""
        usual = len(luma) == 3 and min(luma) > 0 and abs(sum(luma) - 1) < 0.1
        spans = [reference[at + 1] - reference[at] for at in range(0, len(reference) - 1, 2)]
        ranged = len(reference) == 6 and min(spans) > 0
        return cls(tuple(luma) if usual else _LUMA, tuple(reference) if ranged else _REFERENCE)

    def colored(self, pixels: Pixels) -> Pixels:
        """uint8 (height, width, 3) of luma, blue's and red's difference, as uint8 BGR."""
        return by_bands(self._colored, pixels, pixels.shape)

    def _colored(self, band: Pixels) -> Pixels:
        black, white = self.reference[::2], self.reference[1::2]
        ranges = 255, 127, 127
        luma, of_blue, of_red = (
            (band[..., at].astype(np.float32) - black[at]) * (ranges[at] / (white[at] - black[at]))
            for at in range(3)
        )
        red_share, green_share, blue_share = self.luma
        red = luma + of_red * (2 - 2 * red_share)
        blue = luma + of_blue * (2 - 2 * blue_share)
        green = (luma - blue_share * blue - red_share * red) / green_share
        return np.asarray(np.clip(np.rint(np.dstack((blue, green, red))), 0, 255), np.uint8)
