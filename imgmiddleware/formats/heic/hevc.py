"""HEVC (ITU-T H.265): the size that a coded picture really has.

Two parts are read: the sequence parameter sets, by which a decoder sizes its planes, and the kinds
of the units in the data.
"""

from collections.abc import Callable
from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.bits import Bits
from imgmiddleware.formats.reading import unsupported

#: Units of one item: parameter sets, messages, and the slices of one picture. A picture of the
#: largest size that a level allows has 600 slices (section A.4.1).
MAX_UNITS = 1024
#: Parameter sets of one configuration; encoders write three.
MAX_SETS = 16
#: The longest sequence parameter set that is read; encoders write below 100 bytes.
MOST_SET = 1024

_FIRST_SLICE, _LAST_SLICE, _SEQUENCE = 0, 31, 33
#: Luma samples for each chroma sample, across and down, by chroma_format_idc (table 6-1).
_CHROMA = {0: (1, 1), 1: (2, 2), 2: (2, 1), 3: (1, 1)}

Read = Callable[[int, int], bytes]  # offset, length -> bytes


@dataclass(frozen=True, slots=True)
class SequenceParameterSet:
    """The part of a sequence parameter set (section 7.3.2.2) that bounds its pictures."""

    width: int  # of the shown part, in luma samples
    height: int
    coded: int  # luma samples of a plane as the decoder holds it
    bits: int
    chroma: int  # chroma_format_idc

    @property
    def gray(self) -> bool:
        return self.chroma == 0

    @property
    def samples(self) -> float:
        """A pixel, chroma counted in: 1, 1.5, 2 or 3."""
        across, down = _CHROMA[self.chroma]
        return 1 if self.gray else 1 + 2 / (across * down)


def _golomb(bits: Bits) -> int:
    """A field ue(v) (section 9.2)."""
    zeros = bits.zeros(32)
    if zeros > 32:
        raise damaged("a number of an HEVC parameter set has no end")
    return (1 << zeros) - 1 + bits.take(zeros)


def read_sequence(unit: bytes) -> SequenceParameterSet:
    """The sequence parameter set in a unit, its header of two bytes included."""
    # Without the bytes that prevent emulation of start codes, section 7.3.1.1:
    bits = Bits(unit.replace(b"\0\0\3", b"\0\0"), "an HEVC parameter set")
    bits.take(16 + 4)
    layers = bits.take(3)
    bits.take(1)
    _skip_profile(bits, layers)
    _golomb(bits)
    chroma = _golomb(bits)
    if chroma not in _CHROMA or (chroma == 3 and bits.take(1)):
        raise unsupported(f"its chroma format, number {chroma}, is not decoded")
    width, height = _golomb(bits), _golomb(bits)
    across, down = _CHROMA[chroma]
    left, right, top, bottom = (_golomb(bits) for _ in range(4)) if bits.take(1) else (0, 0, 0, 0)
    luma, other = _golomb(bits) + 8, _golomb(bits) + 8
    if luma not in (8, 10, 12) or (chroma and other != luma):
        raise unsupported(f"it has {luma} bits in luma and {other} in chroma")
    shown = width - across * (left + right), height - down * (top + bottom)
    return SequenceParameterSet(*shown, width * height, luma, chroma)


def _skip_profile(bits: Bits, layers: int) -> None:
    """profile_tier_level (section 7.3.3) of this many sub-layers beside the highest."""
    bits.take(88 + 8)
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for profile, level in present:
        bits.take(88 * profile + 8 * level)


def read_configuration(record: bytes) -> tuple[int, list[SequenceParameterSet]]:
    """The facts of 'hvcC' (ISO/IEC 14496-15, 8.3.3.1): bytes of a unit's length; its sequences."""
    found: list[SequenceParameterSet] = []
    if len(record) < 23:
        raise damaged("its HEVC configuration is cut short")
    at, left = 23, MAX_SETS
    for _ in range(record[22]):
        kind, count = record[at] & 63, int.from_bytes(record[at + 1 : at + 3], "big")
        at += 3
        left -= count
        if left < 0:
            raise damaged(f"its HEVC configuration has more than {MAX_SETS} parameter sets")
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2], "big")
            unit = record[at + 2 : at + 2 + size]
            at += 2 + size
            if at > len(record):
                raise damaged("its HEVC configuration is cut short")
            # Decoders go by the unit itself, whatever the list calls it.
            if kind == _SEQUENCE or (unit and unit[0] >> 1 & 63 == _SEQUENCE):
                found.append(read_sequence(unit))
    return (record[21] & 3) + 1, found


def read_units(read: Read, size: int, wide: int) -> list[SequenceParameterSet]:
    """The sequences among an item's units, each with its length in `wide` bytes before it.

    Raises 422 where the item holds not just one picture.
    """
    found: list[SequenceParameterSet] = []
    offset = pictures = 0
    for _ in range(MAX_UNITS):
        if offset == size:
            break
        length = int.from_bytes(read(offset, wide), "big")
        offset += wide
        if not 2 < length <= size - offset:
            raise damaged("an HEVC unit claims more bytes than its item has")
        head = read(offset, 3)
        kind = head[0] >> 1 & 63
        if kind == _SEQUENCE:
            found.append(read_sequence(read(offset, min(length, MOST_SET))))
        elif _FIRST_SLICE <= kind <= _LAST_SLICE:
            pictures += head[2] >> 7  # first_slice_segment_in_pic_flag
        offset += length
    else:
        raise damaged(f"an HEVC item has more than {MAX_UNITS} units")
    if pictures != 1:
        raise damaged(f"an HEVC item holds {pictures} pictures")
    return found
