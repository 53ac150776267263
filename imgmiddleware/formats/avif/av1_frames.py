"""AV1: the sizes of all frames of a stream; each layer may have another size."""

from collections.abc import Callable
from typing import NamedTuple

from imgmiddleware.errors import damaged
from imgmiddleware.formats.avif.av1 import SELECT, SequenceHeader, read_sequence
from imgmiddleware.formats.bits import Bits
from imgmiddleware.formats.reading import unsupported
from imgmiddleware.pixels.arrays import Size

#: OBUs of one item: encoders write a delimiter, a sequence header, perhaps metadata, and one OBU a
#: frame. 1,024 items may all point to the same bytes, so the bound has to be small.
MAX_OBUS = 64
#: Frames of one item: four spatial layers, each perhaps in two qualities. Each is decoded whole.
MAX_FRAMES = 8
#: The longest sequence header: 32 operating points with decoder models take 400 bytes.
_MOST_SEQUENCE = 512
#: The bytes of a frame header that are read, up to the frame's size: 34 if all fields are there.
_MOST_FRAME = 64

_SEQUENCE, _FRAME_HEADER, _FRAME = 1, 3, 6
_KEY, _INTRA, _SWITCH = 0, 2, 3
_REFERENCES = 7  # of a frame
_SLOTS = 8  # for frames that others may refer to

Read = Callable[[int, int], bytes]  # offset, length -> bytes


class Stream(NamedTuple):
    """The sequence headers, and the size of each frame as `frame_size` gives it."""

    sequences: list[SequenceHeader]
    sizes: list[Size | None]


def frame_size(payload: bytes, sequence: SequenceHeader) -> Size | None:
    """The size in a frame header (section 5.9.2); None for a frame as large as one before it.

    Raises 422 where it is larger than its sequence says: the field may hold 65,536.
    """
    bits = Bits(payload, "an AV1 header")
    whole = sequence.width, sequence.height
    if sequence.reduced:
        return whole
    if bits.take(1):  # one is shown again
        return None
    kind, shown = bits.take(2), bits.take(1)
    bits.take(sequence.timing.presentation_time if shown else 1)
    resilient = kind == _SWITCH or (kind == _KEY and bool(shown)) or bool(bits.take(1))
    bits.take(1)
    screen = bits.take(1) if sequence.screen_tools == SELECT else sequence.screen_tools
    if screen and sequence.integer_motion == SELECT:
        bits.take(1)
    bits.take(sequence.frame_ids[0])
    if kind != _SWITCH and not bits.take(1):
        return whole
    if sequence.timing.buffer_delay:
        raise unsupported("its frames have sizes of their own, and a model of their decoder")
    if _refers_to_size(bits, sequence, kind, shown=bool(shown), resilient=resilient):
        return None
    size = bits.take(sequence.size_bits[0]) + 1, bits.take(sequence.size_bits[1]) + 1
    if size[0] > whole[0] or size[1] > whole[1]:
        raise damaged("a frame of it is larger than its AV1 sequence")
    return size


def _refers_to_size(
    bits: Bits, sequence: SequenceHeader, kind: int, *, shown: bool, resilient: bool
) -> bool:
    """Read on to the field of the size, or find that it is the size of a frame before."""
    bits.take(sequence.order_hint)
    intra = kind in (_KEY, _INTRA)
    if not intra and not resilient:
        bits.take(3)
    all_slots = (1 << _SLOTS) - 1
    refreshed = all_slots if kind == _SWITCH or (kind == _KEY and shown) else bits.take(_SLOTS)
    if resilient and (not intra or refreshed != all_slots):
        bits.take(_SLOTS * sequence.order_hint)
    if intra:
        return False
    short = bool(sequence.order_hint) and bool(bits.take(1))
    bits.take(6 if short else 0)
    bits.take(_REFERENCES * ((0 if short else 3) + sequence.frame_ids[1]))
    return not resilient and any(bits.take(1) for _ in range(_REFERENCES))


def read_stream(
    read: Read, size: int, most_obus: int = MAX_OBUS, most_frames: int = MAX_FRAMES
) -> Stream:
    """The sizes that all OBUs (section 5.3) of `size` bytes announce."""
    found = Stream([], [])
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
            found.sequences.append(read_sequence(read(offset, min(length, _MOST_SEQUENCE))))
        elif kind in (_FRAME_HEADER, _FRAME):
            frames += 1
            if not found.sequences or frames > most_frames:
                raise damaged("an AV1 item has no sequence header, or too many frames")
            header = read(offset, min(length, _MOST_FRAME))
            found.sizes.append(frame_size(header, found.sequences[-1]))
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
