"""The kinds of TIFF that a decoder would show wrong, or not at all: they are refused by name."""

from __future__ import annotations

from imgmiddleware.probe.format import unsupported

_GRAYS, _RGB, _LAB = (0, 1), 2, 8


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
