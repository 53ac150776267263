"""AV1 (bitstream specification 1.0.0, errata 1): the size that a coded picture really has.

Only what a decoder needs to learn the size of its frames is read: the sequence headers, and of each
frame header the bits up to the flag that would give the frame a size of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.bits import Bits
from imgmiddleware.formats.containers.isobmff import Nclx
from imgmiddleware.formats.reading import unsupported

#: OBUs of one item: encoders write a delimiter, a sequence header, perhaps metadata, and one OBU a
#: frame. 1,024 items may all point to the same bytes, so the bound has to be small.
MAX_OBUS = 64
#: Frames of one item: four spatial layers, each perhaps in two qualities. Each is decoded whole.
MAX_FRAMES = 8
#: The longest sequence header: 32 operating points with decoder models take 400 bytes.
_MOST_SEQUENCE = 512

_SEQUENCE, _FRAME_HEADER, _FRAME = 1, 3, 6
_SELECT = 2  # of screen content tools and integer motion vectors: told frame by frame
_KEY, _SWITCH = 0, 3

Read = Callable[[int, int], bytes]  # offset, length -> bytes


@dataclass(frozen=True, slots=True)
class SequenceHeader:
    """The part of a sequence header (section 5.5) that bounds its frames."""

    width: int
    height: int
    bits: int
    gray: bool
    samples: float  # a pixel, chroma subsampling counted in: 1, 1.5, 2 or 3
    points: Nclx  # code points of its colours, 2 where it does not say; and its range
    reduced: bool  # a still picture whose frames cannot have a size of their own
    frame_ids: int  # bits of a frame's id; 0 where frames have none
    screen_tools: int
    integer_motion: int
    presentation_time: int  # bits of it, in a shown frame


@dataclass(frozen=True, slots=True)
class _Timing:
    """Lengths of fields that timing_info and decoder_model_info announce; 0 where there is none."""

    buffer_delay: int = 0
    presentation_time: int = 0


def _read_timing(bits: Bits) -> _Timing:
    bits.take(64)
    equal_interval = bits.take(1)
    if equal_interval:
        zeros = bits.zeros()  # uvlc() of section 4.10.3
        bits.take(zeros if zeros < 32 else 0)
    if not bits.take(1):
        return _Timing()
    buffer_delay = bits.take(5) + 1
    bits.take(32 + 5)
    presentation = bits.take(5) + 1
    return _Timing(buffer_delay, 0 if equal_interval else presentation)


def _skip_operating_points(bits: Bits, timing: _Timing) -> None:
    display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if timing.buffer_delay and bits.take(1):
            bits.take(2 * timing.buffer_delay + 1)
        if display_delay and bits.take(1):
            bits.take(4)


def _read_tools(bits: Bits) -> tuple[int, int]:
    """Screen content tools and integer motion vectors: 0, 1 or `_SELECT`."""
    bits.take(4)  # interintra, masked compound, warped motion, dual filter
    order_hint = bits.take(1)
    if order_hint:
        bits.take(2)
    screen = _SELECT if bits.take(1) else bits.take(1)
    integer = _SELECT
    if screen and not bits.take(1):
        integer = bits.take(1)
    if order_hint:
        bits.take(3)
    return screen, integer


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
    timing = _Timing()
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
    frame_ids = 0
    if not reduced and bits.take(1):
        frame_ids = bits.take(4) + 2 + bits.take(3) + 1
    bits.take(3)  # superblock size, filter intra, intra edge filter
    screen, integer = (_SELECT, _SELECT) if reduced else _read_tools(bits)
    bits.take(3)  # superres, CDEF, restoration
    depth, gray, samples, points = _read_color(bits, profile)
    return SequenceHeader(
        width, height, depth, gray, samples, points, bool(reduced), frame_ids, screen, integer,
        timing.presentation_time,
    )  # fmt: skip


def check_frame(payload: bytes, sequence: SequenceHeader) -> None:
    """Refuse a frame header (section 5.9.2) that overrides the sequence's size.

    The field it would be given in may hold 65,536 however small the sequence's maximum is.
    """
    bits = Bits(payload, "an AV1 header")
    if sequence.reduced or bits.take(1):  # ... or a frame that is shown again
        return
    kind, shown = bits.take(2), bits.take(1)
    if shown:
        bits.take(sequence.presentation_time)
    else:
        bits.take(1)
    if not (kind == _SWITCH or (kind == _KEY and shown)):
        bits.take(1)
    bits.take(1)
    screen = bits.take(1) if sequence.screen_tools == _SELECT else sequence.screen_tools
    if screen and sequence.integer_motion == _SELECT:
        bits.take(1)
    bits.take(sequence.frame_ids)
    if kind == _SWITCH or bits.take(1):
        raise unsupported("a frame of it has another size than its sequence")


def read_sequences(
    read: Read, size: int, most_obus: int = MAX_OBUS, most_frames: int = MAX_FRAMES
) -> list[SequenceHeader]:
    """The sequence headers among all OBUs (section 5.3) of `size` bytes, each frame checked."""
    found: list[SequenceHeader] = []
    offset = frames = 0
    for _ in range(most_obus):
        if offset >= size:
            return found
        header = read(offset, min(10, size - offset))
        kind, extended, sized = header[0] >> 3 & 15, header[0] >> 2 & 1, header[0] >> 1 & 1
        start = 1 + extended
        length, width = _leb128(header[start:]) if sized else (size - offset - start, 0)
        offset += start + width
        if header[0] & 0x80 or length < 0 or offset + length > size:
            raise damaged("an AV1 unit claims more bytes than its item has")
        if kind == _SEQUENCE:
            found.append(read_sequence(read(offset, min(length, _MOST_SEQUENCE))))
        elif kind in (_FRAME_HEADER, _FRAME):
            frames += 1
            if not found or frames > most_frames:
                raise damaged("an AV1 item has no sequence header, or too many frames")
            check_frame(read(offset, min(length, 32)), found[-1])
        offset += length
    raise damaged(f"an AV1 item has more than {most_obus} units")


def _leb128(raw: bytes) -> tuple[int, int]:
    """A number of section 4.10.5 and the bytes it takes."""
    value = 0
    for index, byte in enumerate(raw[:8]):
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, index + 1
    raise damaged("an AV1 unit's length has no end")
