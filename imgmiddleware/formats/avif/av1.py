"""AV1 (bitstream specification 1.0.0, errata 1): sequence headers.

Only two parts are read: the fields by which a decoder learns the size of frames, and the colours.
"""

from __future__ import annotations

from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.bits import Bits
from imgmiddleware.formats.containers.isobmff import Nclx

#: Screen content tools and integer motion vectors are told frame by frame.
SELECT = 2


@dataclass(frozen=True, slots=True)
class Timing:
    """Lengths of fields that timing_info and decoder_model_info announce; 0 where there is none."""

    buffer_delay: int = 0
    presentation_time: int = 0


@dataclass(frozen=True, slots=True)
class SequenceHeader:
    """The part of a sequence header (section 5.5) that bounds its frames."""

    width: int
    height: int
    bits: int
    gray: bool
    samples: float  # a pixel, chroma subsampling counted in: 1, 1.5, 2 or 3
    points: Nclx  # code points of its colours, 2 where it does not say; and its range
    reduced: bool  # a still picture: its frames cannot have a size of their own
    size_bits: tuple[int, int]  # of the width and height, for a frame with a size of its own
    frame_ids: tuple[int, int]  # bits of a frame's id, and of its distance; 0 where it has none
    order_hint: int  # bits of the order hint; 0 where frames have none
    screen_tools: int
    integer_motion: int
    timing: Timing

    def like(self, other: SequenceHeader) -> bool:
        """Whether frames of both take the same memory."""
        mine, others = ((h.width, h.height, h.bits, h.gray, h.samples) for h in (self, other))
        return mine == others


def _read_timing(bits: Bits) -> Timing:
    bits.take(64)
    equal_interval = bits.take(1)
    if equal_interval:
        zeros = bits.zeros()  # uvlc() of section 4.10.3
        bits.take(zeros if zeros < 32 else 0)
    if not bits.take(1):
        return Timing()
    buffer_delay = bits.take(5) + 1
    bits.take(32 + 5)
    presentation = bits.take(5) + 1
    return Timing(buffer_delay, 0 if equal_interval else presentation)


def _skip_operating_points(bits: Bits, timing: Timing) -> None:
    display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if timing.buffer_delay and bits.take(1):
            bits.take(2 * timing.buffer_delay + 1)
        if display_delay and bits.take(1):
            bits.take(4)


def _read_tools(bits: Bits) -> tuple[int, int, int]:
    """Screen content tools and integer motion vectors: 0, 1 or `SELECT`; bits of order hints."""
    bits.take(4)  # interintra, masked compound, warped motion, dual filter
    order_hint = bits.take(1)
    if order_hint:
        bits.take(2)
    screen = SELECT if bits.take(1) else bits.take(1)
    integer = SELECT
    if screen and not bits.take(1):
        integer = bits.take(1)
    return screen, integer, bits.take(3) + 1 if order_hint else 0


def _read_color(bits: Bits, profile: int) -> tuple[int, bool, float, Nclx]:
    """Bits of a sample, gray or not, samples a pixel, code points: color_config, section 5.5.2."""
    depth = 10 if bits.take(1) else 8
    if profile == 2 and depth == 10:
        depth = 12 if bits.take(1) else 10
    gray = profile != 1 and bool(bits.take(1))
    description = (bits.take(8), bits.take(8), bits.take(8)) if bits.take(1) else (2, 2, 2)
    if not gray and description == (1, 13, 0):  # sRGB as it is
        return depth, False, 3, Nclx(*description, full=True)
    points = Nclx(*description, full=bool(bits.take(1)))
    return depth, gray, 1 if gray else _read_subsampling(bits, profile, depth), points


def _read_subsampling(bits: Bits, profile: int, depth: int) -> float:
    if profile != 2:
        return 3 if profile else 1.5
    if depth != 12:
        return 2
    if not bits.take(1):
        return 3
    return 1.5 if bits.take(1) else 2


def read_sequence(payload: bytes) -> SequenceHeader:
    """A sequence header OBU's payload."""
    bits = Bits(payload, "an AV1 header")
    profile, _, reduced = bits.take(3), bits.take(1), bits.take(1)
    timing = Timing()
    if profile > 2:
        raise damaged(f"AV1 has no profile {profile}")
    if reduced:
        bits.take(5)
    else:
        if bits.take(1):
            timing = _read_timing(bits)
        _skip_operating_points(bits, timing)
    wide, high = bits.take(4) + 1, bits.take(4) + 1
    width, height = bits.take(wide) + 1, bits.take(high) + 1
    frame_ids = (0, 0)
    if not reduced and bits.take(1):
        distance = bits.take(4) + 2
        frame_ids = distance + bits.take(3) + 1, distance
    bits.take(3)  # superblock size, filter intra, intra edge filter
    screen, integer, order_hint = (SELECT, SELECT, 0) if reduced else _read_tools(bits)
    bits.take(3)  # superres, CDEF, restoration
    depth, gray, samples, points = _read_color(bits, profile)
    return SequenceHeader(
        width, height, depth, gray, samples, points, bool(reduced), (wide, high), frame_ids,
        order_hint, screen, integer, timing,
    )  # fmt: skip
