"""Code points: two numbers of ITU-T H.273 that tell the meaning of samples, instead of a profile.

AVIF, HEIC and PNG state them. A number that is unspecified or unknown here counts as sRGB's, as in
browsers.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from imgmiddleware.pixels.chromaticities import PRIMARIES
from imgmiddleware.pixels.icc import matrix_profile
from imgmiddleware.pixels.shaper import Parametric

_SRGB_PRIMARIES, _SMPTE_170M, _SMPTE_240M = 1, 6, 7
LINEAR, SRGB, PQ, HLG = 8, 13, 16, 18

#: The curves of transfers (H.273, table 3): gamma 2.2 and 2.8, SMPTE 240M, linear, sRGB, SMPTE 428.
_CURVES: Mapping[int, Parametric] = MappingProxyType({
    4: Parametric(2.2),
    5: Parametric(2.8),
    7: Parametric(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 4 * 0.0228),
    LINEAR: Parametric(1.0),
    SRGB: Parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
    17: Parametric(2.6, (52.37 / 48) ** (1 / 2.6)),
})  # fmt: skip
_HDR = (PQ, HLG)

#: The names of the primaries that are known here, and of the transfers.
_NAMES: Mapping[int, str] = MappingProxyType({
    1: "BT.709", 4: "BT.470 M", 5: "BT.470 BG", 6: "BT.601", 8: "film", 9: "BT.2020",
    10: "XYZ", 11: "DCI-P3", 12: "Display P3", 22: "EBU 3213",
})  # fmt: skip
_TRANSFER_NAMES: Mapping[int, str] = MappingProxyType({
    4: "gamma 2.2", 5: "gamma 2.8", 7: "SMPTE 240M", LINEAR: "linear", PQ: "PQ", HLG: "HLG",
    17: "SMPTE 428",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class CodePoints:
    """The primaries and the transfer of samples. Equal ones have one number.

    So the transfers of BT.709, SMPTE 170M, BT.2020 and IEC 61966-2-4, 1, 6, 14, 15 and 11, are
    sRGB's: they say how a camera encodes, and screens show all of them by one curve.
    """

    primaries: int
    transfer: int
    #: The brightest light of the picture in cd/m², or of the screen it was made on; 0 where the
    #: file does not say.
    peak: float = 0.0

    @classmethod
    def stated(cls, primaries: int, transfer: int) -> CodePoints | None:
        """The code points of two numbers in a file; None where they say no more than sRGB."""
        primaries = _SMPTE_170M if primaries == _SMPTE_240M else primaries
        points = cls(
            primaries if primaries in PRIMARIES else _SRGB_PRIMARIES,
            transfer if transfer in _CURVES or transfer in _HDR else SRGB,
        )
        return None if points == cls(_SRGB_PRIMARIES, SRGB) else points

    @property
    def hdr(self) -> bool:
        """Whether they state amounts of light: there is brighter than a page's white."""
        return self.transfer in _HDR

    def lit(self, *peaks: float) -> CodePoints:
        """The same with the first of these peaks that is not 0: 0 means unknown."""
        return replace(self, peak=next(filter(None, peaks), 0.0)) if self.hdr else self

    @property
    def like_srgb(self) -> bool:
        """Whether sRGB's curve, by which `linear=1` averages light, can stand for theirs."""
        return not self.hdr and self.transfer != LINEAR

    @property
    def name(self) -> str:
        """The usual name: "Display P3", or with a transfer other than sRGB's, "BT.2020 PQ".

        >>> CodePoints(9, PQ).name
        'BT.2020 PQ'
        """
        transfer = _TRANSFER_NAMES.get(self.transfer)
        return f"{_NAMES[self.primaries]} {transfer}" if transfer else _NAMES[self.primaries]

    def profile(self) -> bytes:
        """The ICC profile that says the same, where they are not `hdr`."""
        return _profile(self.primaries, self.transfer)


@functools.cache
def _profile(primaries: int, transfer: int) -> bytes:
    return matrix_profile(PRIMARIES[primaries], _CURVES[transfer])
