"""The kinds of TIFF; those that a decoder would show wrong, or not at all, are refused by name."""

from __future__ import annotations

from dataclasses import dataclass

from imgmiddleware.formats.reading import unsupported

#: Photometric interpretation -> `Facts.color`.
COLORS = {0: "gray", 1: "gray", 2: "rgb", 3: "rgb", 5: "cmyk", 6: "rgb", 8: "rgb"}

_GRAYS, _RGB, _LAB = (0, 1), 2, 8


@dataclass(frozen=True, slots=True)
class Piece:
    """The largest strip or tile."""

    pixels: int
    samples: int  # in bytes, decoded
    stored: int  # in bytes


@dataclass(frozen=True, slots=True)
class SampleLayout:
    """Sample layout of the first page."""

    width: int
    height: int
    bits: int
    samples: int
    photometric: int
    compression: int
    planar: bool  # one plane a sample
    float: bool
    alpha: bool
    associated: bool  # the colours are multiplied by their alpha


def check_decodable(
    samples: int, photometric: int, separate: bool, *, deep: bool, associated: bool
) -> None:
    """Raise 415 for what neither Pillow nor, of more than 8 bits (`deep`), OpenCV has right.

    OpenCV takes one plane for a row of colours, the samples beside gray for colours or for nothing,
    and 16-bit Lab for the 8-bit kind, without a word. Of five samples it reads none.
    """
    if associated and (separate or photometric != _RGB):
        raise unsupported("it is multiplied by its alpha, and gray or in separate planes")
    if not deep:
        return
    if separate:
        raise unsupported("it has more than 8 bits in separate planes")
    if samples > (1 if photometric in _GRAYS else 4):
        raise unsupported(f"it has more than 8 bits in {samples} samples a pixel, not all colours")
    if photometric == _LAB:
        raise unsupported("it is CIELab of more than 8 bits")
